/* SPDX-License-Identifier: MIT */
#include "mail/param.h"

#include "t.h"

static const struct {
	const char *name;
	struct str in;
	const char *want; /* "value|name=value|..." */
} rows[] = {
	/* clang-format off */
	{ "value only", STR_INIT(" Text/Plain "), "text/plain" },
	{ "one", STR_INIT("text/plain; charset=UTF-8"),
	  "text/plain|charset=UTF-8" },
	{ "quoted", STR_INIT("a/b; Name=\"x; \\\"y\\\"\"; z=1"),
	  "a/b|name=x; \"y\"|z=1" },
	{ "comments", STR_INIT("(c) text/plain (d); (e) charset = us-ascii"),
	  "text/plain|charset=us-ascii" },
	{ "blanks in a bare value", STR_INIT("a/b; name=my file.txt"),
	  "a/b|name=my file.txt" },
	{ "RFC 2231", STR_INIT("a/b; name*=utf-8'de'%C3%A4.txt"),
	  "a/b|name=\xc3\xa4.txt" },
	{ "RFC 2231, Latin 1", STR_INIT("a/b; name*=iso-8859-1''%E4"),
	  "a/b|name=\xc3\xa4" },
	{ "continued", STR_INIT("a/b; name*0=\"ab\"; name*1=cd"),
	  "a/b|name=abcd" },
	{ "continued, any order",
	  STR_INIT("a/b; name*1*=%20c; name*0*=utf-8''a; name*2=d"),
	  "a/b|name=a cd" },
	{ "encoded word in quotes",
	  STR_INIT("a/b; name=\"=?utf-8?Q?=C3=A4?=\""),
	  "a/b|name=\xc3\xa4" },
	{ "malformed part", STR_INIT("a/b; junk; x=1;; =2; y=3"),
	  "a/b|x=1|y=3" },
	{ "no end quote", STR_INIT("a/b; x=\"abc"), "a/b|x=abc" },
	{ "bad percent", STR_INIT("a/b; x*=utf-8''%ZZ"), "a/b|x=%ZZ" },
	{ "empty", STR_INIT(""), "" },
	{ "only a comment", STR_INIT("(abc"), "" },
	/* clang-format on */
};

static void
show(struct buf *out, struct str in)
{
	struct param *list;
	struct str value;
	struct arena a;

	arena_init(&a, 65536);
	param_parse(&a, in, &value, &list);
	buf_adds(out, value);
	for (; list != NULL; list = list->next)
		buf_addf(out, "|%.*s=%.*s", STR_ARG(list->name),
		    STR_ARG(list->value));
	arena_release(&a);
}

static void
test_rows(void)
{
	struct buf out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&out, 4096);
		show(&out, rows[i].in);
		T_CHECK(str_eq(buf_view(&out), str_of(rows[i].want)),
		    "%s: got %.*s", rows[i].name, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

/* What is written is read again, whatever it is. */
static void
test_write_read(void)
{
	static const char *const piece[] = { "a", "\xc3\xa4", "\"", "\\", " ",
		"%41", ";", "=?", "'" };
	struct param *list;
	struct buf value, out;
	struct arena a;
	struct str kind;

	buf_init(&value, 4096);
	for (size_t i = 0; i < 200; i++) {
		buf_addz(&value, piece[i * i % 9]);
		buf_init(&out, 65536);
		arena_init(&a, 1024 * 1024);
		buf_addz(&out, "a/b");
		param_write(&out, STR("name"), buf_view(&value));
		param_parse(&a, buf_view(&out), &kind, &list);
		T_CHECK(str_eq(param_find(list, STR("name")), buf_view(&value)),
		    "%zu: %.*s", i, STR_ARG(buf_view(&out)));
		arena_release(&a);
		buf_release(&out);
	}
	buf_release(&value);
}

/* RFC 2231 has no part in a boundary: who reads it wants it whole. */
static void
test_boundary(void)
{
	struct str value = STR("----=_Part_0123456789012345678901234567890123"
			       "456789012345678901234567890=?x");
	struct buf out;

	buf_init(&out, 4096);
	param_write(&out, STR("boundary"), value);
	T_CHECK(str_starts(buf_view(&out), STR("; boundary=\"----=_Part_")) &&
		out.n == value.n + 13,
	    "%.*s", STR_ARG(buf_view(&out)));
	buf_release(&out);
}

static void
parse_once(void)
{
	struct param *list;
	struct str value;
	struct arena a;

	arena_init(&a, 65536);
	param_parse(&a,
	    STR("a/b; x*0*=iso-8859-1''%e4; x*1=\"y\"; z==?utf-8?Q?a?="),
	    &value, &list);
	T_CHECK(a.no_memory ||
		(str_eq(param_find(list, STR("x")), STR("\xc3\xa4y")) &&
		    str_eq(param_find(list, STR("z")), STR("a"))),
	    "no memory, and nobody is told");
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(parse_once);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "write, then read", test_write_read },
	{ "boundary", test_boundary },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
