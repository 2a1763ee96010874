/* SPDX-License-Identifier: MIT */
/*
 * claim: one message of the spool, to look at or to own.
 *
 * A claim ends with put, done or leave, or with its process; spool.h has the
 * table of what is found afterwards. Failures are ERR_RETRY unless said
 * otherwise.
 */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/source.h"
#include "store/envelope.h"
#include "store/spool.h"

struct claim {
	struct spool *spool; /* NULL: none, or ended */
	bool busy;           /* another process has it */
	char id[ENVELOPE_ID_SIZE];
	enum spool_where where;
	struct envelope envelope;    /* in the arena */
	struct envelope_state state; /* in the arena; the caller's to change */
	struct source body;          /* the message; lends until the end */
	uint64_t slots;              /* where in the file they begin */
	int fd;
};

/*
 * Looks into a message in one of these folders (SPOOL_IN), whoever has it:
 * head and state are read, the message only through body. True with c->spool
 * NULL: there is none. c->busy: its worker lives. Keeps s and a; c must not
 * move until it ends.
 * ERR_INPUT: no spool file, or torn; ERR_CONFIG: of another version or owner.
 */
bool claim_look(struct claim *c, struct spool *s, const char *id,
    unsigned folders, struct arena *a, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The same as its only owner. What was in new/ is in work/ then. The whole
 * file is checked: a torn one goes to hold/ (ERR_INPUT). True with c->spool
 * NULL: there is none, or none for us (c->busy). One that is settled is
 * removed, and is none. The caller asks state.next and state.unsure_since.
 */
bool claim_take(struct claim *c, struct spool *s, const char *id,
    unsigned folders, struct arena *a, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Makes c->state durable. False: the state before counts, and no request may
 * be made.
 */
bool claim_save(struct claim *c, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Ends a claim, its state saved: SPOOL_NEW (due at state.next; wait is set),
 * SPOOL_HOLD or SPOOL_DEAD. False: something failed, and the message is still
 * there, in the old folder or with the old state.
 */
bool claim_put(struct claim *c, enum spool_where where, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Ends a claim of a message that was sent or is not wanted: it is gone. The
 * journal's line must be durable before. False: perhaps it is still there.
 */
bool claim_done(struct claim *c, struct err *e)
    __attribute__((warn_unused_result));

/* Ends a look; ends a claim as the death of its process does. */
void claim_leave(struct claim *c);

#endif
