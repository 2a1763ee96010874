/* SPDX-License-Identifier: MIT */
/*
 * worker_part: a message of which Graph refuses one recipient. It refuses the
 * whole request then, and nobody gets the mail; so the others are asked for
 * without that one.
 *
 *	outcome of a request		then
 *	sent to all that are left	over: sent
 *	sent to some			these are settled; the rest
 *	a recipient refused:
 *	  the only one that is left	over: dead
 *	  one of one			it is settled, with a report; the rest
 *	  Graph's text names some, or	these are settled, with a report; the
 *	  an address's syntax does	rest
 *	  nobody knows which		the first half, and so on
 *	anything else			over: as of any message
 *
 * Who is settled stands in the file (store/envelope.h) before the next request
 * goes out, so a crash repeats nothing. Pure but for the arena.
 *
 * Source: facts.md 3.2 (ErrorInvalidRecipients and its family).
 */
#ifndef DELIVER_WORKER_PART_H
#define DELIVER_WORKER_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/envelope.h"

/* A mailbox's RecipientLimits, unless set. facts.md 4.4 */
enum { WORKER_PART_MOST = 500 };

/*
 * The recipients of one request: the first n of those who are left, and never
 * more than WORKER_PART_MOST: a message for more people goes in parts, each
 * with the whole header, that shows the people of that part.
 */
struct worker_part {
	struct str *rcpt; /* n of them, in the arena, */
	size_t *at;       /* which of the envelope's each is, */
	bool *bad;        /* and what worker_part_next found; all false */
	size_t n, left;
};

enum worker_part_next {
	WORKER_PART_OVER,
	WORKER_PART_SENT,    /* all n are settled */
	WORKER_PART_REFUSED, /* those that are bad are settled */
	WORKER_PART_HALVE
};

/* all: whoever is left, however many. False: no memory; ERR_RETRY. */
bool worker_part_list(struct arena *a, const struct envelope *v,
    const struct envelope_state *s, bool all, struct worker_part *out,
    struct err *e) __attribute__((warn_unused_result));

/* why: how the request ended; of kind ERR_NONE: it was sent. */
enum worker_part_next worker_part_next(struct worker_part *p,
    const struct err *why);

/* Writes into the state what that means. False: no memory; ERR_RETRY. */
bool worker_part_settle(struct arena *a, const struct worker_part *p,
    enum worker_part_next next, const struct envelope *v,
    struct envelope_state *s) __attribute__((warn_unused_result));

#endif
