/* SPDX-License-Identifier: MIT */
/* trace_known: what our own journal knows of one message. */
#ifndef COMMAND_TRACE_KNOWN_H
#define COMMAND_TRACE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/journal.h"

/* The last that was said of one recipient. */
struct trace_rcpt {
	struct str to, verdict, code, reason;
	int64_t when;
	bool matched; /* the trace has it, too */
	struct trace_rcpt *next;
};

struct trace_known {
	struct str id; /* of the queue; empty: sent without it */
	struct str message_id, from;
	struct trace_rcpt *first; /* NULL: nothing is known */
	int64_t since, until;     /* of the lines; seconds since 1970 */
	bool sent;                /* to one of them at least */
};

/*
 * word: a Message-ID (it has an "@"), with or without angle brackets, or the
 * beginning of an id of the queue. What is found lives in mem. ERR_INPUT:
 * several ids begin so. Nothing found is no failure.
 */
bool trace_known_find(struct trace_known *k, struct arena *mem,
    const struct journal *j, struct str word, struct err *e)
    __attribute__((warn_unused_result));

/* "sent", "part", "bounced": Graph took it for these recipients. */
bool trace_known_is_sent(struct str verdict);

#endif
