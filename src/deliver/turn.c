/* SPDX-License-Identifier: MIT */
#include "deliver/turn.h"

#include "base/os.h"

static int64_t
turn_wall(void *arg)
{
	const struct turn_clock *c = arg;

	return clock_wall(c->base);
}

static int64_t
turn_wall_us(void *arg)
{
	const struct turn_clock *c = arg;

	return clock_wall_us(c->base);
}

static int64_t
turn_mono_ms(void *arg)
{
	const struct turn_clock *c = arg;

	return clock_mono_ms(c->base);
}

/* After so long it goes on all the same: a draft is half made. */
static void
turn_take_again(struct turn *t)
{
	int64_t deadline = os_mono_ms() + (int64_t)PACE_LONGEST_S * 1000;
	struct err e;

	if (!slot_take(&t->slot, t->pace.mailbox, deadline, &e))
		log_warn(t->pace.log, "%s: going on without", e.msg);
}

static void
turn_sleep_until(void *arg, int64_t deadline)
{
	const struct turn_clock *c = arg;
	struct turn *t = c->turn;
	bool held = t->slot.taken;

	slot_free(&t->slot);
	clock_sleep_until(c->base, deadline);
	if (held)
		turn_take_again(t);
}

static void
turn_lend(struct turn *t, struct turn_clock *c, const struct clock *base)
{
	*c = (struct turn_clock){ .base = base, .turn = t };
	c->clock = (struct clock){ .wall = turn_wall,
		.wall_us = turn_wall_us,
		.mono_ms = turn_mono_ms,
		.sleep_until = turn_sleep_until,
		.arg = c };
}

void
turn_open(struct turn *t, const struct pace *p, int64_t timeout_ms)
{
	turn_give(t);
	t->pace = *p;
	t->timeout_ms = timeout_ms;
	turn_lend(t, &t->pause, &clock_system);
	turn_lend(t, &t->bytes, p->clock);
	t->pace.clock = &t->bytes.clock;
}

bool
turn_take(struct turn *t, struct err *e)
{
	int64_t doubt = t->slot.doubt;

	if (!slot_take(&t->slot, t->pace.mailbox, os_mono_ms() + t->timeout_ms,
		e))
		return false;
	if (t->slot.doubt > doubt)
		log_warn(t->pace.log,
		    "user %ld of this machine holds sockets @post365-... that "
		    "count the requests for %.*s: they are left out of the "
		    "count (ss -xap shows whose they are)",
		    t->slot.stranger, STR_ARG(t->pace.mailbox));
	return true;
}

void
turn_give(struct turn *t)
{
	slot_free(&t->slot);
}

void
turn_bytes(void *turn, uint64_t bytes)
{
	struct turn *t = turn;

	pace_bytes(&t->pace, bytes);
}
