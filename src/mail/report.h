/* SPDX-License-Identifier: MIT */
/*
 * report: reads a delivery report: which message, whose copy failed, and why.
 *
 * The message is named by what came back of it (the whole, or its header);
 * where nothing did, by the report's own In-Reply-To or References. Only
 * recipients that failed are given: a delay and a success are no bounce.
 *
 * Source: RFC 3464 2 (message/delivery-status), RFC 6522 3 (multipart/report).
 */
#ifndef MAIL_REPORT_H
#define MAIL_REPORT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct report_rcpt {
	struct str to;
	struct str status; /* "5.1.10" */
	struct str reason; /* "550 5.1.10 RESOLVER..."; may be empty */
	struct report_rcpt *next;
};

struct report {
	struct str message_id;     /* with its angle brackets; may be empty */
	struct report_rcpt *first; /* NULL: nobody failed */
};

/*
 * All of it lives in a, and in text. ERR_INPUT: it is no report. ERR_RETRY:
 * memory.
 */
bool report_read(struct arena *a, struct str text, struct report *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
