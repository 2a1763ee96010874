/* SPDX-License-Identifier: MIT */
#include "deliver/turn.h"

#include <stdio.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

static const struct log silent = { 0 };

static char box[64];
static struct {
	unsigned slept, was_free;
} seen;

/* Can all four be had by somebody else while it sleeps? */
static void
sleep_until(void *arg, int64_t deadline)
{
	struct slot s[SLOT_MOST] = { { 0 } };
	struct err e = { 0 };

	(void)arg;
	(void)deadline;
	seen.slept++;
	for (int i = 0; i < SLOT_MOST; i++)
		seen.was_free += slot_take(&s[i], str_of(box), 0, &e);
	for (int i = 0; i < SLOT_MOST; i++)
		slot_free(&s[i]);
}

/* The pause between two ranges of an upload holds no slot. */
static void
test_pause(void)
{
	struct clock clock = clock_system;
	const struct pace p = { .mailbox = str_of(box),
		.clock = &clock,
		.log = &silent };
	struct turn t = { 0 };
	struct err e = { 0 };

	clock.sleep_until = sleep_until;
	turn_open(&t, &p, 1000);
	t.pause.base = &clock;
	T_CHECK(turn_take(&t, &e) && t.slot.fd >= 0, "%s", e.msg);
	clock_sleep_until(&t.pause.clock, os_mono_ms() + 1000);
	T_CHECK(seen.slept == 1 && seen.was_free == SLOT_MOST,
	    "%u of four are free meanwhile", seen.was_free);
	T_CHECK(t.slot.taken && t.slot.fd >= 0, "and it has one again");
	clock_sleep_until(t.pace.clock, os_mono_ms() + 1000);
	T_CHECK(seen.slept == 2 && seen.was_free == 2 * SLOT_MOST &&
		t.slot.fd >= 0,
	    "the same while bytes are waited for");
	turn_give(&t);
	clock_sleep_until(&t.pause.clock, 0);
	T_CHECK(!t.slot.taken, "none where there was none");
	T_CHECK(clock_wall(&t.pause.clock) == os_wall(),
	    "the time is the same");
}

int
main(void)
{
	static const struct t_test tests[] = { { "pause", test_pause } };

	(void)snprintf(box, sizeof(box), "turn%d@test.example", (int)getpid());
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
