/* SPDX-License-Identifier: MIT */
/* xtext: any bytes make a word, and the word makes the bytes. */
#include "codec/xtext.h"

#include "t.h"

enum { LIMIT = 4096 };

static const struct {
	const char *name;
	struct str plain, word;
} rows[] = {
	{ "empty", STR_INIT(""), STR_INIT("") },
	{ "plain", STR_INIT("QQ314159"), STR_INIT("QQ314159") },
	{ "what has a meaning", STR_INIT("a+b=c d"),
	    STR_INIT("a+2Bb+3Dc+20d") },
	{ "edges", STR_INIT("!~\x7f\n"), STR_INIT("!~+7F+0A") },
	{ "8-bit", STR_INIT("\303\251"), STR_INIT("+C3+A9") },
};

static void
test_rows(void)
{
	struct buf out;

	buf_init(&out, LIMIT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_reset(&out);
		xtext_write(&out, rows[i].plain);
		T_CHECK(str_eq(buf_view(&out), rows[i].word), "%s: %.*s",
		    rows[i].name, STR_ARG(buf_view(&out)));
		buf_reset(&out);
		xtext_read(&out, rows[i].word);
		T_CHECK(str_eq(buf_view(&out), rows[i].plain), "%s: read",
		    rows[i].name);
	}
	buf_release(&out);
}

/* What is no xtext is read as it stands. */
static void
test_others(void)
{
	struct buf out;

	buf_init(&out, LIMIT);
	xtext_read(&out, STR("+4"));
	xtext_read(&out, STR("+4g+"));
	xtext_read(&out, STR("+2b"));
	T_CHECK(str_eq(buf_view(&out), STR("+4+4g++")), "%.*s",
	    STR_ARG(buf_view(&out)));
	buf_release(&out);
}

static void
test_all_bytes(void)
{
	struct buf plain, word, back;

	buf_init(&plain, LIMIT);
	buf_init(&word, LIMIT);
	buf_init(&back, LIMIT);
	for (int c = 0; c < 256; c++)
		buf_addc(&plain, (char)c);
	xtext_write(&word, buf_view(&plain));
	for (size_t i = 0; i < word.n; i++)
		T_CHECK(word.p[i] > ' ' && word.p[i] <= '~', "at %zu", i);
	xtext_read(&back, buf_view(&word));
	T_CHECK(str_eq(buf_view(&plain), buf_view(&back)), "they differ");
	buf_release(&plain);
	buf_release(&word);
	buf_release(&back);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "others", test_others },
	{ "all bytes", test_all_bytes },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
