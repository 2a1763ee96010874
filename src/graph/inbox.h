/* SPDX-License-Identifier: MIT */
/*
 * inbox: delivery reports in a mailbox's inbox.
 *
 * Needs Mail.Read or Mail.ReadWrite. A report is known by the Content-Type of
 * its header, or, where Graph does not show that, by a subject that begins
 * with "Undeliverable". Not verified against the service: that
 * internetMessageHeaders come with a list, and that $value gives a report as
 * multipart/report. What is not understood is left alone.
 *
 * Source: facts.md 4.1 (reports go to the sender's inbox), 4.5 (the filter),
 * 4.6 (permissions).
 */
#ifndef GRAPH_INBOX_H
#define GRAPH_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/call.h"

enum { INBOX_TOP = 25 /* messages a look, each with its header of some kB */ };

struct inbox_item {
	struct str id;
	int64_t when; /* received; seconds since 1970 */
	bool report;
};
typedef void inbox_each_fn(void *arg, const struct inbox_item *item);

/* Up to INBOX_TOP that came since then, the oldest first. */
bool inbox_list(struct graph *g, struct str mailbox, int64_t since,
    inbox_each_fn *each, void *arg, struct err *e)
    __attribute__((warn_unused_result));

/* A message as it came, in answer's body. Release the answer in any case. */
bool inbox_get(struct graph *g, struct str mailbox, struct str id,
    struct graph_answer *answer, struct err *e)
    __attribute__((warn_unused_result));

#endif
