/* SPDX-License-Identifier: MIT */
#include "mail/word.h"

#include "t.h"

static const struct {
	const char *name;
	struct str in, want;
} decodes[] = {
	/* clang-format off */
	{ "plain", STR_INIT("hello"), STR_INIT("hello") },
	{ "B", STR_INIT("=?utf-8?B?w6Q=?="), STR_INIT("\xc3\xa4") },
	{ "Q", STR_INIT("=?UTF-8?q?=C3=A4_b?="), STR_INIT("\xc3\xa4 b") },
	{ "Latin 1", STR_INIT("=?iso-8859-1?Q?=E4?="), STR_INIT("\xc3\xa4") },
	{ "Windows-1252", STR_INIT("=?windows-1252?Q?=80?="),
	  STR_INIT("\xe2\x82\xac") },
	{ "ISO-8859-15", STR_INIT("=?iso-8859-15?Q?=A4?="),
	  STR_INIT("\xe2\x82\xac") },
	{ "two words", STR_INIT("=?utf-8?Q?a?= =?utf-8?Q?b?="),
	  STR_INIT("ab") },
	{ "two words on two lines",
	  STR_INIT("=?utf-8?Q?a?=\r\n =?utf-8?B?Yg==?="), STR_INIT("ab") },
	{ "two charsets", STR_INIT("=?utf-8?Q?a?= =?iso-8859-1?Q?=E4?="),
	  STR_INIT("a\xc3\xa4") },
	{ "word and text", STR_INIT("=?utf-8?Q?a?= b =?utf-8?Q?c?="),
	  STR_INIT("a b c") },
	{ "a character cut in two",
	  STR_INIT("=?utf-8?Q?=C3?= =?utf-8?Q?=A4?="),
	  STR_INIT("\xc3\xa4") },
	{ "language", STR_INIT("=?utf-8*de?Q?=C3=A4?="),
	  STR_INIT("\xc3\xa4") },
	{ "unknown charset", STR_INIT("=?big5?B?pKQ=?= x"),
	  STR_INIT("=?big5?B?pKQ=?= x") },
	{ "unknown encoding", STR_INIT("=?utf-8?X?a?="),
	  STR_INIT("=?utf-8?X?a?=") },
	{ "no end", STR_INIT("=?utf-8?Q?abc"), STR_INIT("=?utf-8?Q?abc") },
	{ "a blank inside", STR_INIT("=?utf-8?Q?a b?="),
	  STR_INIT("=?utf-8?Q?a b?=") },
	{ "bad base64", STR_INIT("=?utf-8?B?w6Q?="), STR_INIT("\xc3\xa4") },
	{ "empty word", STR_INIT("=?utf-8?Q?" "?="), STR_INIT("") },
	{ "8-bit text", STR_INIT("a\xff" "b"), STR_INIT("a\xef\xbf\xbd" "b") },
	{ "raw UTF-8", STR_INIT("\xc3\xa4"), STR_INIT("\xc3\xa4") },
	{ "inside a word", STR_INIT("x=?utf-8?Q?a?=y"), STR_INIT("xay") },
	/* clang-format on */
};

static void
test_decode(void)
{
	struct buf out;

	for (size_t i = 0; i < sizeof(decodes) / sizeof(*decodes); i++) {
		buf_init(&out, 4096);
		word_decode(&out, decodes[i].in);
		T_CHECK(str_eq(buf_view(&out), decodes[i].want), "%s: got %.*s",
		    decodes[i].name, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

/* Every length of text comes back, in words of at most 75 characters. */
static void
test_encode_decode(void)
{
	static const char *const piece[] = { "\xc3\xa4", "a", "\xe2\x82\xac",
		" ", "\xf0\x9f\x98\x80" };
	struct buf text, coded, back;
	struct str rest, word;
	struct err e;

	buf_init(&text, 4096);
	buf_init(&coded, 16384);
	buf_init(&back, 4096);
	for (size_t i = 0; i < 300; i++) {
		buf_addz(&text, piece[i * 7 % 5]);
		buf_reset(&coded);
		buf_reset(&back);
		T_CHECK(word_encode(&coded, buf_view(&text), &e), "%zu", i);
		rest = buf_view(&coded);
		while (str_next(&rest, ' ', &word))
			T_CHECK(word.n <= WORD_MAX, "%zu: %zu", i, word.n);
		word_decode(&back, buf_view(&coded));
		T_CHECK(str_eq(buf_view(&back), buf_view(&text)), "%zu: %.*s",
		    i, STR_ARG(buf_view(&back)));
	}
	buf_release(&text);
	buf_release(&coded);
	buf_release(&back);
}

static void
test_encode(void)
{
	struct buf out;
	struct err e = { 0 };

	buf_init(&out, 4096);
	T_CHECK(word_encode(&out, STR("plain text"), &e) &&
		str_eq(buf_view(&out), STR("plain text")),
	    "ASCII stays");
	buf_reset(&out);
	T_CHECK(word_encode(&out, STR("a =?b"), &e) &&
		str_starts(buf_view(&out), STR("=?utf-8?B?")),
	    "what looks like an encoded word is encoded");
	buf_reset(&out);
	T_CHECK(!word_encode(&out, STR("a\xff"), &e) && e.kind == ERR_INPUT &&
		out.n == 0,
	    "not UTF-8");
	buf_release(&out);
}

static void
decode_once(void)
{
	struct buf out;

	buf_init(&out, 4096);
	word_decode(&out, STR("=?utf-8?B?w6Q=?= =?utf-8?Q?abc?= text"));
	buf_release(&out);
}

static void
test_memory(void)
{
	t_each_allocation_fails(decode_once);
}

static const struct t_test tests[] = {
	{ "decode", test_decode },
	{ "encode, then decode", test_encode_decode },
	{ "encode", test_encode },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
