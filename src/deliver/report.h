/* SPDX-License-Identifier: MIT */
/*
 * report: how the sending of a message ended, for people and for scripts.
 */
#ifndef DELIVER_REPORT_H
#define DELIVER_REPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "graph/send.h"

struct report {
	struct str message_id;     /* empty: it did not come to that */
	struct send_result result; /* attempts: of all tries */
	const char *why;           /* that route; NULL: none was chosen */
	const char *queued;        /* its id there: stored, not sent; or NULL */
	size_t recipients;
};

/*
 * Appends the object that --json prints, and a newline; why is NULL when the
 * message was sent. design.md 1 has its fields.
 */
bool report_json(const struct report *r, const struct err *why, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

/* The object "error" of it: code, message, remedy (or null), retryable. */
struct jsonw;
void report_error(struct jsonw *w, const struct err *why);
/* Appends {"error":{...}} and a line end. */
void report_error_line(const struct err *why, struct buf *out);

/*
 * Appends the ids that support asks for, as a line for people; nothing if
 * there are none, or why->msg names them already.
 */
void report_ids(const struct report *r, const struct err *why, struct buf *out);

#endif
