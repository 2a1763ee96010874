/* SPDX-License-Identifier: MIT */
#include "smtp/dot.h"

#include "t.h"

static const struct {
	const char *name;
	enum dot_mode mode;
	struct str in, want; /* want: what came before the end */
	enum parse result;
	size_t left; /* bytes of in behind the end */
	bool bare;
} rows[] = {
	/* clang-format off */
	{ "nothing", DOT_CRLF, STR_INIT(""), STR_INIT(""), PARSE_MORE, 0,
	  false },
	{ "empty", DOT_CRLF, STR_INIT(".\r\n"), STR_INIT(""), PARSE_DONE, 0,
	  false },
	{ "a line", DOT_CRLF, STR_INIT("a\r\n.\r\n"), STR_INIT("a\r\n"),
	  PARSE_DONE, 0, false },
	{ "next command", DOT_CRLF, STR_INIT(".\r\nQUIT\r\n"), STR_INIT(""),
	  PARSE_DONE, 6, false },
	{ "cut short", DOT_CRLF, STR_INIT("a\r\n."), STR_INIT("a\r\n"),
	  PARSE_MORE, 0, false },
	{ "stuffed", DOT_CRLF, STR_INIT("..\r\n..a\r\n...\r\n.\r\n"),
	  STR_INIT(".\r\n.a\r\n..\r\n"), PARSE_DONE, 0, false },
	{ "not stuffed", DOT_CRLF, STR_INIT(".a\r\n.\r\n"), STR_INIT("a\r\n"),
	  PARSE_DONE, 0, false },
	{ "dots within", DOT_CRLF, STR_INIT("a.\r\na..b\r\n.\r\n"),
	  STR_INIT("a.\r\na..b\r\n"), PARSE_DONE, 0, false },
	{ "NUL", DOT_CRLF, STR_INIT("a\0b\r\n\0.\r\n.\r\n"),
	  STR_INIT("a\0b\r\n\0.\r\n"), PARSE_DONE, 0, false },
	{ "8 bit", DOT_CRLF, STR_INIT("\xff\xfe\r\n.\r\n"),
	  STR_INIT("\xff\xfe\r\n"), PARSE_DONE, 0, false },

	/* what ends no message, and two servers might disagree about */
	{ "LF.LF", DOT_CRLF, STR_INIT("a\n.\nb\r\n.\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "LF.CRLF", DOT_CRLF, STR_INIT("a\n.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CRLF.LF", DOT_CRLF, STR_INIT("a\r\n.\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CR.CR", DOT_CRLF, STR_INIT("a\r.\rb\r\n.\r\n"),
	  STR_INIT("a . b\r\n"), PARSE_DONE, 0, true },
	{ "CR.LF", DOT_CRLF, STR_INIT("a\r.\nb\r\n.\r\n"),
	  STR_INIT("a .\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "LF.CR", DOT_CRLF, STR_INIT("a\n.\rb\r\n.\r\n"),
	  STR_INIT("a\r\n. b\r\n"), PARSE_DONE, 0, true },
	{ "CR.CRLF", DOT_CRLF, STR_INIT("a\r.\r\nb\r\n.\r\n"),
	  STR_INIT("a .\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CRLF.CR", DOT_CRLF, STR_INIT("a\r\n.\rb\r\n.\r\n"),
	  STR_INIT("a\r\n b\r\n"), PARSE_DONE, 0, true },
	{ "CRLF.CRCRLF", DOT_CRLF, STR_INIT("a\r\n.\r\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "LFLF.CRLF", DOT_CRLF, STR_INIT("a\n\n.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\r\n.\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CRLFNUL.CRLF", DOT_CRLF, STR_INIT("a\r\n\0.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\0.\r\nb\r\n"), PARSE_DONE, 0, false },
	{ "CRLF..CRLF", DOT_CRLF, STR_INIT("a\r\n..\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_DONE, 0, false },
	{ "CRLF.CR.CRLF", DOT_CRLF, STR_INIT("a\r\n.\r.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n .\r\nb\r\n"), PARSE_DONE, 0, true },

	/* lone line ends within the text */
	{ "LF", DOT_CRLF, STR_INIT("a\nb\r\n.\r\n"), STR_INIT("a\r\nb\r\n"),
	  PARSE_DONE, 0, true },
	{ "LF first", DOT_CRLF, STR_INIT("\nb\r\n.\r\n"),
	  STR_INIT("\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "dot behind LF is text", DOT_CRLF, STR_INIT("a\n.b\n..c\r\n.\r\n"),
	  STR_INIT("a\r\n.b\r\n..c\r\n"), PARSE_DONE, 0, true },
	{ "CR in the header", DOT_CRLF, STR_INIT("a: b\rc: d\r\n.\r\n"),
	  STR_INIT("a: b c: d\r\n"), PARSE_DONE, 0, true },
	{ "CR in the body", DOT_CRLF, STR_INIT("a: b\r\n\r\na\rb\r\n.\r\n"),
	  STR_INIT("a: b\r\n\r\na\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CR CR LF", DOT_CRLF, STR_INIT("a\r\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CR CR LF, dot", DOT_CRLF, STR_INIT("a\r\r\n.\r\n"),
	  STR_INIT("a\r\n"), PARSE_DONE, 0, true },
	{ "LF, then the end", DOT_CRLF, STR_INIT("a\n\r\n.\r\n"),
	  STR_INIT("a\r\n\r\n"), PARSE_DONE, 0, true },

	/* standard input */
	{ "LF mode, LF.LF", DOT_LF, STR_INIT("a\n.\nb"), STR_INIT("a\r\n"),
	  PARSE_DONE, 1, false },
	{ "LF mode, dot first", DOT_LF, STR_INIT(".\nb"), STR_INIT(""),
	  PARSE_DONE, 1, false },
	{ "LF mode, CRLF.CRLF", DOT_LF, STR_INIT("a\r\n.\r\nb"),
	  STR_INIT("a\r\n"), PARSE_DONE, 1, false },
	{ "LF mode, stuffed", DOT_LF, STR_INIT("..\n.\n"), STR_INIT(".\r\n"),
	  PARSE_DONE, 0, false },
	{ "LF mode, CR.CR", DOT_LF, STR_INIT("a\r.\rb\n.\n"),
	  STR_INIT("a . b\r\n"), PARSE_DONE, 0, true },

	/* chunks: nothing ends them but dot_finish */
	{ "chunk, dots", DOT_NONE, STR_INIT(".\r\n..\r\n"),
	  STR_INIT(".\r\n..\r\n"), PARSE_MORE, 0, false },
	{ "chunk, LF", DOT_NONE, STR_INIT("a\n.\nb\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_MORE, 0, true },
	{ "chunk, no line end", DOT_NONE, STR_INIT("a"), STR_INIT("a\r\n"),
	  PARSE_MORE, 0, false },
	{ "chunk, CR at the end", DOT_NONE, STR_INIT("a\r"),
	  STR_INIT("a\r\n"), PARSE_MORE, 0, true },
	/* clang-format on */
};

/* Feeds in two pieces: where the network cuts may not change the answer. */
static void
check_split(size_t i, size_t cut)
{
	struct str a = str_first(rows[i].in, cut);
	struct str b = str_from(rows[i].in, cut);
	enum parse result;
	struct buf out;
	struct dot d;

	buf_init(&out, 2 * rows[i].in.n + 2);
	dot_init(&d, rows[i].mode);
	result = dot_feed(&d, &a, &out);
	if (result == PARSE_MORE)
		result = dot_feed(&d, &b, &out);
	if (rows[i].mode == DOT_NONE)
		dot_finish(&d, &out);
	T_CHECK(result == rows[i].result, "%s, cut %zu: result %d",
	    rows[i].name, cut, result);
	T_CHECK(a.n + b.n == rows[i].left, "%s, cut %zu: left %zu",
	    rows[i].name, cut, a.n + b.n);
	T_CHECK(str_eq(buf_view(&out), rows[i].want),
	    "%s, cut %zu: got \"%.*s\"", rows[i].name, cut,
	    STR_ARG(buf_view(&out)));
	T_CHECK(d.bare == rows[i].bare, "%s, cut %zu: bare %d", rows[i].name,
	    cut, d.bare);
	buf_release(&out);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++)
			check_split(i, cut);
}

/* Behind the end nothing is taken any more. */
static void
test_end(void)
{
	struct str in = STR("a\r\n.\r\nb\r\n");
	struct buf out;
	struct dot d;

	buf_init(&out, 64);
	dot_init(&d, DOT_CRLF);
	T_CHECK(dot_feed(&d, &in, &out) == PARSE_DONE, "end");
	T_CHECK(dot_feed(&d, &in, &out) == PARSE_DONE, "stays at the end");
	T_CHECK(in.n == 3 && out.n == 3, "takes nothing: %zu, %zu", in.n,
	    out.n);
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "rows at every split", test_rows },
	{ "the end", test_end },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
