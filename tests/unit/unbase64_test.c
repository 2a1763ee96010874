/* SPDX-License-Identifier: MIT */
#include "codec/unbase64.h"

#include "codec/base64.h"
#include "t.h"

static const struct {
	const char *name, *in, *want;
	bool sound;
} rows[] = {
	/* clang-format off */
	{ "empty", "", "", true },
	{ "whole groups", "QUJDREVG", "ABCDEF", true },
	{ "one digit of padding", "QUI=", "AB", true },
	{ "two", "QQ==", "A", true },
	{ "no padding", "QUI", "AB", true },
	{ "lines", "QU\r\nJD\r\n", "ABC", true },
	{ "other characters", "Q!U-J_D", "ABC", true },
	{ "a digit over", "QUJDR", "ABC", false },
	{ "text behind the padding", "QQ==\r\nQUJD", "A", false },
	{ "blanks behind the padding", "QQ==\r\n \r\n", "A", true },
	{ "all digits", "+/+/", "\xfb\xff\xbf", true },
	/* clang-format on */
};

static bool
decode(struct str in, size_t a, size_t b, struct buf *out)
{
	struct unbase64 u = { 0 };

	unbase64_feed(&u, str_first(in, a), out);
	unbase64_feed(&u, str_first(str_from(in, a), b - a), out);
	unbase64_feed(&u, str_from(in, b), out);
	return unbase64_finish(&u, out);
}

static void
test_rows(void)
{
	struct buf out;
	struct str in;

	buf_init(&out, 256);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		in = str_of(rows[i].in);
		for (size_t a = 0; a <= in.n; a++)
			for (size_t b = a; b <= in.n; b++) {
				buf_reset(&out);
				T_CHECK(decode(in, a, b, &out) == rows[i].sound,
				    "%s, cut at %zu and %zu", rows[i].name, a,
				    b);
				T_CHECK(str_eq(buf_view(&out),
					    str_of(rows[i].want)),
				    "%s, cut at %zu and %zu: %.*s",
				    rows[i].name, a, b,
				    STR_ARG(buf_view(&out)));
			}
	}
	buf_release(&out);
}

/* Every byte in every place: as the decoder of whole texts has it. */
static void
test_same(void)
{
	struct buf text, whole, cut;
	struct err e;
	char c;

	buf_init(&text, 65536);
	buf_init(&whole, 65536);
	buf_init(&cut, 65536);
	for (int i = 0; i < 256 * 3; i++) {
		c = (char)i;
		base64_encode(&text, (struct str){ &c, 1 });
		buf_rewind(&text, text.n - 2); /* its padding */
		buf_addz(&text, i % 2 == 0 ? "AB" : "\r\nAB");
	}
	T_CHECK(unbase64_whole(&whole, buf_view(&text), &e), "%s", e.msg);
	T_CHECK(decode(buf_view(&text), text.n / 3, text.n / 2, &cut), "sound");
	T_CHECK(whole.n > 700 && str_eq(buf_view(&whole), buf_view(&cut)),
	    "not the same");
	buf_release(&text);
	buf_release(&whole);
	buf_release(&cut);
}

static const struct t_test tests[] = {
	{ "rows at every two splits", test_rows },
	{ "as unbase64_whole", test_same },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
