/* SPDX-License-Identifier: MIT */
#include "config/change.h"

#include "t.h"

enum { TEXT_MAX = 4096 };

/* clang-format off */
static const struct {
	const char *name, *text, *account, *key, *line, *want;
	bool none; /* the key was not there to take away */
} cases[] = {
	{ "in place", "a = 1\nb = 2\nc = 3\n", "", "b", "b = 9",
	  "a = 1\nb = 9\nc = 3\n", false },
	{ "blanks, CRLF", "a=1\r\n  b\t= 2\r\nc = 3\r\n", "", "b", "b = 9",
	  "a=1\r\nb = 9\r\nc = 3\r\n", false },
	{ "no end of line", "a = 1\nb = 2", "", "b", "b = 9",
	  "a = 1\nb = 9\n", false },
	{ "a commented default", "# help\n#b = 2\n\n# more\nc = 3\n", "", "b",
	  "b = 9", "# help\nb = 9\n\n# more\nc = 3\n", false },
	{ "an example", "# help\n# For example:\n#b = 2\n", "", "b", "b = 9",
	  "# help\nb = 9\n", false },
	{ "not of the key before", "# For example:\n#a = 1\n#b = 2\n", "", "b",
	  "b = 9", "# For example:\n#a = 1\nb = 9\n", false },
	{ "the line, not the comment", "#b = 1\nb = 2\n", "", "b", "b = 9",
	  "#b = 1\nb = 9\n", false },
	{ "prose is no default", "# b is good = true\na = 1\n", "", "b",
	  "b = 9", "# b is good = true\na = 1\nb = 9\n", false },
	{ "behind the last", "a = 1\n\n# end\n", "", "b", "b = 9",
	  "a = 1\nb = 9\n\n# end\n", false },
	{ "before an account", "a = 1\n\n[account x]\nb = 2\n", "", "b",
	  "b = 9", "a = 1\nb = 9\n\n[account x]\nb = 2\n", false },
	{ "no key at the top", "[account x]\nb = 2\n", "", "b", "b = 9",
	  "b = 9\n[account x]\nb = 2\n", false },
	{ "empty", "", "", "b", "b = 9", "b = 9\n", false },
	{ "byte order mark", "\xef\xbb\xbf" "b = 2\n", "", "b", "b = 9",
	  "\xef\xbb\xbf" "b = 9\n", false },
	{ "mark alone", "\xef\xbb\xbf", "", "b", "b = 9",
	  "\xef\xbb\xbf" "b = 9\n", false },
	{ "account", "b = 1\n[account x]\nb = 2\n[account y]\nb = 3\n", "x",
	  "b", "b = 9", "b = 1\n[account x]\nb = 9\n[account y]\nb = 3\n",
	  false },
	{ "account, new key", "[account x]\n\n[relay]\nb = 3\n", "x", "b",
	  "b = 9", "[account x]\nb = 9\n\n[relay]\nb = 3\n", false },
	{ "account, new", "a = 1", "x", "b", "b = 9",
	  "a = 1\n\n[account x]\nb = 9\n", false },
	{ "account, of nothing", "", "x", "b", "b = 9",
	  "[account x]\nb = 9\n", false },
	{ "relay is none", "[relay]\nb = 3\n", "", "b", "b = 9",
	  "b = 9\n[relay]\nb = 3\n", false },
	{ "a sample's account", "#[account x]\n#b = 1\na = 2\n", "", "b",
	  "b = 9", "#[account x]\n#b = 1\na = 2\nb = 9\n", false },
	{ "away", "a = 1\nb = 2\nc = 3\n", "", "b", "", "a = 1\nc = 3\n",
	  false },
	{ "away, not there", "a = 1\n#b = 2\n", "", "b", "",
	  "a = 1\n#b = 2\n", true },
	{ "unknown keys stay", "x y z\nb = 2\n= 3\n[", "", "b", "b = 9",
	  "x y z\nb = 9\n= 3\n[", false },
};
/* clang-format on */

static void
test_rows(void)
{
	struct change c;
	struct buf out;
	bool done;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		c = (struct change){ str_of(cases[i].account),
			str_of(cases[i].key), str_of(cases[i].line) };
		buf_init(&out, TEXT_MAX);
		done = change_text(str_of(cases[i].text), &c, &out);
		T_CHECK(done == !cases[i].none &&
			str_eq(buf_view(&out), str_of(cases[i].want)),
		    "%s: %d %.*s", cases[i].name, done,
		    STR_ARG(buf_view(&out)));
		T_CHECK(change_has(buf_view(&out), &c) == (c.line.n > 0),
		    "%s: has it afterwards", cases[i].name);
		T_CHECK(c.line.n > 0 ||
			change_has(str_of(cases[i].text), &c) == done,
		    "%s: had it", cases[i].name);
		buf_release(&out);
	}
}

static const struct t_test tests[] = { { "rows", test_rows } };

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
