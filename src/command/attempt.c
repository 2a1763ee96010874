/* SPDX-License-Identifier: MIT */
#include "command/attempt.h"

void
attempt_start(struct attempt *a, const struct clock *clock,
    const struct log *log, uint32_t random)
{
	*a = (struct attempt){
		.clock = clock,
		.log = log,
		.random = random,
		.latest = clock_mono_ms(clock) + ATTEMPT_WITHIN_MS,
	};
}

/* xorshift32: jitter has nothing to hide. */
static uint32_t
next_random(struct attempt *a)
{
	uint32_t x = a->random != 0 ? a->random : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	a->random = x;
	return x;
}

bool
attempt_again(struct attempt *a, const struct err *e)
{
	int64_t pause, due;

	a->made++;
	if (e->kind != ERR_RETRY || a->made >= ATTEMPT_MOST)
		return false;
	pause = e->retry_after_ms > 0 ? e->retry_after_ms :
					ATTEMPT_PAUSE_MS << (a->made - 1);
	pause += next_random(a) % ATTEMPT_JITTER_MS;
	due = clock_mono_ms(a->clock) + pause;
	if (due > a->latest)
		return false;
	log_trace(a->log, "* try %u failed (%s); the next in %lld ms", a->made,
	    e->msg, (long long)pause);
	clock_sleep_until(a->clock, due);
	return true;
}
