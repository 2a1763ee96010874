/* SPDX-License-Identifier: MIT */
#include "mail/word.h"

#include "t.h"

static const struct {
	const char *name;
	struct str in, want;
	bool part; /* some of it could not be decoded */
} decodes[] = {
	/* clang-format off */
	{ "plain", STR_INIT("hello"), STR_INIT("hello"), false },
	{ "B", STR_INIT("=?utf-8?B?w6Q=?="), STR_INIT("\xc3\xa4"), false },
	{ "Q", STR_INIT("=?UTF-8?q?=C3=A4_b?="), STR_INIT("\xc3\xa4 b"),
	  false },
	{ "Latin 1", STR_INIT("=?iso-8859-1?Q?=E4?="), STR_INIT("\xc3\xa4"),
	  false },
	{ "Windows-1252", STR_INIT("=?windows-1252?Q?=80?="),
	  STR_INIT("\xe2\x82\xac"), false },
	{ "ISO-8859-15", STR_INIT("=?iso-8859-15?Q?=A4?="),
	  STR_INIT("\xe2\x82\xac"), false },
	{ "two words", STR_INIT("=?utf-8?Q?a?= =?utf-8?Q?b?="),
	  STR_INIT("ab"), false },
	{ "two words on two lines",
	  STR_INIT("=?utf-8?Q?a?=\r\n =?utf-8?B?Yg==?="), STR_INIT("ab"),
	  false },
	{ "two charsets", STR_INIT("=?utf-8?Q?a?= =?iso-8859-1?Q?=E4?="),
	  STR_INIT("a\xc3\xa4"), false },
	{ "word and text", STR_INIT("=?utf-8?Q?a?= b =?utf-8?Q?c?="),
	  STR_INIT("a b c"), false },
	{ "a character cut in two",
	  STR_INIT("=?utf-8?Q?=C3?= =?utf-8?Q?=A4?="),
	  STR_INIT("\xc3\xa4"), false },
	{ "language", STR_INIT("=?utf-8*de?Q?=C3=A4?="),
	  STR_INIT("\xc3\xa4"), false },
	{ "unknown charset", STR_INIT("=?big5?B?pKQ=?= x"),
	  STR_INIT("=?big5?B?pKQ=?= x"), true },
	{ "unknown, then known", STR_INIT("=?big5?B?pKQ=?= =?utf-8?Q?a?="),
	  STR_INIT("=?big5?B?pKQ=?= a"), true },
	{ "two unknown", STR_INIT("=?big5?B?pKQ=?= =?gbk?Q?a?="),
	  STR_INIT("=?big5?B?pKQ=?= =?gbk?Q?a?="), true },
	{ "KOI8-R", STR_INIT("=?KOI8-R?Q?=EB?="), STR_INIT("\xd0\x9a"), false },
	{ "ISO-8859-2", STR_INIT("=?iso-8859-2?Q?=B3?="),
	  STR_INIT("\xc5\x82"), false },
	{ "no UTF-8 in a word of UTF-8", STR_INIT("=?utf-8?Q?=FC?="),
	  STR_INIT("=?utf-8?Q?=FC?="), true },
	{ "unknown encoding", STR_INIT("=?utf-8?X?a?="),
	  STR_INIT("=?utf-8?X?a?="), false },
	{ "no end", STR_INIT("=?utf-8?Q?abc"), STR_INIT("=?utf-8?Q?abc"),
	  false },
	{ "a blank inside", STR_INIT("=?utf-8?Q?a b?="),
	  STR_INIT("=?utf-8?Q?a b?="), false },
	{ "bad base64", STR_INIT("=?utf-8?B?w6Q?="), STR_INIT("\xc3\xa4"),
	  false },
	{ "empty word", STR_INIT("=?utf-8?Q?" "?="), STR_INIT(""), false },
	{ "8-bit text", STR_INIT("a\xff" "b"), STR_INIT("a\xef\xbf\xbd" "b"),
	  false },
	{ "raw UTF-8", STR_INIT("\xc3\xa4"), STR_INIT("\xc3\xa4"), false },
	{ "inside a word", STR_INIT("x=?utf-8?Q?a?=y"), STR_INIT("xay"),
	  false },
	/* clang-format on */
};

static void
test_decode(void)
{
	struct buf out;

	for (size_t i = 0; i < sizeof(decodes) / sizeof(*decodes); i++) {
		buf_init(&out, 4096);
		T_CHECK(word_decode(&out, decodes[i].in) != decodes[i].part,
		    "%s: whole or not", decodes[i].name);
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

static const struct {
	const char *name;
	bool phrase;
	struct str in, want;
} kept[] = {
	/* clang-format off */
	{ "a word", true, STR_INIT("=?big5?B?pKQ=?="),
	  STR_INIT("=?big5?B?pKQ=?=") },
	{ "two", true, STR_INIT("=?big5?B?pKQ=?=  =?gbk?Q?a?="),
	  STR_INIT("=?big5?B?pKQ=?=  =?gbk?Q?a?=") },
	{ "a name beside it", true, STR_INIT("Zhao =?gb18030?B?1dQ=?= x"),
	  STR_INIT("Zhao =?gb18030?B?1dQ=?= x") },
	{ "what a phrase would quote", true,
	  STR_INIT("=?gb18030?B?1dQ=?= (a.b)"),
	  STR_INIT("=?gb18030?B?1dQ=?= =?utf-8?B?IChhLmIp?=") },
	{ "the same in a subject", false,
	  STR_INIT("=?gb18030?B?1dQ=?= (a.b)"),
	  STR_INIT("=?gb18030?B?1dQ=?= (a.b)") },
	{ "8-bit text on both sides", false,
	  STR_INIT("\xc3\xa4 =?gb18030?B?1dQ=?= \xc3\xa4"),
	  STR_INIT("=?utf-8?B?w6Qg?= =?gb18030?B?1dQ=?= "
	      "=?utf-8?B?IMOk?=") },
	/* clang-format on */
};

static void
test_keep(void)
{
	struct buf out;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		buf_init(&out, 4096);
		word_keep(&out, kept[i].in, kept[i].phrase);
		T_CHECK(str_eq(buf_view(&out), kept[i].want), "%s: got %.*s",
		    kept[i].name, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

/* What got no memory is no shorter text: it says so. */
static void
decode_once(void)
{
	static const struct str in[] = {
		STR_INIT("=?utf-8?B?w6Q=?= =?utf-8?Q?z?= text"),
		STR_INIT("before, and more of it: =?iso-8859-2?Q?=B3?= "
			 "after it, =?windows-1253?Q?=D2?= that is none"),
	};
	static const struct str want[] = {
		STR_INIT("\xc3\xa4z text"),
		STR_INIT("before, and more of it: \xc5\x82 after it, "
			 "=?windows-1253?Q?=D2?= that is none"),
	};
	struct buf out;

	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++) {
		buf_init(&out, 4096);
		(void)word_decode(&out, in[i]);
		T_CHECK(out.no_memory || str_eq(buf_view(&out), want[i]),
		    "%.*s", STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
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
	{ "keep", test_keep },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
