/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "compose/entry.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "empty", "", "" },
	{ "plain", "Backup of host7", "Backup of host7" },
	{ "UTF-8", "St\303\266rung \342\234\223",
	    "St\303\266rung \342\234\223" },
	{ "control", "a\033[2J\tb\177\r\n", "a [2J b" },
	{ "control of 8 bits", "a\302\233b\302\240", "a b\302\240" },
	{ "no UTF-8", "a\377b\303", "a?b?" },
	{ "long", HUNDRED HUNDRED "x", HUNDRED HUNDRED },
	{ "long, its last character whole", HUNDRED HUNDRED "\b",
	    HUNDRED HUNDRED },
	{ "long, ends in one",
	    HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345678\303\266x",
	    HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345678\303\266" },
};

static void
test_rows(void)
{
	struct arena mem;
	struct str got;

	arena_init(&mem, 65536);
	for (size_t i = 0; i < N(rows); i++) {
		got = entry_subject(&mem, str_of(rows[i].text));
		T_CHECK(str_eq(got, str_of(rows[i].want)), "%s: \"%.*s\"",
		    rows[i].name, STR_ARG(got));
	}
	arena_release(&mem);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
