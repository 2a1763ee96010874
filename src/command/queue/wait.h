/* SPDX-License-Identifier: MIT */
/*
 * queue_wait: why a message of the queue does not go now, until when, and
 * which command makes it go.
 *
 * It waits with all mail of its mailbox (deliver/mailbox.h), or by itself.
 */
#ifndef COMMAND_QUEUE_WAIT_H
#define COMMAND_QUEUE_WAIT_H

#include <stdint.h>

#include "base/str.h"
#include "deliver/mailbox.h"
#include "store/claim.h"

enum { QUEUE_WAIT_ACT = 64, QUEUE_WAIT_KEPT = 4 };

struct queue_wait {
	int64_t until;            /* 0: no time */
	struct str reason;        /* of the wait, or of the last failure */
	struct str remedy;        /* or empty */
	char act[QUEUE_WAIT_ACT]; /* "post365 queue retry ID"; or empty */
	/* that holds it up, and its key (mailbox.h); NULL: it waits alone */
	const struct mailbox *mailbox;
	const char *key;
};

/* Mailboxes that were read, for the next messages. Begins zeroed. */
struct queue_waits {
	struct mailbox_known known;
	struct mailbox_place at[QUEUE_WAIT_KEPT];
	struct mailbox mailbox[QUEUE_WAIT_KEPT];
	size_t n;
};

/* *out lends from w and c, until the next call. */
void queue_wait_of(struct queue_waits *w, const struct claim *c,
    struct queue_wait *out);

/* The same of a mailbox that waits: the first four of *out. */
void queue_wait_for(const struct mailbox *m, int64_t now,
    struct queue_wait *out);

#endif
