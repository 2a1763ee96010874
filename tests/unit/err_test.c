/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/* design.md 1: one table decides what a failure means. */
static const struct {
	enum err_kind kind;
	const char *name;
	int exit;
} kinds[] = {
	{ ERR_NONE, "none", 0 },
	{ ERR_RETRY, "retry", 75 },
	{ ERR_UNSURE, "unsure", 76 },
	{ ERR_REFUSED, "refused", 69 },
	{ ERR_AUTH, "auth", 77 },
	{ ERR_CONFIG, "config", 78 },
	{ ERR_INPUT, "input", 65 },
	{ ERR_USAGE, "usage", 64 },
	{ ERR_BUG, "bug", 70 },
};

static void
test_kinds(void)
{
	struct err e;

	T_CHECK(N(kinds) == ERR_BUG + 1, "a row for each kind");
	for (size_t i = 0; i < N(kinds); i++) {
		memset(&e, 0xff, sizeof(e));
		T_CHECK(!err_set(&e, kinds[i].kind, "why %d", 7), "false");
		T_CHECK(e.kind == kinds[i].kind, "%s", kinds[i].name);
		T_CHECK(strcmp(e.msg, "why 7") == 0, "%s", e.msg);
		T_CHECK(e.code[0] == '\0' && e.remedy[0] == '\0' &&
			e.retry_after_ms == 0,
		    "nothing of what was there before");
		T_CHECK(err_exit(&e) == kinds[i].exit, "%s", kinds[i].name);
		T_CHECK(strcmp(err_kind_name(e.kind), kinds[i].name) == 0, "%s",
		    kinds[i].name);
		e.exit = 66;
		T_CHECK(err_exit(&e) == 66, "its own exit goes first");
	}
}

static const struct {
	const char *name, *in, *want;
} texts[] = {
	{ "plain", "a b: c", "a b: c" },
	{ "empty", "", "" },
	{ "line ends", "a\r\nb\nc", "a  b c" },
	{ "tab", "a\tb", "a b" },
	{ "escape sequence", "\x1b[2J\x07", "?[2J?" },
	{ "DEL", "a\x7f", "a?" },
	{ "C1",
	    "a\xc2\x9b"
	    "2J\xc2\x80\xc2\xa0",
	    "a?2J?\xc2\xa0" },
	{ "UTF-8", "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa7",
	    "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa7" },
	{ "bad bytes",
	    "a\xff\xfe"
	    "b\xc3",
	    "a??b?" },
	{ "overlong", "\xc0\xaf\xe0\x80\x80", "?????" },
	{ "surrogate", "\xed\xa0\x80", "???" },
	{ "direction", "x\xe2\x80\xaey\xe2\x81\xa6z\xd8\x9c", "x?y?z?" },
	{ "line separators", "x\xe2\x80\xa8y\xe2\x80\xa9z", "x?y?z" },
	{ "beside the controls", "\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xaa",
	    "\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xaa" },
};

static void
test_texts(void)
{
	struct err e;

	for (size_t i = 0; i < N(texts); i++) {
		err_set(&e, ERR_INPUT, "%s", texts[i].in);
		T_CHECK(strcmp(e.msg, texts[i].want) == 0, "%s: %s",
		    texts[i].name, e.msg);
		err_remedy(&e, "%s", texts[i].in);
		T_CHECK(strcmp(e.remedy, texts[i].want) == 0, "%s: remedy",
		    texts[i].name);
		err_set(&e, ERR_INPUT, "end");
		err_wrap(&e, "%s", texts[i].in);
		T_CHECK(str_starts(str_of(e.msg), str_of(texts[i].want)),
		    "%s: wrap", texts[i].name);
	}
}

/* Whatever the length, and wherever it cuts: one line of UTF-8 that ends. */
static void
test_long(void)
{
	static const char euro[] = "\xe2\x82\xac";
	char text[3 * ERR_MSG_SIZE];
	struct err e;
	struct str s;

	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i < sizeof(text); i++)
			text[i] = euro[(i - shift) % 3];
		text[sizeof(text) - 1] = '\0';
		err_set(&e, ERR_INPUT, "%s", text);
		err_remedy(&e, "%s", text);
		err_wrap(&e, "%s", "context");
		T_CHECK(strlen(e.msg) > ERR_MSG_SIZE - 8, "most of it");
		T_CHECK(strlen(e.remedy) > ERR_REMEDY_SIZE - 8, "most of it");
		for (s = str_of(e.msg); s.n > 0; s = str_from(s, str_utf8(s)))
			if (str_utf8(s) == 0)
				break;
		T_CHECK(s.n == 0, "shift %zu: not UTF-8", shift);
		err_wrap(&e, "%s", text);
		T_CHECK(strlen(e.msg) < sizeof(e.msg), "ends");
	}
}

static void
test_code(void)
{
	char code[2 * ERR_CODE_SIZE];
	struct err e;

	err_set(&e, ERR_INPUT, "why");
	memset(code, 'x', sizeof(code));
	err_code(&e, (struct str){ code, sizeof(code) });
	T_CHECK(strlen(e.code) == ERR_CODE_SIZE - 1, "what has room");
	err_code(&e, STR("ErrorItemNotFound"));
	T_CHECK(strcmp(e.code, "ErrorItemNotFound") == 0, "%s", e.code);
	err_code(&e, (struct str){ 0 });
	T_CHECK(e.code[0] == '\0' && strcmp(e.msg, "why") == 0, "none");
}

static void
test_wrap(void)
{
	struct err e;

	err_set(&e, ERR_REFUSED, "inner");
	err_remedy(&e, "do this");
	T_CHECK(!err_code(&e, STR("Code")), "false");
	e.exit = 67;
	e.retry_after_ms = 5;
	T_CHECK(!err_wrap(&e, "outer %d", 1), "false");
	T_CHECK(strcmp(e.msg, "outer 1: inner") == 0, "%s", e.msg);
	T_CHECK(!err_wrap(&e, "more"), "false");
	T_CHECK(strcmp(e.msg, "more: outer 1: inner") == 0, "%s", e.msg);
	T_CHECK(e.kind == ERR_REFUSED && e.exit == 67 &&
		e.retry_after_ms == 5 && strcmp(e.code, "Code") == 0 &&
		strcmp(e.remedy, "do this") == 0,
	    "all else stays");
}

static void
test_sys(void)
{
	struct err e;

	errno = ENOENT;
	T_CHECK(!err_sys(&e, ERR_INPUT, "file %s", "x"), "false");
	T_CHECK(strcmp(e.msg, "file x: No such file or directory") == 0, "%s",
	    e.msg);
	T_CHECK(e.kind == ERR_INPUT && e.exit == 0 && !e.full, "kind");
	errno = ENOSPC;
	T_CHECK(!err_sys(&e, ERR_RETRY, "x") && e.full, "full");
	errno = EDQUOT;
	T_CHECK(!err_sys(&e, ERR_RETRY, "x") && e.full, "full for this user");
}

static const struct t_test tests[] = {
	{ "kinds", test_kinds },
	{ "texts", test_texts },
	{ "long", test_long },
	{ "code", test_code },
	{ "wrap", test_wrap },
	{ "sys", test_sys },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
