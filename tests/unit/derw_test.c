/* SPDX-License-Identifier: MIT */
#include "codec/derw.h"

#include <string.h>

#include "codec/der.h"
#include "t.h"

enum { MOST = 70000 };

static char bytes[MOST], room[MOST + 8];

static const struct {
	const char *name;
	size_t n;        /* bytes of content */
	struct str head; /* tag and length before them */
} cases[] = {
	{ "nothing", 0, STR_INIT("\x04\x00") },
	{ "one", 1, STR_INIT("\x04\x01") },
	{ "most of the short form", 127, STR_INIT("\x04\x7f") },
	{ "least of the long form", 128, STR_INIT("\x04\x81\x80") },
	{ "one byte of length", 255, STR_INIT("\x04\x81\xff") },
	{ "two", 256, STR_INIT("\x04\x82\x01\x00") },
	{ "two, all", 65535, STR_INIT("\x04\x82\xff\xff") },
	{ "three", 65536, STR_INIT("\x04\x83\x01\x00\x00") },
};

static void
check_row(size_t i)
{
	struct str s = { bytes, cases[i].n }, got, value;
	size_t whole = cases[i].head.n + s.n;
	struct derw w = derw_begin(room, whole);

	derw_put(&w, s);
	derw_head(&w, DER_OCTETS, 0);
	got = derw_view(&w);
	T_CHECK(w.ok && got.n == whole && derw_n(&w) == whole &&
		str_starts(got, cases[i].head),
	    "%s: %zu bytes", cases[i].name, got.n);
	T_CHECK(der_take(&got, DER_OCTETS, &value) && value.n == s.n &&
		got.n == 0,
	    "%s: read back", cases[i].name);
	for (size_t less = 1; less <= whole && less < 8; less++) {
		w = derw_begin(room, whole - less);
		derw_put(&w, s);
		derw_head(&w, DER_OCTETS, 0);
		derw_put(&w, STR(""));
		T_CHECK(!w.ok && derw_n(&w) <= whole - less, "%s: %zu less",
		    cases[i].name, less);
	}
}

/* SEQUENCE of two, the first of which has an element in it. */
static void
test_nested(void)
{
	struct derw w = derw_begin(room, sizeof(room));
	size_t since;

	derw_put(&w, STR("b"));
	derw_head(&w, DER_OCTETS, 0);
	since = derw_n(&w);
	derw_put(&w, STR("\x2a"));
	derw_head(&w, DER_INTEGER, since);
	derw_head(&w, DER_SET, since);
	derw_head(&w, DER_SEQUENCE, 0);
	T_CHECK(w.ok &&
		str_eq(derw_view(&w),
		    STR("\x30\x08\x31\x03\x02\x01\x2a\x04\x01"
			"b")),
	    "%zu bytes", derw_n(&w));
}

static void
test_rows(void)
{
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_row(i);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "nested", test_nested },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
