/* SPDX-License-Identifier: MIT */
#include "store/schedule.h"

#include <string.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { NOW = 1000000, DAY = 86400, AGE = 5 * DAY };

/* clang-format off */
static const struct {
	const char *name;
	bool unsure;
	uint64_t attempts;
	int64_t after_ms, age; /* seconds since it arrived */
	bool over;
	int64_t least, most; /* of the wait, seconds, over all randoms */
} rows[] = {
	{ "1st", false, 1, 0, 0, false, 45, 60 },
	{ "2nd", false, 2, 0, 0, false, 90, 120 },
	{ "3rd", false, 3, 0, 0, false, 225, 300 },
	{ "6th", false, 6, 0, 0, false, 1350, 1800 },
	{ "7th", false, 7, 0, 0, false, 2700, 3600 },
	{ "100th", false, 100, 0, DAY, false, 2700, 3600 },
	{ "0th is the 1st", false, 0, 0, 0, false, 45, 60 },
	{ "huge", false, UINT64_MAX, 0, 0, false, 2700, 3600 },
	{ "the last is at max_age", false, 100, 0, AGE - 100, false,
	  100, 100 },
	{ "max_age", false, 100, 0, AGE, true, 2700, 3600 },
	{ "after it", false, 1, 5000, AGE + 1, true, 5, 7 },
	{ "Retry-After", false, 9, 10000, 0, false, 10, 13 },
	{ "a fraction", false, 1, 100, 0, false, 1, 3 },
	{ "a long one", false, 1, 600000, 0, false, 600, 662 },
	{ "beyond max_age", false, 1, 600000, AGE - 10, false, 600, 662 },
	{ "unsure", true, 1, 0, 0, false, 300, 300 },
	{ "unsure, asked", true, 1, 1000, 0, false, 300, 300 },
	{ "unsure, asked long", true, 1, 400000, 0, false, 400, 442 },
	{ "clock set back", false, 1, 0, -DAY, false, 45, 60 },
};

static const struct {
	const char *name;
	uint64_t failures;
	int64_t after_ms, least, most;
} probes[] = {
	{ "1st", 1, 0, 225, 300 },
	{ "2nd", 2, 0, 675, 900 },
	{ "3rd", 3, 0, 2700, 3600 },
	{ "4th", 4, 0, 2700, 3600 },
	{ "asked", 1, 60000, 60, 68 },
};
/* clang-format on */

/* Least and most are reached, and nothing beyond. */
static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++) {
		int64_t least = INT64_MAX, most = 0;

		for (uint32_t r = 0; r < 4000; r++) {
			struct schedule_try t = {
				.unsure = rows[i].unsure,
				.attempts = rows[i].attempts,
				.retry_after_ms = rows[i].after_ms,
				.now = NOW,
				.since = NOW - rows[i].age,
				.hours = SCHEDULE_HOURS,
				.max_age = AGE,
				.random = r * 1000003U,
			};
			int64_t next = schedule_next(&t);

			T_CHECK(schedule_is_over(&t) == rows[i].over,
			    "%s: over", rows[i].name);
			least = next - NOW < least ? next - NOW : least;
			most = next - NOW > most ? next - NOW : most;
		}
		T_CHECK(least == rows[i].least && most == rows[i].most,
		    "%s: %lld to %lld", rows[i].name, (long long)least,
		    (long long)most);
	}
}

/* Too old for max_age, and tried in how many hours? */
static void
test_hours(void)
{
	for (uint64_t hours = 0; hours <= SCHEDULE_HOURS; hours++) {
		const struct schedule_try t = { .attempts = 9,
			.now = NOW,
			.since = NOW - 99 * AGE,
			.hours = hours,
			.max_age = AGE };

		T_CHECK(schedule_is_over(&t) == (hours == SCHEDULE_HOURS) &&
			schedule_next(&t) >= NOW + 2700,
		    "%d hours", (int)hours);
	}
}

/* A clock that was never right gives no age, however often it was tried. */
static void
test_no_age(void)
{
	const struct schedule_try t = { .attempts = 99,
		.now = NOW,
		.hours = 99,
		.max_age = 1 };

	T_CHECK(!schedule_is_over(&t) && schedule_next(&t) > NOW + 2600, "%lld",
	    (long long)schedule_next(&t));
}

/* What a row of tries leaves: a moment each, seconds after START; -1: 1970. */
static void
test_note(void)
{
	enum { HOUR = 3600, START = 1800000000, NEVER = -1 };
	static const struct {
		const char *name;
		int64_t arrived, tries[4], since;
		uint64_t hours;
	} notes[] = {
		{ "at once", 0, { 1, 60, 240, 540 }, 0, 1 },
		{ "each hour", 0, { 1, HOUR, 2 * HOUR, 3 * HOUR }, 0, 4 },
		{ "off for days", 0,
		    { 9 * DAY, 9 * DAY + 60, 9 * DAY + 180, 9 * DAY + 360 }, 0,
		    1 },
		{ "stored in 1970", NEVER, { 100, 200, 300, HOUR }, 100, 2 },
		{ "tried in 1970", NEVER, { NEVER, NEVER, NEVER, NEVER }, 0,
		    0 },
		{ "then the time comes", NEVER, { NEVER, NEVER, 100, 200 }, 100,
		    1 },
		{ "and goes", 0, { 100, NEVER, NEVER, HOUR }, 0, 2 },
		{ "stored in the future", 99 * DAY, { 100, 200, 300, 400 }, 100,
		    1 },
		{ "tried in the future", 0, { 99 * DAY, 100, 200, 300 }, 0, 2 },
		{ "stored and tried in it", 98 * DAY,
		    { 99 * DAY, 100, 200, 300 }, 100, 2 },
	};

	for (size_t i = 0; i < N(notes); i++) {
		struct envelope_state s = { 0 };
		int64_t want = notes[i].hours > 0 ? START + notes[i].since : 0;

		for (size_t k = 0; k < 4; k++)
			schedule_note(&s,
			    notes[i].arrived == NEVER ?
				42 :
				START + notes[i].arrived,
			    notes[i].tries[k] == NEVER ?
				43 :
				START + notes[i].tries[k]);
		T_CHECK(s.since == want && s.hours == notes[i].hours,
		    "%s: since %lld, %llu hours", notes[i].name,
		    (long long)(s.since - START), (unsigned long long)s.hours);
	}
}

static void
test_probes(void)
{
	for (size_t i = 0; i < N(probes); i++) {
		int64_t least = INT64_MAX, most = 0, wait;

		for (uint32_t r = 0; r < 4000; r++) {
			wait = schedule_probe(probes[i].failures,
				   probes[i].after_ms, NOW, r) -
			    NOW;
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		T_CHECK(least == probes[i].least && most == probes[i].most,
		    "%s: %lld to %lld", probes[i].name, (long long)least,
		    (long long)most);
	}
}

/* A clock that is set back makes nobody wait for longer than was meant. */
static void
test_due(void)
{
	static const struct {
		const char *name;
		int64_t next;
		uint64_t wait;
		int64_t want;
	} due[] = {
		{ "at once", 0, 0, 0 },
		{ "past", NOW - 1, 60, NOW - 1 },
		{ "later", NOW + 60, 60, NOW + 60 },
		{ "some of it is over", NOW + 20, 60, NOW + 20 },
		{ "set back by a second", NOW + 61, 60, NOW + 60 },
		{ "set back by years", INT64_MAX, 60, NOW + 60 },
		{ "a week was asked for", NOW + 7 * DAY, 7 * DAY,
		    NOW + 7 * DAY },
		{ "nonsense", INT64_MAX, INT64_MAX, NOW + 3600 },
		{ "an old file", NOW + 3600, 0, NOW + 3600 },
		{ "an old file, set back", NOW + DAY, 0, NOW + 3600 },
	};
	int64_t got;

	for (size_t i = 0; i < N(due); i++) {
		got = schedule_due(due[i].next, due[i].wait, NOW);
		T_CHECK(got == due[i].want, "%s: %lld", due[i].name,
		    (long long)got);
	}
}

static void
test_rest(void)
{
	static const int want[] = { 10, 30, 60, 120, 300, 300 };
	int64_t wait, least, most;

	for (size_t i = 0; i < N(want); i++) {
		least = INT64_MAX;
		most = 0;
		for (uint32_t r = 0; r < 4000; r++) {
			wait = schedule_rest(i + 1, NOW, r) - NOW;
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		T_CHECK(schedule_alone(NOW, (uint32_t)i) > NOW + 2699, "alone");
		T_CHECK(most == want[i] && least == want[i] - want[i] / 4,
		    "%zu: %lld to %lld", i, (long long)least, (long long)most);
	}
}

/* 5 days of a service that is down: how many attempts. */
static void
test_five_days(void)
{
	struct schedule_try t = { .attempts = 1,
		.now = 1,
		.since = 1,
		.hours = SCHEDULE_HOURS,
		.max_age = AGE };
	int64_t next;

	while (!schedule_is_over(&t) && t.attempts < 1000) {
		next = schedule_next(&t);
		T_CHECK(next > t.now, "goes on");
		t.now = next;
		t.attempts++;
	}
	T_CHECK(t.now == 1 + AGE && t.attempts > 120 && t.attempts < 130,
	    "%llu attempts, the last after %lld s",
	    (unsigned long long)t.attempts, (long long)t.now);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "hours", test_hours },
	{ "no age", test_no_age },
	{ "note", test_note },
	{ "probes", test_probes },
	{ "rest", test_rest },
	{ "due", test_due },
	{ "five days", test_five_days },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
