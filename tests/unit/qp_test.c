/* SPDX-License-Identifier: MIT */
#include "codec/qp.h"

#include "t.h"

static const struct {
	const char *name;
	struct str in, want;
} rows[] = {
	/* clang-format off */
	{ "empty", STR_INIT(""), STR_INIT("") },
	{ "plain", STR_INIT("abc\r\ndef"), STR_INIT("abc\r\ndef") },
	{ "escape", STR_INIT("a=3Db=c3=A4"), STR_INIT("a=b\xc3\xa4") },
	{ "soft break", STR_INIT("ab=\r\ncd=\nef"), STR_INIT("abcdef") },
	{ "soft break before hex-like text", STR_INIT("x=\r\ncl=\nab"),
	  STR_INIT("xclab") },
	{ "padded soft break", STR_INIT("ab= \t\r\ncd"), STR_INIT("abcd") },
	{ "blanks end lines", STR_INIT("a \t\r\nb  \nc  "),
	  STR_INIT("a\r\nb\nc") },
	{ "blanks inside stay", STR_INIT("a \t b"), STR_INIT("a \t b") },
	{ "encoded blank at the end", STR_INIT("a=20\r\n"),
	  STR_INIT("a \r\n") },
	{ "no escape", STR_INIT("a=zz=1 =4"), STR_INIT("a=zz=1 =4") },
	{ "double equals", STR_INIT("==41=="), STR_INIT("=A==") },
	{ "escape cut by another", STR_INIT("=4=41"), STR_INIT("=4A") },
	{ "equals at the end", STR_INIT("ab="), STR_INIT("ab=") },
	{ "lone CR", STR_INIT("a\rb \rc"), STR_INIT("a\rb \rc") },
	{ "equals CR text", STR_INIT("=\rx"), STR_INIT("=\rx") },
	/* clang-format on */
};

static void
decode_cut(size_t i, size_t cut)
{
	struct qp q = { 0 };
	struct buf out;

	buf_init(&out, 1024);
	qp_feed(&q, str_first(rows[i].in, cut), &out);
	qp_feed(&q, str_from(rows[i].in, cut), &out);
	qp_finish(&q, &out);
	T_CHECK(str_eq(buf_view(&out), rows[i].want),
	    "%s, cut %zu: got \"%.*s\"", rows[i].name, cut,
	    STR_ARG(buf_view(&out)));
	buf_release(&out);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++)
			decode_cut(i, cut);
}

/* A run of blanks longer than what is held back loses none inside a line. */
static void
test_many_blanks(void)
{
	struct qp q = { 0 };
	struct buf in, out;

	buf_init(&in, 4096);
	buf_init(&out, 4096);
	for (int i = 0; i < 1000; i++)
		buf_addc(&in, ' ');
	buf_addc(&in, 'x');
	qp_feed(&q, buf_view(&in), &out);
	qp_finish(&q, &out);
	T_CHECK(str_eq(buf_view(&out), buf_view(&in)), "%zu bytes", out.n);
	buf_release(&in);
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "rows at every split", test_rows },
	{ "many blanks", test_many_blanks },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
