/* SPDX-License-Identifier: MIT */
/*
 * draft: a message by way of the Drafts folder: created, its files added,
 * sent. It survives a lost answer without a duplicate, since the draft can be
 * asked by its id what became of it.
 *
 *	answer lost while	then
 *	creating		the draft, if there is one, stays a draft
 *	adding a file		the draft is removed, nothing was sent
 *	sending			is it a draft still? send again : it is sent
 *
 * Needs Mail.ReadWrite beside Mail.Send.
 *
 * Source: FACTS.md 4.5, 5.4.
 */
#ifndef GRAPH_DRAFT_H
#define GRAPH_DRAFT_H

#include <stdbool.h>

#include "graph/outgoing.h"

/*
 * One attempt. A message whose files did not all arrive is never sent: its
 * draft is removed. ERR_UNSURE only if the draft could not be asked.
 */
bool draft_send(struct graph *g, const struct outgoing *m,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
