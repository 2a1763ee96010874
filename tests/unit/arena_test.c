/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "t.h"

static void
test_alloc(void)
{
	struct arena a;
	struct err e;
	unsigned char *p;

	arena_init(&a, 1 << 20);
	for (size_t n = 0; n < 6000; n += 7) {
		p = arena_alloc(&a, n);
		T_CHECK(p != NULL, "%zu", n);
		T_CHECK((uintptr_t)p % alignof(max_align_t) == 0, "%zu", n);
		for (size_t i = 0; i < n; i++) {
			T_CHECK(p[i] == 0, "%zu: byte %zu", n, i);
			p[i] = 0xff; /* the next one may not see this */
		}
		if (a.used > (1 << 19)) {
			arena_release(&a);
			arena_init(&a, 1 << 20);
		}
	}
	T_CHECK(arena_ok(&a, &e), "fine");
	arena_release(&a);
	T_CHECK(a.blocks == NULL && a.limit == 0, "zeroed");
	arena_release(&a);
}

static void
test_limit(void)
{
	struct arena a;
	struct err e;
	size_t n = 0;

	arena_init(&a, 10000);
	while (arena_alloc(&a, 100) != NULL)
		n++;
	T_CHECK(n > 80 && n <= 100, "%zu times 100 of 10000", n);
	T_CHECK(a.used <= a.limit, "%zu used", a.used);
	T_CHECK(arena_alloc(&a, 1) == NULL, "latched, though 1 would fit");
	T_CHECK(!arena_ok(&a, &e) && e.kind == ERR_INPUT, "%d", (int)e.kind);
	arena_release(&a);

	arena_init(&a, SIZE_MAX);
	T_CHECK(arena_alloc(&a, SIZE_MAX) == NULL, "no overflow");
	T_CHECK(!arena_ok(&a, &e) && e.kind == ERR_INPUT, "%d", (int)e.kind);
	arena_release(&a);
}

static void
test_zeroed(void)
{
	struct arena a = { 0 };
	struct err e;

	T_CHECK(arena_ok(&a, &e), "legal");
	T_CHECK(arena_alloc(&a, 1) == NULL && !arena_ok(&a, &e), "limit of 0");
	arena_release(&a);
}

static void
test_array(void)
{
	struct arena a;
	struct err e;
	int *v;

	arena_init(&a, 100000);
	v = arena_array(&a, 100, sizeof(*v));
	T_CHECK(v != NULL && v[99] == 0, "100");
	T_CHECK(arena_array(&a, 5, 0) != NULL, "size 0");
	T_CHECK(arena_array(&a, 0, 5) != NULL, "count 0");
	T_CHECK(arena_ok(&a, &e), "fine");
	T_CHECK(arena_array(&a, SIZE_MAX / 2 + 1, 2) == NULL, "count * size");
	T_CHECK(!arena_ok(&a, &e) && e.kind == ERR_INPUT, "%d", (int)e.kind);
	arena_release(&a);
}

static void
test_text(void)
{
	char long_text[9000];
	struct arena a;
	struct str s;

	arena_init(&a, 100000);
	s = arena_str(&a, STR("a\0b"));
	T_CHECK(str_eq(s, STR("a\0b")) && s.p[3] == '\0', "copy");
	s = arena_str(&a, (struct str){ 0 });
	T_CHECK(s.p != NULL && s.n == 0 && s.p[0] == '\0', "empty");
	s = arena_fmt(&a, "%s-%03d", "x", 7);
	T_CHECK(str_eq(s, STR("x-007")) && s.p[5] == '\0', "fmt");
	s = arena_fmt(&a, "%s", "");
	T_CHECK(s.p != NULL && s.n == 0, "empty fmt");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	s = arena_fmt(&a, "%s", long_text);
	T_CHECK(str_eq(s, str_of(long_text)), "more than a block");
	s = arena_str(&a, (struct str){ long_text, SIZE_MAX });
	T_CHECK(s.p == NULL && s.n == 0, "too long: the empty str");
	s = arena_fmt(&a, "x");
	T_CHECK(s.p == NULL && s.n == 0, "latched: the empty str");
	arena_release(&a);
}

/* As new, whether its memory was kept, joined or given back. */
static void
test_renew(void)
{
	static const size_t jobs[] = { 10, 10, 9000, 9000, 200000, 10 };
	struct arena a;
	struct err e;
	char *p;

	arena_init(&a, 300000);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(*jobs); i++) {
		p = arena_alloc(&a, jobs[i]);
		T_CHECK(p != NULL && p[0] == 0 && p[jobs[i] - 1] == 0,
		    "%zu: zeroed", i);
		if (p != NULL)
			memset(p, 'x', jobs[i]);
		(void)arena_str(&a, STR("more"));
		(void)arena_alloc(&a, 300000);
		T_CHECK(!arena_ok(&a, &e), "%zu: the limit", i);
		arena_renew(&a);
		T_CHECK(arena_ok(&a, &e) && a.used == 0, "%zu: renewed", i);
	}
	arena_release(&a);
}

/* Blocks come back zeroed, of any arena; large ones do not stay. */
static void
test_stash(void)
{
	struct arena_stash stash = { 0 };
	struct arena a, b;
	char *first, *second;

	arena_init_of(&a, 1 << 20, &stash);
	first = arena_alloc(&a, 100);
	memset(first, 'x', 100);
	(void)arena_alloc(&a, 50000);
	arena_release(&a);
	T_CHECK(stash.n == 1, "%zu blocks", stash.n);
	arena_init_of(&b, 1 << 20, &stash);
	second = arena_alloc(&b, 6000);
	T_CHECK(second == first && stash.n == 0, "the same block");
	for (size_t i = 0; i < 6000; i++)
		T_CHECK(second[i] == 0, "%zu: zeroed", i);
	arena_release(&b);
	arena_init_of(&a, (ARENA_STASH_MOST + 2) * 8000, &stash);
	for (int i = 0; i < ARENA_STASH_MOST + 1; i++)
		T_CHECK(arena_alloc(&a, 7000) != NULL, "%d", i);
	arena_release(&a);
	T_CHECK(stash.n == ARENA_STASH_MOST, "%zu blocks", stash.n);
	arena_init_of(&b, 1 << 20, &stash);
	(void)arena_alloc(&b, 100);
	arena_stash_release(&stash);
	arena_release(&b); /* a leak, if it were kept */
	T_CHECK(stash.blocks == NULL, "released");
}

/* What is expected is asked of malloc once. */
static void
test_expect(void)
{
	struct arena a;
	struct err e;

	arena_init(&a, 1 << 20);
	t_fail_allocation(1);
	arena_expect(&a, 20000);
	t_fail_allocation(0);
	T_CHECK(arena_ok(&a, &e) && a.used == 0, "no harm where it fails");
	arena_expect(&a, 20000);
	t_fail_allocation(1);
	for (int i = 0; i < 100; i++)
		T_CHECK(arena_alloc(&a, 192) != NULL, "%d", i);
	T_CHECK(arena_ok(&a, &e), "%s", e.msg);
	T_CHECK(arena_alloc(&a, 4000) == NULL, "and no more");
	t_fail_allocation(0);
	arena_release(&a);
}

static void
build(void)
{
	struct arena a;
	struct err e;
	struct str first, s;

	arena_init(&a, 1 << 20);
	first = arena_str(&a, STR("first"));
	for (int i = 0; i < 100; i++) {
		s = arena_fmt(&a, "%0200d", i);
		T_CHECK(s.n == 0 || s.n == 200, "%d", i);
	}
	(void)arena_alloc(&a, 10000);
	T_CHECK(first.n == 0 || str_eq(first, STR("first")), "kept");
	T_CHECK(arena_ok(&a, &e) || e.kind == ERR_RETRY, "%s", e.msg);
	arena_renew(&a);
	T_CHECK(arena_ok(&a, &e), "renewed");
	arena_release(&a);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(build);
}

static const struct t_test tests[] = {
	{ "alloc", test_alloc },
	{ "limit", test_limit },
	{ "zeroed", test_zeroed },
	{ "array", test_array },
	{ "text", test_text },
	{ "renew", test_renew },
	{ "stash", test_stash },
	{ "expect", test_expect },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
