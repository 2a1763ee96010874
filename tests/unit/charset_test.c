/* SPDX-License-Identifier: MIT */
/*
 * Every byte of every set, against the C library's iconv, which nobody here
 * wrote. Where that has a set not, it is passed over with a word.
 */
#include "codec/charset.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "codec/utf8.h"
#include "t.h"

/* ours, and the set of iconv that it is to agree with */
static const char *const sets[][2] = {
	{ "iso-8859-1", "CP1252" },
	{ "latin1", "CP1252" },
	{ "ISO-8859-2", "ISO-8859-2" },
	{ "iso_8859-3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-9", "CP1254" },
	{ "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-11", "CP874" },
	{ "iso-8859-13", "ISO-8859-13" },
	{ "iso-8859-14", "ISO-8859-14" },
	{ "iso8859-15", "ISO-8859-15" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "windows-1250", "CP1250" },
	{ "Windows-1251", "CP1251" },
	{ "windows-1252", "CP1252" },
	{ "windows-1253", "CP1253" },
	{ "windows-1254", "CP1254" },
	{ "windows-1255", "CP1255" },
	{ "windows-1256", "CP1256" },
	{ "windows-1257", "CP1257" },
	{ "windows-1258", "CP1258" },
	{ "windows-874", "CP874" },
	{ "cp1251", "CP1251" },
	{ "x-cp1250", "CP1250" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	{ "KOI8-U", "KOI8-U" },
};

/* What iconv makes of one byte; the empty text: nothing. */
static struct str
charset_asked(iconv_t with, char byte, char room[16])
{
	char *in = &byte, *out = room;
	size_t in_n = 1, out_n = 16;

	(void)iconv(with, NULL, NULL, NULL, NULL);
	/* twice: a letter may wait for the accent that follows */
	if (iconv(with, &in, &in_n, &out, &out_n) == (size_t)-1 ||
	    iconv(with, NULL, NULL, &out, &out_n) == (size_t)-1)
		return (struct str){ room, 0 };
	return (struct str){ room, 16 - out_n };
}

static void
test_iconv(void)
{
	char room[16], byte;
	struct str want;
	struct buf out;
	iconv_t with;
	bool ok;

	buf_init(&out, 64);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		with = iconv_open("UTF-8", sets[i][1]);
		if (with == (iconv_t)-1) {
			printf("  (no %s in this iconv)\n", sets[i][1]);
			continue;
		}
		for (int c = 1; c < 256; c++) {
			byte = (char)c;
			buf_reset(&out);
			ok = charset_to_utf8(&out, str_of(sets[i][0]),
			    (struct str){ &byte, 1 });
			want = charset_asked(with, byte, room);
			/* browsers give those that are free in Windows sets
			   the control characters of ISO */
			if (want.n == 0 && c >= 0x80 && c < 0xa0)
				want.n = utf8_write(room, (uint32_t)c);
			T_CHECK(ok == (want.n > 0) &&
				str_eq(buf_view(&out), want),
			    "%s, byte %02x: %d, %zu bytes", sets[i][0], c, ok,
			    out.n);
		}
		iconv_close(with);
	}
	buf_release(&out);
}

static const struct {
	const char *name;
	struct str charset, in;
	bool ok;
	struct str want;
} cases[] = {
	/* clang-format off */
	{ "UTF-8", STR_INIT("UTF-8"), STR_INIT("\xc3\xa4"), true,
	  STR_INIT("\xc3\xa4") },
	{ "UTF-8 that is none", STR_INIT("utf8"), STR_INIT("a\xff"), false,
	  STR_INIT("") },
	{ "ASCII", STR_INIT("us-ascii"), STR_INIT("a"), true, STR_INIT("a") },
	{ "ASCII that is UTF-8", STR_INIT("US-ASCII"), STR_INIT("\xc3\xa4"),
	  true, STR_INIT("\xc3\xa4") },
	{ "ASCII that is neither", STR_INIT("us-ascii"), STR_INIT("\xe4"),
	  true, STR_INIT("\xc3\xa4") },
	{ "a byte that is no character", STR_INIT("windows-1253"),
	  STR_INIT("a\xd2"), false, STR_INIT("") },
	{ "NUL", STR_INIT("koi8-r"), STR_INIT("\0"), true, STR_INIT("\0") },
	{ "several bytes", STR_INIT("iso-2022-jp"), STR_INIT("a"), false,
	  STR_INIT("") },
	{ "windows alone", STR_INIT("windows"), STR_INIT("a"), false,
	  STR_INIT("") },
	{ "windows-koi8-r", STR_INIT("windows-koi8-r"), STR_INIT("a"), false,
	  STR_INIT("") },
	{ "no name", STR_INIT(""), STR_INIT("a"), false, STR_INIT("") },
	/* clang-format on */
};

static void
test_cases(void)
{
	struct buf out;
	bool ok;

	buf_init(&out, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		ok = charset_to_utf8(&out, cases[i].charset, cases[i].in);
		T_CHECK(ok == cases[i].ok &&
			str_eq(buf_view(&out), cases[i].want),
		    "%s: %d, %.*s", cases[i].name, ok, STR_ARG(buf_view(&out)));
	}
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "every byte, as iconv has it", test_iconv },
	{ "cases", test_cases },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
