/* SPDX-License-Identifier: MIT */
/*
 * turn: what a request to Graph takes for its mailbox: one of the few requests
 * at a time (slot.h), and its bytes (pace.h).
 *
 * A slot is held for a request, never while somebody waits: the clocks that it
 * lends give the slot back before they sleep, and take one again afterwards.
 * So the pause between two tries of an upload, or for bytes, holds up no other
 * mail of the mailbox.
 */
#ifndef DELIVER_TURN_H
#define DELIVER_TURN_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "deliver/pace.h"
#include "deliver/slot.h"

struct turn_clock {
	struct clock clock;
	const struct clock *base;
	struct turn *turn;
};

struct turn {
	struct pace pace;
	struct slot slot;
	int64_t timeout_ms;
	struct turn_clock pause, bytes; /* of requests, and of pace */
};

/*
 * Borrows what p borrows, and must not be moved. t->pause.clock is for whoever
 * makes the requests; struct meter gets turn_bytes with t.
 */
void turn_open(struct turn *t, const struct pace *p, int64_t timeout_ms);

/*
 * Waits for a slot, for as long as a request may take. ERR_RETRY as
 * slot_take. A socket that another user of this machine holds in vain is
 * waited for no longer than that, and named in the log.
 */
bool turn_take(struct turn *t, struct err *e)
    __attribute__((warn_unused_result));
void turn_give(struct turn *t); /* a zeroed one is fine */

/* For struct meter: pace_bytes. */
void turn_bytes(void *turn, uint64_t bytes);

#endif
