/* SPDX-License-Identifier: MIT */
#include "mail/value.h"

#include "t.h"

static const struct {
	const char *name;
	struct str raw, charset, text, plain;
	bool whole;
} cases[] = {
	/* clang-format off */
	{ "plain", STR_INIT(" hello\r\n"), STR_INIT(""), STR_INIT("hello"),
	  STR_INIT("hello"), true },
	{ "folded", STR_INIT(" a\r\n b\n\tc\r\n"), STR_INIT(""),
	  STR_INIT("a b\tc"), STR_INIT("a b\tc"), true },
	{ "a CR alone is a blank", STR_INIT(" x\rBcc: y\r\n"), STR_INIT(""),
	  STR_INIT("x Bcc: y"), STR_INIT("x Bcc: y"), true },
	{ "a word", STR_INIT(" =?koi8-r?B?68nSyczM?=\r\n"), STR_INIT(""),
	  STR_INIT("=?koi8-r?B?68nSyczM?="),
	  STR_INIT("\xd0\x9a\xd0\xb8\xd1\x80\xd0\xb8\xd0\xbb\xd0\xbb"), true },
	{ "a word beside 8-bit text", STR_INIT("=?utf-8?Q?=C3=A4?= K\xc3\xb6"),
	  STR_INIT(""), STR_INIT("=?utf-8?Q?=C3=A4?= K\xc3\xb6"),
	  STR_INIT("\xc3\xa4 K\xc3\xb6"), true },
	{ "a charset of several bytes", STR_INIT("=?gb18030?B?1dQ=?= x"),
	  STR_INIT(""), STR_INIT("=?gb18030?B?1dQ=?= x"),
	  STR_INIT("=?gb18030?B?1dQ=?= x"), false },
	{ "bytes that are none of the word's charset",
	  STR_INIT("=?utf-8?Q?J=FCrgen?="), STR_INIT(""),
	  STR_INIT("=?utf-8?Q?J=FCrgen?="), STR_INIT("=?utf-8?Q?J=FCrgen?="),
	  false },
	{ "Latin 1", STR_INIT("J\xfcrgen"), STR_INIT(""),
	  STR_INIT("J\xc3\xbcrgen"), STR_INIT("J\xc3\xbcrgen"), true },
	{ "the charset of the body", STR_INIT("Pawe\xb3"),
	  STR_INIT("iso-8859-2"), STR_INIT("Pawe\xc5\x82"),
	  STR_INIT("Pawe\xc5\x82"), true },
	{ "one of the body that is not known", STR_INIT("J\xfc"),
	  STR_INIT("big5"), STR_INIT("J\xc3\xbc"), STR_INIT("J\xc3\xbc"),
	  true },
	{ "UTF-8, whatever the body has", STR_INIT("J\xc3\xbc"),
	  STR_INIT("iso-8859-2"), STR_INIT("J\xc3\xbc"), STR_INIT("J\xc3\xbc"),
	  true },
	/* clang-format on */
};

static void
test_cases(void)
{
	struct arena a;
	struct value v;

	arena_init(&a, 65536);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		v = value_read(&a, cases[i].raw, cases[i].charset);
		T_CHECK(str_eq(v.text, cases[i].text) &&
			str_eq(v.plain, cases[i].plain) &&
			v.whole == cases[i].whole,
		    "%s: \"%.*s\", \"%.*s\", %d", cases[i].name,
		    STR_ARG(v.text), STR_ARG(v.plain), v.whole);
	}
	arena_release(&a);
}

static void
read_once(void)
{
	struct arena a;

	arena_init(&a, 65536);
	(void)value_read(&a, STR("a\r\n =?utf-8?Q?b?= \xe4"), STR(""));
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(read_once);
}

static const struct t_test tests[] = {
	{ "cases", test_cases },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
