/* SPDX-License-Identifier: MIT */
/*
 * draft: a message by way of the Drafts folder: created, its files added,
 * sent. It survives a lost answer without a duplicate, since the draft can be
 * asked by its id what became of it.
 *
 *	what failed	then
 *	creating	nothing was sent; a draft that is not known may stay
 *	adding a file	the draft is removed, nothing was sent
 *	sending, but	once more (graph/patience.h), then the draft is
 *	not taken	removed; of a 5xx the draft is asked first
 *	sending, and	is it a draft still, after some seconds? Sent once
 *	answer lost	more. Is it none, or gone? Then it was sent
 *
 * Needs Mail.ReadWrite beside Mail.Send.
 *
 * Source: FACTS.md 4.5, 5.4.
 */
#ifndef GRAPH_DRAFT_H
#define GRAPH_DRAFT_H

#include <stdbool.h>

#include "graph/outgoing.h"

enum {
	DRAFT_ASK_MOST = 3,     /* times that a draft is asked in a row, */
	DRAFT_ASK_MS = 1000,    /* after so long; doubled each time */
	DRAFT_REMOVE_MS = 10000 /* for removing it, when time is up already */
};

/*
 * One attempt. A message whose files did not all arrive is never sent: its
 * draft is removed. ERR_UNSURE only if it was perhaps sent and the draft
 * could not be asked. ERR_INPUT: a file over UPLOAD_MOST; nothing was asked.
 */
bool draft_send(struct graph *g, const struct outgoing *m,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
