/* SPDX-License-Identifier: MIT */
/*
 * schedule: when a message is tried again, and when it is too old. Pure. What
 * becomes of it is deliver/verdict.h's.
 *
 * A message waits after failure number
 *
 *	1	2	3	4	5	6	7 and more
 *	1 min	2 min	5 min	10 min	20 min	30 min	1 h
 *
 * less up to a quarter (jitter, so that messages that failed together do not
 * come back together). Where the service named a time (Retry-After), it is
 * that time and not less, and up to a tenth and 2 s more. Backoff never goes
 * beyond max_age: the last attempt is made then, and its failure is the end.
 *
 * A message's age counts from its arrival, or from its first try where the
 * clock cannot have been right at its arrival (before VERSION_DATE, or later
 * than now). Whatever its age, it was tried in SCHEDULE_HOURS different hours
 * before max_age ends it: the machine may have been off, or its clock may have
 * jumped, and the network comes up after the first try.
 *
 * A mailbox whose service is away rests for
 *
 *	10 s	30 s	1 min	2 min	5 min, and so on
 *
 * less up to a quarter, and one message is tried after that.
 *
 * A waiting mailbox is probed with one message 5 min, 15 min, and then every
 * hour after the last failure. A message that waits alone is tried every hour.
 *
 * Source: design.md 3; facts.md 5.2 (Retry-After).
 */
#ifndef STORE_SCHEDULE_H
#define STORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/envelope.h"

enum {
	SCHEDULE_UNSURE_S = 300,
	SCHEDULE_HOURS = 3,       /* in which a message is tried at least */
	SCHEDULE_LONGEST_S = 3600 /* of all pauses that nobody asked for */
};

struct schedule_try {
	bool unsure;            /* perhaps sent: SCHEDULE_UNSURE_S at least */
	uint64_t attempts;      /* made, this one included: 1, 2, ... */
	int64_t retry_after_ms; /* 0: the service named none */
	int64_t now, since;     /* wall clock, seconds; since 0: no age yet */
	uint64_t hours;         /* in which it was tried, this one included */
	int64_t max_age;        /* seconds */
	uint32_t random;
};

/*
 * When a message is due that was to be so at `next`, `wait` seconds after that
 * was written (0: it is not known): then, or after as long from now if that is
 * less. More there can only be to wait where the clock was set back.
 */
int64_t schedule_due(int64_t next, uint64_t wait, int64_t now);

/*
 * Notes a try at `now` of a message that arrived then: s->since, s->tried and
 * s->hours. A clock that is wrong changes nothing.
 */
void schedule_note(struct envelope_state *s, int64_t arrived, int64_t now);

/* It has waited for max_age, and was tried in SCHEDULE_HOURS. */
bool schedule_is_over(const struct schedule_try *t);

/* When it is tried again. */
int64_t schedule_next(const struct schedule_try *t);

/* When a message that waits alone, for a setting or a permission, is. */
int64_t schedule_alone(int64_t now, uint32_t random);

/*
 * When a mailbox that failed `failures` (1, 2, ...) times in a row is probed
 * next, with the Retry-After of the last one.
 */
int64_t schedule_probe(uint64_t failures, int64_t retry_after_ms, int64_t now,
    uint32_t random);

/* When a service that was away `times` (1, 2, ...) in a row is tried next. */
int64_t schedule_rest(uint64_t times, int64_t now, uint32_t random);

#endif
