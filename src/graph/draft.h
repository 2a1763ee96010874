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
 *	answer lost	more. Is it none? Then it was sent. Is it gone? Then
 *			Sent Items are asked (graph/sent.h); where they
 *			cannot be, a person decides
 *
 * It is gone only if ErrorItemNotFound says so. Any other 404 is about the
 * mailbox or comes from something on the way, and means what it would mean for
 * sendMail.
 *
 * Needs Mail.ReadWrite beside Mail.Send: a 403 for want of it concerns this
 * message only (alone in struct err).
 *
 * Source: facts.md 4.5, 5.4.
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
 * could not be asked, or is gone. ERR_INPUT: a file over UPLOAD_MOST; nothing
 * was asked.
 */
bool draft_send(struct graph *g, const struct outgoing *m,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e) __attribute__((warn_unused_result));

/* A draft that was sent, or was about to be, when its sender died. */
struct draft_kept {
	struct str mailbox, message_id;
	const struct addr *rcpt;
	struct str id; /* as outgoing_progress's keep was told */
	int64_t since; /* wall clock, when it was to be sent */
	const struct outgoing_progress *progress; /* its keep; or NULL */
};

enum draft_found {
	DRAFT_NOT_ASKED, /* nothing is known */
	DRAFT_UNSENT,    /* it was a draft still, and has been sent now */
	DRAFT_SENT,
	DRAFT_LOST /* no draft any more, and Sent Items do not have it or
		      cannot be asked: a person decides */
};

/*
 * Asks what became of it, and sends it if it is a draft still. True: it is
 * sent, and *found says how that is known. False with DRAFT_NOT_ASKED: ask
 * again; with DRAFT_LOST (ERR_UNSURE): after a while; with DRAFT_UNSENT as
 * draft_send says it.
 */
bool draft_resume(struct graph *g, const struct draft_kept *kept,
    struct send_result *out, enum draft_found *found, struct err *e)
    __attribute__((warn_unused_result));

#endif
