/* SPDX-License-Identifier: MIT */
#include "codec/page.h"

#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

#define TEN "0123456789"

/* clang-format off */
static const struct {
	const char *name;
	struct str body, words;
	bool web, secret;
} rows[] = {
	{ "nothing", STR_INIT(""), STR_INIT(""), false, false },
	{ "words", STR_INIT("  no entry\r\n"), STR_INIT("no entry"), false,
	  false },
	{ "title", STR_INIT("\n<html><head><TITLE lang=en>\n 403 No\n"
	    "</title><body>why"), STR_INIT("403 No"), true, false },
	{ "page without title", STR_INIT("<h1>No</h1>"),
	  STR_INIT("<h1>No</h1>"), true, false },
	{ "title that is cut", STR_INIT("<title"), STR_INIT(""), true, false },
	{ "title without end", STR_INIT("<title>a"), STR_INIT("a"), true,
	  false },
	{ "long", STR_INIT(TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345678"
	    "\xc3\xa4 and more"),
	  STR_INIT(TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345678"), false,
	  false },
	{ "echo of a form", STR_INIT("you said: Client_Secret=abc"),
	  STR_INIT("you said: Client_Secret=abc"), false, true },
	{ "echo of a head", STR_INIT("Proxy-Authorization: Basic eA=="),
	  STR_INIT("Proxy-Authorization: Basic eA=="), false, true },
	{ "token", STR_INIT("at eyJhbGci"), STR_INIT("at eyJhbGci"), false,
	  true },
};
/* clang-format on */

static void
test_rows(void)
{
	struct str words;

	for (size_t i = 0; i < N(rows); i++) {
		words = page_words(rows[i].body);
		T_CHECK(str_eq(words, rows[i].words), "%s: %.*s", rows[i].name,
		    STR_ARG(words));
		T_CHECK(page_is_web(rows[i].body) == rows[i].web, "%s",
		    rows[i].name);
		T_CHECK(page_may_be_secret(rows[i].body) == rows[i].secret,
		    "%s", rows[i].name);
	}
}

/* Wherever and in whatever pieces a secret stands, and nothing else. */
static const struct {
	const char *name;
	struct str text, secret, want;
} masks[] = {
	{ "nothing of it", STR_INIT("what is here"), STR_INIT("0123456789"),
	    STR_INIT("what is here") },
	{ "all of it", STR_INIT("a0123456789b"), STR_INIT("0123456789"),
	    STR_INIT("a**********b") },
	{ "its beginning", STR_INIT("01234567x"), STR_INIT("0123456789"),
	    STR_INIT("********x") },
	{ "its end, cut", STR_INIT("x23456789"), STR_INIT("0123456789"),
	    STR_INIT("x********") },
	{ "too little", STR_INIT("0123456 3456789"), STR_INIT("0123456789"),
	    STR_INIT("0123456 3456789") },
	{ "twice, in a row", STR_INIT("01234567890123456789"),
	    STR_INIT("0123456789"), STR_INIT("********************") },
	{ "in two ways", STR_INIT("abcdefghijabcdefghXj"),
	    STR_INIT("abcdefghXabcdefghij"), STR_INIT("*******************j") },
	{ "a short one", STR_INIT("1234567"), STR_INIT("1234567"),
	    STR_INIT("1234567") },
	{ "no text", STR_INIT(""), STR_INIT("0123456789"), STR_INIT("") },
};

static void
test_masks(void)
{
	struct buf text;

	for (size_t i = 0; i < N(masks); i++) {
		buf_init(&text, 100);
		buf_adds(&text, masks[i].text);
		page_mask(&text, masks[i].secret);
		T_CHECK(str_eq(buf_view(&text), masks[i].want), "%s: %.*s",
		    masks[i].name, STR_ARG(buf_view(&text)));
		buf_release(&text);
	}
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "masks", test_masks },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
