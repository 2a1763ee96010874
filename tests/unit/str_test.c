/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define NONE     ((struct str){ 0 })

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

/* clang-format off */
static const struct {
	const char *name;
	struct str a, b;
	bool eq, ieq, starts, istarts, ends, iends;
	int cmp; /* of a with b */
} pairs[] = {
	{ "both empty", STR_INIT(""), STR_INIT(""), 1, 1, 1, 1, 1, 1, 0 },
	{ "NULL and empty", { NULL, 0 }, STR_INIT(""), 1, 1, 1, 1, 1, 1, 0 },
	{ "b empty", STR_INIT("a"), STR_INIT(""), 0, 0, 1, 1, 1, 1, 1 },
	{ "a empty", STR_INIT(""), STR_INIT("a"), 0, 0, 0, 0, 0, 0, -1 },
	{ "same", STR_INIT("abc"), STR_INIT("abc"), 1, 1, 1, 1, 1, 1, 0 },
	{ "case", STR_INIT("aBc"), STR_INIT("AbC"), 0, 1, 0, 1, 0, 1, 1 },
	{ "no letters", STR_INIT("@["), STR_INIT("`{"), 0, 0, 0, 0, 0, 0, -1 },
	{ "not ASCII", STR_INIT("\xc4"), STR_INIT("\xe4"), 0, 0, 0, 0, 0, 0,
	    -1 },
	{ "head", STR_INIT("abc"), STR_INIT("ab"), 0, 0, 1, 1, 0, 0, 1 },
	{ "Head", STR_INIT("abc"), STR_INIT("AB"), 0, 0, 0, 1, 0, 0, 1 },
	{ "tail", STR_INIT("abc"), STR_INIT("bc"), 0, 0, 0, 0, 1, 1, -1 },
	{ "Tail", STR_INIT("abc"), STR_INIT("BC"), 0, 0, 0, 0, 0, 1, 1 },
	{ "NUL inside", STR_INIT("a\0b"), STR_INIT("a\0c"), 0, 0, 0, 0, 0, 0,
	    -1 },
	{ "bytes unsigned", STR_INIT("\x80"), STR_INIT("\x7f"), 0, 0, 0, 0, 0,
	    0, 1 },
};
/* clang-format on */

static void
test_pairs(void)
{
	for (size_t i = 0; i < N(pairs); i++) {
		const char *name = pairs[i].name;
		struct str a = pairs[i].a, b = pairs[i].b;

		T_CHECK(str_eq(a, b) == pairs[i].eq, "%s", name);
		T_CHECK(str_ieq(a, b) == pairs[i].ieq, "%s", name);
		T_CHECK(str_starts(a, b) == pairs[i].starts, "%s", name);
		T_CHECK(str_istarts(a, b) == pairs[i].istarts, "%s", name);
		T_CHECK(str_ends(a, b) == pairs[i].ends, "%s", name);
		T_CHECK(str_iends(a, b) == pairs[i].iends, "%s", name);
		T_CHECK(sign(str_cmp(a, b)) == pairs[i].cmp, "%s", name);
		T_CHECK(sign(str_cmp(b, a)) == -pairs[i].cmp, "%s", name);
	}
}

static void
test_of(void)
{
	T_CHECK(str_of(NULL).p == NULL && str_of(NULL).n == 0, "NULL");
	T_CHECK(str_of("").n == 0 && str_of("").p != NULL, "empty");
	T_CHECK(str_eq(str_of("abc"), STR("abc")), "abc");
}

static const struct {
	const char *name;
	struct str s;
	size_t at;
	struct str from, first;
} cuts[] = {
	{ "start", STR_INIT("abc"), 0, STR_INIT("abc"), STR_INIT("") },
	{ "inside", STR_INIT("abc"), 1, STR_INIT("bc"), STR_INIT("a") },
	{ "end", STR_INIT("abc"), 3, STR_INIT(""), STR_INIT("abc") },
	{ "beyond", STR_INIT("abc"), 9, STR_INIT(""), STR_INIT("abc") },
	{ "far", STR_INIT("abc"), SIZE_MAX, STR_INIT(""), STR_INIT("abc") },
	{ "empty", STR_INIT(""), 1, STR_INIT(""), STR_INIT("") },
	{ "NULL", { NULL, 0 }, 1, { NULL, 0 }, { NULL, 0 } },
};

static void
test_cuts(void)
{
	for (size_t i = 0; i < N(cuts); i++) {
		struct str s = cuts[i].s, from = str_from(s, cuts[i].at);

		T_CHECK(str_eq(from, cuts[i].from), "%s", cuts[i].name);
		T_CHECK(str_eq(str_first(s, cuts[i].at), cuts[i].first), "%s",
		    cuts[i].name);
		T_CHECK(s.p == NULL ? from.p == NULL :
				      from.p + from.n == s.p + s.n,
		    "%s: a slice of s", cuts[i].name);
	}
}

static const struct {
	struct str in, want;
} trims[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT(" \t\r\n"), STR_INIT("") },
	{ STR_INIT("a"), STR_INIT("a") },
	{ STR_INIT("  a b\t\r\n"), STR_INIT("a b") },
	{ STR_INIT("\va\f"), STR_INIT("\va\f") },
	{ STR_INIT(" \0 "), STR_INIT("\0") },
};

static void
test_trim(void)
{
	for (size_t i = 0; i < N(trims); i++)
		T_CHECK(str_eq(str_trim(trims[i].in), trims[i].want), "row %zu",
		    i);
	T_CHECK(str_trim(NONE).n == 0, "NULL");
}

static const struct {
	struct str s, needle;
	size_t want;
} finds[] = {
	{ STR_INIT("abcab"), STR_INIT("ab"), 0 },
	{ STR_INIT("abcab"), STR_INIT("cab"), 2 },
	{ STR_INIT("abcab"), STR_INIT("b"), 1 },
	{ STR_INIT("abcab"), STR_INIT("x"), 5 },
	{ STR_INIT("abcab"), STR_INIT("abcabc"), 5 },
	{ STR_INIT("abcab"), STR_INIT(""), 0 },
	{ STR_INIT("a\0b"), STR_INIT("\0b"), 1 },
	{ STR_INIT(""), STR_INIT("a"), 0 },
	{ STR_INIT(""), STR_INIT(""), 0 },
	{ { NULL, 0 }, STR_INIT("a"), 0 },
};

static void
test_find(void)
{
	for (size_t i = 0; i < N(finds); i++) {
		struct str s = finds[i].s, needle = finds[i].needle;

		T_CHECK(str_find(s, needle) == finds[i].want, "row %zu", i);
		T_CHECK(str_ifind(s, needle) == finds[i].want, "row %zu", i);
		if (needle.n == 1)
			T_CHECK(str_chr(s, *needle.p) == finds[i].want,
			    "row %zu", i);
	}
	T_CHECK(str_ifind(STR("xaBc"), STR("AbC")) == 1, "case");
}

static void
test_cut(void)
{
	struct str s = STR("a\xc3\xa4\xe2\x82\xac.");
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 7, 7 };

	for (size_t i = 0; i < N(want); i++)
		T_CHECK(str_cut(s, i).n == want[i] && str_cut(s, i).p == s.p,
		    "%zu: %zu", i, str_cut(s, i).n);
	T_CHECK(str_cut(STR("\x80\x80\x80"), 2).n == 0, "no character");
}

static const struct {
	struct str in;
	size_t n;
	struct str want[4];
} lists[] = {
	{ STR_INIT(""), 1, { STR_INIT("") } },
	{ STR_INIT("a"), 1, { STR_INIT("a") } },
	{ STR_INIT("a,b"), 2, { STR_INIT("a"), STR_INIT("b") } },
	{ STR_INIT("a,"), 2, { STR_INIT("a"), STR_INIT("") } },
	{ STR_INIT(",a"), 2, { STR_INIT(""), STR_INIT("a") } },
	{ STR_INIT(",,"), 3, { STR_INIT(""), STR_INIT(""), STR_INIT("") } },
	{ { NULL, 0 }, 0, { { NULL, 0 } } },
};

static void
test_next(void)
{
	struct str rest, part;
	size_t n;

	for (size_t i = 0; i < N(lists); i++) {
		rest = lists[i].in;
		for (n = 0; n < 4 && str_next(&rest, ',', &part); n++)
			T_CHECK(str_eq(part, lists[i].want[n]),
			    "row %zu, part %zu", i, n);
		T_CHECK(n == lists[i].n, "row %zu: %zu parts", i, n);
		T_CHECK(n == 0 || !str_next(&rest, ',', &part), "row %zu", i);
	}
}

static const struct {
	struct str in;
	uint64_t max;
	bool ok;
	uint64_t want;
} numbers[] = {
	{ STR_INIT("0"), 0, true, 0 },
	{ STR_INIT("1"), 0, false, 0 },
	{ STR_INIT("007"), 7, true, 7 },
	{ STR_INIT("255"), 255, true, 255 },
	{ STR_INIT("256"), 255, false, 0 },
	{ STR_INIT("18446744073709551615"), UINT64_MAX, true, UINT64_MAX },
	{ STR_INIT("18446744073709551616"), UINT64_MAX, false, 0 },
	{ STR_INIT("99999999999999999999"), UINT64_MAX, false, 0 },
	{ STR_INIT("000000000000000000000000001"), 1, true, 1 },
	{ STR_INIT(""), 9, false, 0 },
	{ STR_INIT("-1"), 9, false, 0 },
	{ STR_INIT("+1"), 9, false, 0 },
	{ STR_INIT(" 1"), 9, false, 0 },
	{ STR_INIT("1 "), 9, false, 0 },
	{ STR_INIT("1\0"), 9, false, 0 },
	{ STR_INIT("0x1"), 9, false, 0 },
	{ STR_INIT("1a"), 99, false, 0 },
};

static void
test_u64(void)
{
	for (size_t i = 0; i < N(numbers); i++) {
		uint64_t v = 42;
		bool ok = str_u64(numbers[i].in, numbers[i].max, &v);

		T_CHECK(ok == numbers[i].ok, "%s", numbers[i].in.p);
		T_CHECK(v == (ok ? numbers[i].want : 42), "%s",
		    numbers[i].in.p);
	}
}

/* Is u, of n bytes, one character by the table of RFC 3629 4? */
static bool
is_character(const unsigned char *u, size_t n)
{
	static const struct {
		size_t n;
		unsigned char low[4], high[4];
	} forms[] = {
		{ 1, { 0x00 }, { 0x7f } },
		{ 2, { 0xc2, 0x80 }, { 0xdf, 0xbf } },
		{ 3, { 0xe0, 0xa0, 0x80 }, { 0xe0, 0xbf, 0xbf } },
		{ 3, { 0xe1, 0x80, 0x80 }, { 0xec, 0xbf, 0xbf } },
		{ 3, { 0xed, 0x80, 0x80 }, { 0xed, 0x9f, 0xbf } },
		{ 3, { 0xee, 0x80, 0x80 }, { 0xef, 0xbf, 0xbf } },
		{ 4, { 0xf0, 0x90, 0x80, 0x80 }, { 0xf0, 0xbf, 0xbf, 0xbf } },
		{ 4, { 0xf1, 0x80, 0x80, 0x80 }, { 0xf3, 0xbf, 0xbf, 0xbf } },
		{ 4, { 0xf4, 0x80, 0x80, 0x80 }, { 0xf4, 0x8f, 0xbf, 0xbf } },
	};

	for (size_t i = 0; i < N(forms); i++) {
		size_t k = 0;

		while (k < n && n == forms[i].n && u[k] >= forms[i].low[k] &&
		    u[k] <= forms[i].high[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

/* Every pair of first bytes, with tails at the edges. */
static void
test_utf8(void)
{
	static const unsigned char edges[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0 };
	unsigned char u[4];
	size_t want, got;

	for (unsigned lead = 0; lead < 0x10000; lead++) {
		u[0] = (unsigned char)(lead >> 8);
		u[1] = (unsigned char)lead;
		for (size_t i = 0; i < N(edges) * N(edges); i++) {
			u[2] = edges[i % N(edges)];
			u[3] = edges[i / N(edges)];
			for (size_t n = 0; n <= 4; n++) {
				got = str_utf8((struct str){ (char *)u, n });
				want = 1;
				while (want <= n && !is_character(u, want))
					want++;
				want = want > n ? 0 : want;
				T_CHECK(got == want, "%02x %02x, n %zu: %zu",
				    u[0], u[1], n, got);
			}
		}
	}
}

static void
test_utf8_want(void)
{
	for (int c = 0; c < 256; c++) {
		size_t want = c < 0x80 ? 1 :
		    c < 0xc2           ? 0 :
		    c < 0xe0           ? 2 :
		    c < 0xf0           ? 3 :
		    c < 0xf5           ? 4 :
					 0;

		T_CHECK(str_utf8_want((char)c) == want, "%02x", c);
	}
}

static void
test_ascii(void)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		size_t at = str_chr(STR("0123456789abcdefABCDEF"), c);
		int want = at >= sizeof(hex) - 1 ? -1 :
		    at > 15                      ? (int)at - 6 :
						   (int)at;

		T_CHECK(ascii_hex(c) == want, "%02x", i);
		T_CHECK(ascii_is_digit(c) == (i >= '0' && i <= '9'), "%02x", i);
		T_CHECK(ascii_is_alpha(c) ==
			((i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z')),
		    "%02x", i);
		T_CHECK(ascii_lower(c) ==
			(i >= 'A' && i <= 'Z' ? (char)(i + 32) : c),
		    "%02x", i);
	}
}

static const struct t_test tests[] = {
	{ "pairs", test_pairs },
	{ "of", test_of },
	{ "cuts", test_cuts },
	{ "trim", test_trim },
	{ "find", test_find },
	{ "cut", test_cut },
	{ "next", test_next },
	{ "u64", test_u64 },
	{ "utf8", test_utf8 },
	{ "utf8 want", test_utf8_want },
	{ "ascii", test_ascii },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
