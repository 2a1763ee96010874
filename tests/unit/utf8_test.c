/* SPDX-License-Identifier: MIT */
#include "codec/utf8.h"

#include <string.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define MEND     "\xef\xbf\xbd"

static const struct {
	const char *name;
	struct str in;
	size_t bad_at; /* in.n: none */
	struct str mended;
} rows[] = {
	{ "empty", STR_INIT(""), 0, STR_INIT("") },
	{ "ASCII", STR_INIT("abc\0\x7f"), 5, STR_INIT("abc\0\x7f") },
	{ "first of 2", STR_INIT("\xc2\x80"), 2, STR_INIT("\xc2\x80") },
	{ "last of 2", STR_INIT("\xdf\xbf"), 2, STR_INIT("\xdf\xbf") },
	{ "first of 3", STR_INIT("\xe0\xa0\x80"), 3, STR_INIT("\xe0\xa0\x80") },
	{ "last of 3", STR_INIT("\xef\xbf\xbf"), 3, STR_INIT("\xef\xbf\xbf") },
	{ "before the surrogates", STR_INIT("\xed\x9f\xbf"), 3,
	    STR_INIT("\xed\x9f\xbf") },
	{ "after the surrogates", STR_INIT("\xee\x80\x80"), 3,
	    STR_INIT("\xee\x80\x80") },
	{ "first of 4", STR_INIT("\xf0\x90\x80\x80"), 4,
	    STR_INIT("\xf0\x90\x80\x80") },
	{ "last of all", STR_INIT("\xf4\x8f\xbf\xbf"), 4,
	    STR_INIT("\xf4\x8f\xbf\xbf") },
	{ "above U+10FFFF", STR_INIT("\xf4\x90\x80\x80"), 0,
	    STR_INIT(MEND MEND MEND MEND) },
	{ "first surrogate", STR_INIT("\xed\xa0\x80"), 0,
	    STR_INIT(MEND MEND MEND) },
	{ "last surrogate", STR_INIT("\xed\xbf\xbf"), 0,
	    STR_INIT(MEND MEND MEND) },
	{ "surrogate pair", STR_INIT("\xed\xa0\xbd\xed\xb2\xa9"), 0,
	    STR_INIT(MEND MEND MEND MEND MEND MEND) },
	{ "overlong of 2", STR_INIT("\xc1\xbf"), 0, STR_INIT(MEND MEND) },
	{ "overlong NUL", STR_INIT("\xc0\x80"), 0, STR_INIT(MEND MEND) },
	{ "overlong of 3", STR_INIT("\xe0\x9f\xbf"), 0,
	    STR_INIT(MEND MEND MEND) },
	{ "overlong of 4", STR_INIT("\xf0\x8f\xbf\xbf"), 0,
	    STR_INIT(MEND MEND MEND MEND) },
	{ "5 bytes", STR_INIT("\xf8\x88\x80\x80\x80"), 0,
	    STR_INIT(MEND MEND MEND MEND MEND) },
	{ "no such bytes",
	    STR_INIT("a\xfe\xff"
		     "b"),
	    1, STR_INIT("a" MEND MEND "b") },
	{ "continuation alone", STR_INIT("ab\x80"), 2, STR_INIT("ab" MEND) },
	{ "cut 2 of 3", STR_INIT("\xe2\x82"), 0, STR_INIT(MEND MEND) },
	{ "cut by ASCII", STR_INIT("\xe2\x82(\xa1)"), 0,
	    STR_INIT(MEND MEND "(" MEND ")") },
	{ "Latin-1", STR_INIT("caf\xe9 cr\xe8me"), 3,
	    STR_INIT("caf" MEND " cr" MEND "me") },
};

static void
test_rows(void)
{
	struct buf out;

	buf_init(&out, 100);
	for (size_t i = 0; i < N(rows); i++) {
		T_CHECK(utf8_bad_at(rows[i].in) == rows[i].bad_at, "%s: %zu",
		    rows[i].name, utf8_bad_at(rows[i].in));
		T_CHECK(utf8_is_valid(rows[i].in) ==
			(rows[i].bad_at == rows[i].in.n),
		    "%s", rows[i].name);
		buf_reset(&out);
		utf8_add_mended(&out, rows[i].in);
		T_CHECK(str_eq(buf_view(&out), rows[i].mended), "%s: %s",
		    rows[i].name, out.p);
	}
	T_CHECK(utf8_is_valid((struct str){ 0 }), "NULL");
	buf_release(&out);
}

/* A bad byte at every place, as ASCII is looked at in pieces of eight. */
static void
test_places(void)
{
	static const char bad[] = "\x80\xff\xc3\xed";
	char text[40];

	for (size_t n = 1; n <= sizeof(text); n++) {
		for (size_t at = 0; at < n; at++) {
			memset(text, 'a', sizeof(text));
			text[at] = bad[at % 4];
			T_CHECK(utf8_bad_at((struct str){ text, n }) == at,
			    "byte %zu of %zu", at, n);
		}
	}
}

/* Every scalar value is written as what str_utf8 takes, cut nowhere. */
static void
test_all(void)
{
	char out[UTF8_MAX];
	struct buf b;
	size_t n;

	buf_init(&b, 8);
	for (uint32_t c = 0; c < 0x110100; c++) {
		bool scalar = c < 0xd800 || (c > 0xdfff && c < 0x110000);

		n = utf8_write(out, c);
		T_CHECK((n > 0) == scalar, "U+%04X", c);
		T_CHECK(str_utf8((struct str){ out, n }) == n, "U+%04X", c);
		for (size_t cut = 1; cut < n; cut++)
			T_CHECK(utf8_bad_at((struct str){ out, cut }) == 0,
			    "U+%04X cut at %zu", c, cut);
		buf_reset(&b);
		T_CHECK(utf8_add(&b, c) == scalar && b.n == n &&
			str_eq(buf_view(&b), (struct str){ out, n }),
		    "U+%04X", c);
	}
	T_CHECK(!utf8_add(&b, UINT32_MAX), "the largest number");
	buf_release(&b);
}

/* The values that a wrong table would mix up, by their bytes. */
static void
test_write(void)
{
	static const struct {
		uint32_t c;
		struct str want;
	} values[] = {
		{ 0x00, STR_INIT("\0") },
		{ 0x7f, STR_INIT("\x7f") },
		{ 0x80, STR_INIT("\xc2\x80") },
		{ 0xe9, STR_INIT("\xc3\xa9") },
		{ 0x7ff, STR_INIT("\xdf\xbf") },
		{ 0x800, STR_INIT("\xe0\xa0\x80") },
		{ 0x20ac, STR_INIT("\xe2\x82\xac") },
		{ 0xffff, STR_INIT("\xef\xbf\xbf") },
		{ 0x10000, STR_INIT("\xf0\x90\x80\x80") },
		{ 0x1f4e7, STR_INIT("\xf0\x9f\x93\xa7") },
		{ 0x10ffff, STR_INIT("\xf4\x8f\xbf\xbf") },
	};
	char out[UTF8_MAX];
	size_t n;

	for (size_t i = 0; i < N(values); i++) {
		n = utf8_write(out, values[i].c);
		T_CHECK(str_eq((struct str){ out, n }, values[i].want),
		    "U+%04X", values[i].c);
	}
}

static void
test_utf16(void)
{
	static const struct {
		struct str in, want;
	} units[] = {
		{ STR_INIT(""), STR_INIT("") },
		{ STR_INIT("A\0\xe4\0"), STR_INIT("A\xc3\xa4") },
		{ STR_INIT("\xac\x20"), STR_INIT("\xe2\x82\xac") },
		{ STR_INIT("\x3d\xd8\xe7\xdc!\0"),
		    STR_INIT("\xf0\x9f\x93\xa7!") },
		{ STR_INIT("\x3d\xd8"), STR_INIT("\xef\xbf\xbd") },
		{ STR_INIT("\x3d\xd8!\0"), STR_INIT("\xef\xbf\xbd!") },
		{ STR_INIT("\xe7\xdc"), STR_INIT("\xef\xbf\xbd") },
		{ STR_INIT("A\0A"), STR_INIT("A\xef\xbf\xbd") },
	};
	struct buf out;

	buf_init(&out, 100);
	for (size_t i = 0; i < N(units); i++) {
		buf_reset(&out);
		utf8_add_utf16(&out, units[i].in, false);
		T_CHECK(str_eq(buf_view(&out), units[i].want), "row %zu: %.*s",
		    i, STR_ARG(buf_view(&out)));
	}
	buf_reset(&out);
	utf8_add_utf16(&out, STR("\0A\xd8\x3d\xdc\xe7"), true);
	T_CHECK(str_eq(buf_view(&out), STR("A\xf0\x9f\x93\xa7")), "big");
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "places", test_places },
	{ "all", test_all },
	{ "write", test_write },
	{ "UTF-16", test_utf16 },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
