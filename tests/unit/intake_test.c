/* SPDX-License-Identifier: MIT */
#include "mail/intake.h"

#include "t.h"

/* What a program writes. */
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
	{ "CRs alone, a dot first", STR_INIT(".\r\rb\r"),
	  STR_INIT(".\r\n\r\nb\r\n"), STR_INIT(".\r\n\r\nb\r\n"), 0 },
	{ "half a mark", STR_INIT("\xef\xbb" "A"),
	  STR_INIT("\xef\xbb" "A\r\n"), STR_INIT("\xef\xbb" "A\r\n"), 0 },
	{ "NUL", STR_INIT("a\0b\n"), STR_INIT("a\0b\r\n"),
	  STR_INIT("a\0b\r\n"), 0 },
	{ "tabs in long lines", STR_INIT("1234567890\t2345678\r\n"
	  "\t23456789012345678\037\0\n12345678\n"),
	  STR_INIT("1234567890\t2345678\r\n"
	  "\t23456789012345678\037\0\r\n12345678\r\n"),
	  STR_INIT("1234567890\t2345678\r\n"
	  "\t23456789012345678\037\0\r\n12345678\r\n"), 0 },
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
	intake_init(&i, dot ? INTAKE_PROGRAM_DOT : INTAKE_PROGRAM);
	if (intake_feed(&i, &a, &out) == PARSE_MORE)
		(void)intake_feed(&i, &b, &out);
	intake_finish(&i, &out);
	if (i.kept) {
		buf_adds(&all, buf_view(&out));
		buf_reset(&out);
		intake_settle(&i, buf_view(&all), &out);
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

/* What SMTP brings. */
static const struct {
	const char *name;
	enum intake_mode mode;
	struct str in, want; /* want: what came before the end */
	enum parse result;
	size_t left; /* bytes of in behind the end */
	bool bare;
} smtp_rows[] = {
	/* clang-format off */
	{ "nothing", INTAKE_SMTP, STR_INIT(""), STR_INIT(""), PARSE_MORE, 0,
	  false },
	{ "empty", INTAKE_SMTP, STR_INIT(".\r\n"), STR_INIT(""), PARSE_DONE, 0,
	  false },
	{ "a line", INTAKE_SMTP, STR_INIT("a\r\n.\r\n"), STR_INIT("a\r\n"),
	  PARSE_DONE, 0, false },
	{ "next command", INTAKE_SMTP, STR_INIT(".\r\nQUIT\r\n"), STR_INIT(""),
	  PARSE_DONE, 6, false },
	{ "cut short", INTAKE_SMTP, STR_INIT("a\r\n."), STR_INIT("a\r\n"),
	  PARSE_MORE, 0, false },
	{ "stuffed", INTAKE_SMTP, STR_INIT("..\r\n..a\r\n...\r\n.\r\n"),
	  STR_INIT(".\r\n.a\r\n..\r\n"), PARSE_DONE, 0, false },
	{ "not stuffed", INTAKE_SMTP,
	  STR_INIT(".a\r\n.\r\n"), STR_INIT("a\r\n"),
	  PARSE_DONE, 0, false },
	{ "dots within", INTAKE_SMTP, STR_INIT("a.\r\na..b\r\n.\r\n"),
	  STR_INIT("a.\r\na..b\r\n"), PARSE_DONE, 0, false },
	{ "NUL", INTAKE_SMTP, STR_INIT("a\0b\r\n\0.\r\n.\r\n"),
	  STR_INIT("a\0b\r\n\0.\r\n"), PARSE_DONE, 0, false },
	{ "8 bit", INTAKE_SMTP, STR_INIT("\xff\xfe\r\n.\r\n"),
	  STR_INIT("\xff\xfe\r\n"), PARSE_DONE, 0, false },

	/* what ends no message, and two servers might disagree about */
	{ "LF.LF", INTAKE_SMTP, STR_INIT("a\n.\nb\r\n.\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "LF.CRLF", INTAKE_SMTP, STR_INIT("a\n.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CRLF.LF", INTAKE_SMTP, STR_INIT("a\r\n.\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CR.CR", INTAKE_SMTP, STR_INIT("a\r.\rb\r\n.\r\n"),
	  STR_INIT("a . b\r\n"), PARSE_DONE, 0, true },
	{ "CR.LF", INTAKE_SMTP, STR_INIT("a\r.\nb\r\n.\r\n"),
	  STR_INIT("a .\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "LF.CR", INTAKE_SMTP, STR_INIT("a\n.\rb\r\n.\r\n"),
	  STR_INIT("a\r\n. b\r\n"), PARSE_DONE, 0, true },
	{ "CR.CRLF", INTAKE_SMTP, STR_INIT("a\r.\r\nb\r\n.\r\n"),
	  STR_INIT("a .\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CRLF.CR", INTAKE_SMTP, STR_INIT("a\r\n.\rb\r\n.\r\n"),
	  STR_INIT("a\r\n b\r\n"), PARSE_DONE, 0, true },
	{ "CRLF.CRCRLF", INTAKE_SMTP, STR_INIT("a\r\n.\r\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "LFLF.CRLF", INTAKE_SMTP, STR_INIT("a\n\n.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\r\n.\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CRLFNUL.CRLF", INTAKE_SMTP, STR_INIT("a\r\n\0.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n\0.\r\nb\r\n"), PARSE_DONE, 0, false },
	{ "CRLF..CRLF", INTAKE_SMTP, STR_INIT("a\r\n..\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_DONE, 0, false },
	{ "CRLF.CR.CRLF", INTAKE_SMTP, STR_INIT("a\r\n.\r.\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\n .\r\nb\r\n"), PARSE_DONE, 0, true },

	/* lone line ends within the text */
	{ "LF", INTAKE_SMTP, STR_INIT("a\nb\r\n.\r\n"), STR_INIT("a\r\nb\r\n"),
	  PARSE_DONE, 0, true },
	{ "LF first", INTAKE_SMTP, STR_INIT("\nb\r\n.\r\n"),
	  STR_INIT("\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "dot behind LF is text", INTAKE_SMTP, STR_INIT("a\n.b\n..c\r\n.\r\n"),
	  STR_INIT("a\r\n.b\r\n..c\r\n"), PARSE_DONE, 0, true },
	{ "CR in the header", INTAKE_SMTP, STR_INIT("a: b\rc: d\r\n.\r\n"),
	  STR_INIT("a: b c: d\r\n"), PARSE_DONE, 0, true },
	{ "CR in the body", INTAKE_SMTP, STR_INIT("a: b\r\n\r\na\rb\r\n.\r\n"),
	  STR_INIT("a: b\r\n\r\na\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CR CR LF", INTAKE_SMTP, STR_INIT("a\r\r\nb\r\n.\r\n"),
	  STR_INIT("a\r\nb\r\n"), PARSE_DONE, 0, true },
	{ "CR CR LF, dot", INTAKE_SMTP, STR_INIT("a\r\r\n.\r\n"),
	  STR_INIT("a\r\n"), PARSE_DONE, 0, true },
	{ "LF, then the end", INTAKE_SMTP, STR_INIT("a\n\r\n.\r\n"),
	  STR_INIT("a\r\n\r\n"), PARSE_DONE, 0, true },

	/* standard input */
	{ "LF mode, LF.LF", INTAKE_SMTP_LF,
	  STR_INIT("a\n.\nb"), STR_INIT("a\r\n"),
	  PARSE_DONE, 1, false },
	{ "LF mode, dot first", INTAKE_SMTP_LF, STR_INIT(".\nb"), STR_INIT(""),
	  PARSE_DONE, 1, false },
	{ "LF mode, CRLF.CRLF", INTAKE_SMTP_LF, STR_INIT("a\r\n.\r\nb"),
	  STR_INIT("a\r\n"), PARSE_DONE, 1, false },
	{ "LF mode, stuffed", INTAKE_SMTP_LF,
	  STR_INIT("..\n.\n"), STR_INIT(".\r\n"),
	  PARSE_DONE, 0, false },
	{ "LF mode, CR.CR", INTAKE_SMTP_LF, STR_INIT("a\r.\rb\n.\n"),
	  STR_INIT("a . b\r\n"), PARSE_DONE, 0, true },

	/* chunks: nothing ends them but dot_finish */
	{ "chunk, dots", INTAKE_CHUNKS, STR_INIT(".\r\n..\r\n"),
	  STR_INIT(".\r\n..\r\n"), PARSE_MORE, 0, false },
	{ "chunk, LF", INTAKE_CHUNKS, STR_INIT("a\n.\nb\r\n"),
	  STR_INIT("a\r\n.\r\nb\r\n"), PARSE_MORE, 0, true },
	{ "chunk, no line end", INTAKE_CHUNKS, STR_INIT("a"), STR_INIT("a\r\n"),
	  PARSE_MORE, 0, false },
	{ "chunk, CR at the end", INTAKE_CHUNKS, STR_INIT("a\r"),
	  STR_INIT("a\r\n"), PARSE_MORE, 0, true },
	/* clang-format on */
};

/* Feeds in two pieces: where the network cuts may not change the answer. */
static void
check_smtp(size_t i, size_t cut)
{
	struct str a = str_first(smtp_rows[i].in, cut);
	struct str b = str_from(smtp_rows[i].in, cut);
	enum parse result;
	struct buf out;
	struct intake d;

	buf_init(&out, 2 * smtp_rows[i].in.n + 2);
	intake_init(&d, smtp_rows[i].mode);
	result = intake_feed(&d, &a, &out);
	if (result == PARSE_MORE)
		result = intake_feed(&d, &b, &out);
	if (smtp_rows[i].mode == INTAKE_CHUNKS)
		intake_finish(&d, &out);
	T_CHECK(result == smtp_rows[i].result, "%s, cut %zu: result %d",
	    smtp_rows[i].name, cut, result);
	T_CHECK(a.n + b.n == smtp_rows[i].left, "%s, cut %zu: left %zu",
	    smtp_rows[i].name, cut, a.n + b.n);
	T_CHECK(str_eq(buf_view(&out), smtp_rows[i].want),
	    "%s, cut %zu: got \"%.*s\"", smtp_rows[i].name, cut,
	    STR_ARG(buf_view(&out)));
	T_CHECK(d.bare == smtp_rows[i].bare, "%s, cut %zu: bare %d",
	    smtp_rows[i].name, cut, d.bare);
	buf_release(&out);
}

static void
test_smtp(void)
{
	for (size_t i = 0; i < sizeof(smtp_rows) / sizeof(*smtp_rows); i++)
		for (size_t cut = 0; cut <= smtp_rows[i].in.n; cut++)
			check_smtp(i, cut);
}

/* Behind the end nothing is taken any more. */
static void
test_end(void)
{
	struct str in = STR("a\r\n.\r\nb\r\n");
	struct buf out;
	struct intake d;

	buf_init(&out, 64);
	intake_init(&d, INTAKE_SMTP);
	T_CHECK(intake_feed(&d, &in, &out) == PARSE_DONE, "end");
	T_CHECK(intake_feed(&d, &in, &out) == PARSE_DONE, "stays at the end");
	T_CHECK(in.n == 3 && out.n == 3, "takes nothing: %zu, %zu", in.n,
	    out.n);
	buf_release(&out);
}

/* What has no room any more is read to its end. */
static void
test_room(void)
{
	struct str whole = STR("12345678901234567890\r\nb\r\n.\r\nQUIT"), in;
	struct buf out;
	struct intake d;

	for (size_t room = 0; room <= 2 * whole.n + 3; room++) {
		in = whole;
		buf_init(&out, room);
		intake_init(&d, INTAKE_SMTP);
		T_CHECK(intake_feed(&d, &in, &out) == PARSE_DONE, "%zu: end",
		    room);
		T_CHECK(str_eq(in, STR("QUIT")), "%zu: left %zu", room, in.n);
		T_CHECK(out.full || out.n == 25, "%zu: %zu bytes", room, out.n);
		T_CHECK(!out.full || room < 2 * whole.n + 3, "%zu: full", room);
		buf_release(&out);
	}
}

static const struct t_test tests[] = {
	{ "rows at every split", test_rows },
	{ "SMTP at every split", test_smtp },
	{ "the end", test_end },
	{ "no room", test_room },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
