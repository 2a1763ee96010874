/* SPDX-License-Identifier: MIT */
#include "store/schedule.h"

#include <stddef.h>

#include "base/version.h"

enum {
	MINUTE = 60,
	HOUR = SCHEDULE_LONGEST_S,
	/* a Retry-After of DATE_RETRY_MAX_MS, and a tenth more */
	MOST = 8 * 24 * HOUR
};

static const int backoff[] = { 1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE,
	20 * MINUTE, 30 * MINUTE, HOUR };
static const int rest[] = { 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE };
static const int probe[] = { 5 * MINUTE, 15 * MINUTE, HOUR };

#define N(table) (sizeof(table) / sizeof(*(table)))

/* The wait after the nth failure; the last of the table for all beyond. */
static int64_t
step(const int *table, size_t size, uint64_t nth)
{
	if (nth < 1)
		nth = 1;
	return table[nth <= size ? nth - 1 : size - 1];
}

/* 0 to most, evenly. */
static int64_t
part(uint32_t random, int64_t most)
{
	return (int64_t)(random % (uint64_t)(most + 1));
}

static int64_t
earlier(int64_t wait, uint32_t random)
{
	return wait - part(random, wait / 4);
}

/* Whole seconds, rounded up: never before what was asked for. */
static int64_t
as_asked(int64_t retry_after_ms, uint32_t random)
{
	int64_t s = retry_after_ms / 1000 + (retry_after_ms % 1000 > 0);

	return s + part(random, s / 10 + 2);
}

int64_t
schedule_due(int64_t next, uint64_t wait, int64_t now)
{
	if (wait == 0 || wait > MOST)
		wait = SCHEDULE_LONGEST_S;
	return next > now && (uint64_t)(next - now) > wait ?
	    now + (int64_t)wait :
	    next;
}

void
schedule_note(struct envelope_state *s, int64_t arrived, int64_t now)
{
	if (now < VERSION_DATE)
		return;
	if (s->since < VERSION_DATE || s->since > now)
		s->since =
		    arrived < VERSION_DATE || arrived > now ? now : arrived;
	if (s->hours == 0 || s->tried / HOUR != now / HOUR)
		s->hours++;
	s->tried = now;
}

bool
schedule_is_over(const struct schedule_try *t)
{
	return t->since != 0 && t->now >= t->since + t->max_age &&
	    t->hours >= SCHEDULE_HOURS;
}

int64_t
schedule_next(const struct schedule_try *t)
{
	int64_t end = t->since + t->max_age, wait;

	if (t->retry_after_ms > 0) {
		wait = as_asked(t->retry_after_ms, t->random);
		return t->now +
		    (t->unsure && wait < SCHEDULE_UNSURE_S ? SCHEDULE_UNSURE_S :
							     wait);
	}
	wait = t->unsure ?
	    SCHEDULE_UNSURE_S :
	    earlier(step(backoff, N(backoff), t->attempts), t->random);
	if (t->since != 0 && t->now < end && wait > end - t->now)
		wait = end - t->now;
	return t->now + wait;
}

int64_t
schedule_alone(int64_t now, uint32_t random)
{
	return now + earlier(HOUR, random);
}

int64_t
schedule_probe(uint64_t failures, int64_t retry_after_ms, int64_t now,
    uint32_t random)
{
	if (retry_after_ms > 0)
		return now + as_asked(retry_after_ms, random);
	return now + earlier(step(probe, N(probe), failures), random);
}

int64_t
schedule_rest(uint64_t times, int64_t now, uint32_t random)
{
	return now + earlier(step(rest, N(rest), times), random);
}
