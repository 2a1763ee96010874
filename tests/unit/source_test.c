/* SPDX-License-Identifier: MIT */
#include "base/source.h"

#include "t.h"

/* Every range, and twice: a source can be read again. */
static void
test_ranges(void)
{
	struct source s = source_of(STR("0123456789"));
	char got[10];
	struct err e;

	T_CHECK(s.size == 10, "size");
	for (size_t at = 0; at <= 11; at++) {
		for (size_t n = 0; n <= 11; n++) {
			bool ok = at <= 10 && n <= 10 - at;

			T_CHECK(source_read(&s, at, got, n, &e) == ok,
			    "%zu at %zu", n, at);
			T_CHECK(!ok ||
				str_eq((struct str){ got, n },
				    str_first(str_from(s.bytes, at), n)),
			    "%zu at %zu", n, at);
			T_CHECK(ok || e.kind == ERR_BUG, "kind");
		}
	}
	T_CHECK(!source_read(&s, 5, got, SIZE_MAX, &e), "no overflow");
	T_CHECK(!source_read(&s, UINT64_MAX, got, 1, &e), "no overflow");
}

static void
test_empty(void)
{
	struct source s = source_of((struct str){ 0 });
	char got[1];
	struct err e;

	T_CHECK(s.size == 0 && source_read(&s, 0, got, 0, &e), "nothing");
	T_CHECK(!source_read(&s, 0, got, 1, &e), "one byte");
}

static bool
fails(const struct source *self, uint64_t at, char *p, size_t n, struct err *e)
{
	(void)self;
	(void)at;
	(void)p;
	(void)n;
	return err_set(e, ERR_RETRY, "disk");
}

static void
test_own(void)
{
	struct source s = { .size = 4, .read = fails };
	struct err e;
	char got[4];

	T_CHECK(!source_read(&s, 0, got, 4, &e) && e.kind == ERR_RETRY,
	    "what the source says");
	T_CHECK(!source_read(&s, 0, got, 5, &e) && e.kind == ERR_BUG,
	    "not asked beyond the end");
}

static const struct t_test tests[] = {
	{ "ranges", test_ranges },
	{ "empty", test_empty },
	{ "own", test_own },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
