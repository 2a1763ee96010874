/* SPDX-License-Identifier: MIT */
#include "config/change.h"

#include "t.h"

enum { TEXT_MAX = 4096 };

/* clang-format off */
static const struct {
	const char *name, *text, *account, *key, *line, *want;
	bool none; /* the key was not there to take away */
	bool relay;
} cases[] = {
	{ "in place", "a = 1\nb = 2\nc = 3\n", "", "b", "b = 9",
	  "a = 1\nb = 9\nc = 3\n", false, false },
	{ "blanks, CRLF", "a=1\r\n  b\t= 2\r\nc = 3\r\n", "", "b", "b = 9",
	  "a=1\r\nb = 9\r\nc = 3\r\n", false, false },
	{ "no end of line", "a = 1\nb = 2", "", "b", "b = 9",
	  "a = 1\nb = 9\n", false, false },
	{ "a commented default", "# help\n#b = 2\n\n# more\nc = 3\n", "", "b",
	  "b = 9", "# help\nb = 9\n\n# more\nc = 3\n", false, false },
	{ "an example", "# help\n# For example:\n#b = 2\n", "", "b", "b = 9",
	  "# help\nb = 9\n", false, false },
	{ "not of the key before", "# For example:\n#a = 1\n#b = 2\n", "", "b",
	  "b = 9", "# For example:\n#a = 1\nb = 9\n", false, false },
	{ "the line, not the comment", "#b = 1\nb = 2\n", "", "b", "b = 9",
	  "#b = 1\nb = 9\n", false, false },
	{ "prose is no default", "# b is good = true\na = 1\n", "", "b",
	  "b = 9", "# b is good = true\na = 1\nb = 9\n", false, false },
	{ "behind the last", "a = 1\n\n# end\n", "", "b", "b = 9",
	  "a = 1\nb = 9\n\n# end\n", false, false },
	{ "before an account", "a = 1\n\n[account x]\nb = 2\n", "", "b",
	  "b = 9", "a = 1\nb = 9\n\n[account x]\nb = 2\n", false, false },
	{ "no key at the top", "[account x]\nb = 2\n", "", "b", "b = 9",
	  "b = 9\n[account x]\nb = 2\n", false, false },
	{ "empty", "", "", "b", "b = 9", "b = 9\n", false, false },
	{ "byte order mark", "\xef\xbb\xbf" "b = 2\n", "", "b", "b = 9",
	  "\xef\xbb\xbf" "b = 9\n", false, false },
	{ "mark alone", "\xef\xbb\xbf", "", "b", "b = 9",
	  "\xef\xbb\xbf" "b = 9\n", false, false },
	{ "account", "b = 1\n[account x]\nb = 2\n[account y]\nb = 3\n", "x",
	  "b", "b = 9", "b = 1\n[account x]\nb = 9\n[account y]\nb = 3\n",
	  false, false },
	{ "account, new key", "[account x]\n\n[relay]\nb = 3\n", "x", "b",
	  "b = 9", "[account x]\nb = 9\n\n[relay]\nb = 3\n", false, false },
	{ "account, new", "a = 1", "x", "b", "b = 9",
	  "a = 1\n\n[account x]\nb = 9\n", false, false },
	{ "account, of nothing", "", "x", "b", "b = 9",
	  "[account x]\nb = 9\n", false, false },
	{ "relay is none", "[relay]\nb = 3\n", "", "b", "b = 9",
	  "b = 9\n[relay]\nb = 3\n", false, false },
	{ "a sample's account", "#[account x]\n#b = 1\na = 2\n", "", "b",
	  "b = 9", "#[account x]\n#b = 1\na = 2\nb = 9\n", false, false },
	{ "away", "a = 1\nb = 2\nc = 3\n", "", "b", "", "a = 1\nc = 3\n",
	  false, false },
	{ "away, not there", "a = 1\n#b = 2\n", "", "b", "",
	  "a = 1\n#b = 2\n", true, false },
	{ "relay", "b = 1\n[relay]\nb = 2\n[account x]\nb = 3\n", "", "b",
	  "b = 9", "b = 1\n[relay]\nb = 9\n[account x]\nb = 3\n", false,
	  true },
	{ "relay, several for several", "[relay]\na = 1\nb = 2\nc = 3\nb = 4\n"
	  "# b\nb = 5\n[account x]\nb = 6\n", "", "b", "b = 8\nb = 9",
	  "[relay]\na = 1\nb = 8\nb = 9\nc = 3\n# b\n[account x]\nb = 6\n",
	  false, true },
	{ "relay, several, CRLF", "[relay]\r\nb = 2\r\n", "", "b",
	  "b = 8\nb = 9", "[relay]\r\nb = 8\r\nb = 9\r\n", false, true },
	{ "relay, several away", "[relay]\nb = 2\na = 1\nb = 4", "", "b", "",
	  "[relay]\na = 1\n", false, true },
	{ "relay, new", "b = 1\n", "", "b", "b = 9",
	  "b = 1\n\n[relay]\nb = 9\n", false, true },
	{ "relay, a new key", "[relay]\na = 1\n\n[account x]\n", "", "b",
	  "b = 9", "[relay]\na = 1\nb = 9\n\n[account x]\n", false, true },
	{ "unknown keys stay", "x y z\nb = 2\n= 3\n[", "", "b", "b = 9",
	  "x y z\nb = 9\n= 3\n[", false, false },
};
/* clang-format on */

static void
test_rows(void)
{
	struct change c;
	struct buf out;
	bool done;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		c = (struct change){ .account = str_of(cases[i].account),
			.relay = cases[i].relay,
			.key = str_of(cases[i].key),
			.line = str_of(cases[i].line) };
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
