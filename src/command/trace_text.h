/* SPDX-License-Identifier: MIT */
/*
 * trace_text: the message trace in words, in JSON, and in sums. Pure, but for
 * the zone of local time.
 */
#ifndef COMMAND_TRACE_TEXT_H
#define COMMAND_TRACE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/jsonw.h"
#include "command/trace_known.h"
#include "graph/trace.h"

enum {
	TRACE_YOUNG_S = 900, /* traces may lag so long behind */
	TRACE_DAYS = 90
};

/* The line above the recipients of one message. */
void trace_text_head(struct buf *out, const struct trace_item *item,
    struct str id);
/* A recipient of the trace, and what to do about it. */
void trace_text_item(struct buf *out, const struct trace_item *item);
/* A recipient of whom the trace says nothing, or was not asked. */
void trace_text_known(struct buf *out, const struct trace_known *k,
    const struct trace_rcpt *r, bool asked, int64_t now);
void trace_text_detail(struct buf *out, const struct trace_detail *d);

/* The members of one recipient's object; the caller opens and closes it. */
void trace_json_item(struct jsonw *w, const struct trace_item *item,
    struct str id);
void trace_json_known(struct jsonw *w, const struct trace_known *k,
    const struct trace_rcpt *r);
void trace_json_detail(struct jsonw *w, const struct trace_detail *d);

/* How many recipients had which status on which day of local time. */
enum { TRACE_STATUSES = 8 };
struct trace_sums {
	int64_t first; /* days since 1970, as the local calendar has them */
	size_t days;
	uint64_t n[TRACE_DAYS + 1][TRACE_STATUSES];
};
/* The last `days` days up to now; gives where the first one begins. */
int64_t trace_sums_begin(struct trace_sums *s, size_t days, int64_t now);
void trace_sums_add(struct trace_sums *s, const struct trace_item *item);
/* json: an object for each day. */
bool trace_sums_print(const struct trace_sums *s, bool json, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
