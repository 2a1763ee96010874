/* SPDX-License-Identifier: MIT */
/*
 * outbox: the queue and the journal of this machine, where the settings say.
 */
#ifndef DELIVER_OUTBOX_H
#define DELIVER_OUTBOX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "store/journal.h"
#include "store/room.h"
#include "store/spool.h"

struct outbox {
	struct spool spool;
	struct journal journal;
	struct spool_limits limits; /* for spool_room */
	struct arena mem;
};

/*
 * Opens both, making their folders. Keeps c; zeroes *o where it fails.
 * ERR_CONFIG: no folder is set, it cannot be made (exit 73), or it belongs to
 * somebody else.
 */
bool outbox_open(struct outbox *o, const struct config *c, struct err *e)
    __attribute__((warn_unused_result));
void outbox_close(struct outbox *o); /* a zeroed one is fine */

/* The spool alone: for who only adds to it and must not see the journal. */
bool outbox_open_spool(struct outbox *o, const struct config *c, struct err *e)
    __attribute__((warn_unused_result));

/* The journal alone: readers need no spool. */
bool outbox_open_journal(struct outbox *o, const struct config *c,
    struct err *e) __attribute__((warn_unused_result));

/* The same for who only reads: no folder is made, a missing one is empty. */
bool outbox_look(struct outbox *o, const struct config *c, struct err *e)
    __attribute__((warn_unused_result));
bool outbox_look_journal(struct outbox *o, const struct config *c,
    struct err *e) __attribute__((warn_unused_result));

#endif
