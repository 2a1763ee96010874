/* SPDX-License-Identifier: MIT */
#include "mail/intake.h"

#include "t.h"

static const struct {
	const char *name;
	struct str in, dot, no_dot; /* with and without dot_ends */
	size_t left;                /* bytes behind the dot line */
} rows[] = {
	/* clang-format off */
	{ "empty", STR_INIT(""), STR_INIT(""), STR_INIT(""), 0 },
	{ "LF", STR_INIT("a\nb\n"), STR_INIT("a\r\nb\r\n"),
	  STR_INIT("a\r\nb\r\n"), 0 },
	{ "CRLF", STR_INIT("a\r\nb\r\n"), STR_INIT("a\r\nb\r\n"),
	  STR_INIT("a\r\nb\r\n"), 0 },
	{ "mixed", STR_INIT("a\r\nb\n\r\nc\n\n"),
	  STR_INIT("a\r\nb\r\n\r\nc\r\n\r\n"),
	  STR_INIT("a\r\nb\r\n\r\nc\r\n\r\n"), 0 },
	{ "CR CR LF", STR_INIT("a\r\r\nb"), STR_INIT("a\r\nb\r\n"),
	  STR_INIT("a\r\nb\r\n"), 0 },
	{ "CRs alone", STR_INIT("A: a\r\rb\r.\rc\r"),
	  STR_INIT("A: a\r\n\r\nb\r\n.\r\nc\r\n"),
	  STR_INIT("A: a\r\n\r\nb\r\n.\r\nc\r\n"), 0 },
	{ "CRs alone, no end", STR_INIT("a\rb"), STR_INIT("a\r\nb\r\n"),
	  STR_INIT("a\r\nb\r\n"), 0 },
	{ "a CR in the first field", STR_INIT("A: a\rB: c\n\nd\re\n"),
	  STR_INIT("A: a B: c\r\n\r\nd\r\ne\r\n"),
	  STR_INIT("A: a B: c\r\n\r\nd\r\ne\r\n"), 0 },
	{ "a CR in another field", STR_INIT("A: a\nC: \r\rD\n\n"),
	  STR_INIT("A: a\r\nC:  D\r\n\r\n"),
	  STR_INIT("A: a\r\nC:  D\r\n\r\n"), 0 },
	{ "a CR before a field", STR_INIT("A: a\n\rB: c\n\r\n"),
	  STR_INIT("A: a\r\n B: c\r\n\r\n"),
	  STR_INIT("A: a\r\n B: c\r\n\r\n"), 0 },
	{ "a CR before a dot", STR_INIT("A: a\n\r.\nB\n"),
	  STR_INIT("A: a\r\n .\r\nB\r\n"),
	  STR_INIT("A: a\r\n .\r\nB\r\n"), 0 },
	{ "a dot before a CR", STR_INIT("A: a\n.\rb\n\n.\rc\n"),
	  STR_INIT("A: a\r\n. b\r\n\r\n.\r\nc\r\n"),
	  STR_INIT("A: a\r\n. b\r\n\r\n.\r\nc\r\n"), 0 },
	{ "no final line end", STR_INIT("a"), STR_INIT("a\r\n"),
	  STR_INIT("a\r\n"), 0 },
	{ "dot line", STR_INIT("a\n.\nb\n"), STR_INIT("a\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), 2 },
	{ "dot line, CRLF", STR_INIT("a\r\n.\r\nb"), STR_INIT("a\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), 1 },
	{ "dot first", STR_INIT(".\nb"), STR_INIT(""),
	  STR_INIT(".\r\nb\r\n"), 1 },
	{ "dot last", STR_INIT("a\n."), STR_INIT("a\r\n"),
	  STR_INIT("a\r\n.\r\n"), 0 },
	{ "dots in text", STR_INIT(".a\n..\na.\n.b"),
	  STR_INIT(".a\r\n..\r\na.\r\n.b\r\n"),
	  STR_INIT(".a\r\n..\r\na.\r\n.b\r\n"), 0 },
	{ "dot CR text", STR_INIT(".\rx"), STR_INIT(".\r\nx\r\n"),
	  STR_INIT(".\r\nx\r\n"), 0 },
	{ "byte order mark", STR_INIT("\xef\xbb\xbf" "A: b\n"),
	  STR_INIT("A: b\r\n"), STR_INIT("A: b\r\n"), 0 },
	{ "half a mark", STR_INIT("\xef\xbb" "A"),
	  STR_INIT("\xef\xbb" "A\r\n"), STR_INIT("\xef\xbb" "A\r\n"), 0 },
	{ "NUL", STR_INIT("a\0b\n"), STR_INIT("a\0b\r\n"),
	  STR_INIT("a\0b\r\n"), 0 },
	/* clang-format on */
};

static void
check(size_t row, bool dot, size_t cut)
{
	struct str a = str_first(rows[row].in, cut);
	struct str b = str_from(rows[row].in, cut);
	struct str want = dot ? rows[row].dot : rows[row].no_dot;
	struct intake i;
	struct buf out, all;

	buf_init(&out, 1024);
	buf_init(&all, 1024);
	intake_init(&i, dot);
	if (intake_feed(&i, &a, &out) == PARSE_MORE)
		(void)intake_feed(&i, &b, &out);
	intake_finish(&i, &out);
	if (i.kept) {
		buf_adds(&all, buf_view(&out));
		buf_reset(&out);
		intake_settle(&i, str_first(buf_view(&all), cut), &out);
		intake_settle(&i, str_from(buf_view(&all), cut), &out);
	}
	T_CHECK(str_eq(buf_view(&out), want), "%s, cut %zu: got \"%.*s\"",
	    rows[row].name, cut, STR_ARG(buf_view(&out)));
	T_CHECK(a.n + b.n == (dot ? rows[row].left : 0), "%s, cut %zu: left",
	    rows[row].name, cut);
	buf_release(&out);
	buf_release(&all);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++) {
			check(i, true, cut);
			check(i, false, cut);
		}
}

static const struct t_test tests[] = {
	{ "rows at every split", test_rows },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
