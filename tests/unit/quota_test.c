/* SPDX-License-Identifier: MIT */
#include "store/quota.h"

#include <string.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { MINUTE = 60, NOW = 1795637400, STEPS = 8 };

/*
 * Each step: after so many seconds, n are wanted of 30 a minute. How long it
 * would have to wait; 0: it is taken.
 */
/* clang-format off */
static const struct {
	const char *name;
	struct {
		int64_t after;
		uint64_t n;
		int64_t wait;
	} step[STEPS];
} rows[] = {
	{ "all at once", { { 0, 30, 0 }, { 0, 1, 62 }, { 61, 1, 1 },
	  { 1, 1, 0 } } },
	{ "the last second of a part", { { 1, 30, 0 }, { 0, 1, 61 },
	  { 60, 1, 1 }, { 1, 30, 0 } } },
	{ "one after the other", { { 0, 10, 0 }, { 20, 20, 0 }, { 20, 1, 22 },
	  { 22, 10, 0 }, { 0, 1, 20 } } },
	{ "more than one part has to go", { { 0, 5, 0 }, { 10, 5, 0 },
	  { 10, 20, 0 }, { 0, 5, 42 }, { 0, 6, 52 }, { 0, 11, 62 } } },
	{ "larger than all", { { 0, 31, 0 }, { 0, 1, 62 } } },
	{ "larger than all, after others", { { 0, 1, 0 }, { 0, 31, 62 },
	  { 62, 31, 0 } } },
	{ "set back by a minute", { { 0, 30, 0 }, { -60, 1, 62 },
	  { 62, 30, 0 } } },
	{ "set back by years", { { 0, 30, 0 }, { -NOW, 1, 62 },
	  { 62, 30, 0 } } },
	{ "set ahead", { { 0, 30, 0 }, { 100000000, 30, 0 } } },
};
/* clang-format on */

/* Through its text each time, as processes hand it on. */
static void
test_rows(void)
{
	char text[QUOTA_SIZE];
	struct quota q;
	int64_t now, wait;

	for (size_t i = 0; i < N(rows); i++) {
		memset(text, 'x', sizeof(text));
		now = NOW;
		for (size_t k = 0; k < STEPS && rows[i].step[k].n > 0; k++) {
			struct quota_ask ask = { 30, rows[i].step[k].n, 0 };

			now += rows[i].step[k].after;
			quota_read(&q, (struct str){ text, sizeof(text) },
			    MINUTE);
			wait = quota_wait(&q, &ask, now);
			T_CHECK(wait == rows[i].step[k].wait,
			    "%s, step %zu: %lld s", rows[i].name, k + 1,
			    (long long)wait);
			if (wait == 0)
				quota_add(&q, ask.n, now);
			quota_write(&q, text);
		}
	}
}

/* However they come, no minute has more than 30 of them. */
static void
test_any_minute(void)
{
	static int64_t taken[20000];
	const struct quota_ask one = { 30, 1, 0 };
	struct quota q = { .window = MINUTE };
	uint32_t x = 1;
	size_t n = 0;
	int64_t now = NOW, wait;

	while (n < N(taken)) {
		x = x * 1664525 + 1013904223;
		wait = quota_wait(&q, &one, now);
		if (wait == 0 && x >> 30 != 0) {
			quota_add(&q, 1, now);
			taken[n] = now;
			T_CHECK(n < 30 || now - taken[n - 30] >= MINUTE,
			    "31 within %lld s",
			    (long long)(now - taken[n - 30]));
			n++;
		} else {
			T_CHECK(wait <= MINUTE + 2, "%lld s", (long long)wait);
			now += wait > 0 && x >> 28 == 0 ? wait : x >> 30;
		}
	}
	/* of what would be 30 a minute nearly all are had */
	T_CHECK((now - NOW) * 30 / MINUTE < (int64_t)n * 2, "%lld s",
	    (long long)(now - NOW));
}

/* What one takes does not hold up its own rest. */
static void
test_mine(void)
{
	struct quota q = { .window = MINUTE };
	struct quota_ask ask = { 30, 20, 0 };

	quota_add(&q, 20, NOW);
	T_CHECK(quota_wait(&q, &ask, NOW) == 62, "another's");
	ask.mine = 20;
	T_CHECK(quota_wait(&q, &ask, NOW) == 0, "its own");
	quota_add(&q, 1, NOW);
	T_CHECK(quota_wait(&q, &ask, NOW) == 62, "and another's");
}

/* Whatever stands in the file: no more than a window is waited for. */
static void
test_garbage(void)
{
	char text[QUOTA_SIZE + 1];
	struct quota_ask ask = { 30, 1, 0 };
	struct quota q = { .window = MINUTE };
	struct str s = { text, QUOTA_SIZE };
	int64_t wait;

	quota_add(&q, 30, NOW);
	quota_write(&q, text);
	quota_read(&q, s, MINUTE);
	T_CHECK(quota_wait(&q, &ask, NOW) == 62, "as it was written");
	quota_read(&q, s, 60 * MINUTE);
	T_CHECK(quota_wait(&q, &ask, NOW) == 0, "of another window");
	for (size_t n = 0; n < QUOTA_SIZE; n++) {
		quota_read(&q, (struct str){ text, n }, MINUTE);
		T_CHECK(quota_wait(&q, &ask, NOW) == 0, "cut at %zu", n);
	}
	for (size_t i = 0; i < QUOTA_SIZE; i++)
		for (unsigned c = 0; c < 256; c++) {
			char was = text[i];

			text[i] = (char)c;
			quota_read(&q, s, MINUTE);
			text[i] = was;
			wait = quota_wait(&q, &ask, NOW);
			T_CHECK(wait >= 0 && wait <= 62, "%zu, %u: %lld s", i,
			    c, (long long)wait);
			quota_add(&q, 1, NOW);
		}
	memset(text + 13, '9', QUOTA_SIZE - 13);
	for (size_t i = 12; i < QUOTA_SIZE; i += 13)
		text[i] = ' ';
	quota_read(&q, s, MINUTE);
	wait = quota_wait(&q, &ask, NOW);
	T_CHECK(wait == 62, "all nines: %lld s", (long long)wait);
	/* more than its digits hold is still read */
	quota_add(&q, 1, NOW);
	quota_write(&q, text);
	quota_read(&q, s, MINUTE);
	wait = quota_wait(&q, &ask, NOW);
	T_CHECK(wait == 62, "one more than all nines: %lld s", (long long)wait);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "any minute", test_any_minute },
	{ "mine", test_mine },
	{ "garbage", test_garbage },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
