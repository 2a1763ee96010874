/* SPDX-License-Identifier: MIT */
#include "base/sorted.h"

#include <string.h>

#include "t.h"

enum { NUMBERS = 300 };

/* Of n numbers, each twice: half of them are asked for and not there. */
static void
check_sorted(uint64_t n)
{
	struct buf b;
	uint64_t x, last = 0;
	bool ordered = true;

	buf_init(&b, 4 * NUMBERS * sizeof(x));
	for (uint64_t i = 0; i < 2 * n; i++) {
		x = (i * 7919 % (n > 0 ? n : 1)) << 40 | 1;
		buf_add(&b, &x, sizeof(x));
	}
	sorted_make(&b);
	for (size_t at = 0; at < b.n; at += sizeof(x)) {
		memcpy(&x, b.p + at, sizeof(x));
		ordered = ordered && x >= last;
		last = x;
	}
	T_CHECK(ordered, "%zu in order", (size_t)n);
	for (uint64_t i = 0; i < n; i++)
		T_CHECK(sorted_has(&b, i << 40 | 1) && !sorted_has(&b, i << 40),
		    "%zu of %zu", (size_t)i, (size_t)n);
	T_CHECK(!sorted_has(&b, n << 40 | 1), "behind the last");
	buf_release(&b);
}

static void
test_sorted(void)
{
	check_sorted(0);
	check_sorted(1);
	check_sorted(2);
	check_sorted(NUMBERS);
}

static const struct t_test tests[] = {
	{ "sorted", test_sorted },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
