/* SPDX-License-Identifier: MIT */
#include "mail/alias.h"

#include <sysexits.h>

#include "t.h"

enum { LIMIT = 1024 * 1024 };

static const char file[] =
    "# a comment\n"
    "root: admin, \"Ops, Team\" <ops@example.com> # behind it\n"
    "admin:\n"
    "\talice@example.com,\n"
    "  bob@example.com\n"
    "\n"
    "Cron-Daemon: carol@example.com\n"
    "self: self, dave@example.com\n"
    "a: b\n"
    "b: c\n"
    "c: a\n";

static const struct {
	const char *name, *extra, *domain, *mailbox;
	struct str in;
	const char *want; /* NULL: refused */
	int exit;
} rows[] = {
	/* clang-format off */
	{ "none", "", "", "m@x", STR_INIT(""), "", 0 },
	{ "not local", "", "", "m@x", STR_INIT("z@y"), "z@y", 0 },
	{ "nested", "", "", "m@x", STR_INIT("root"),
	  "alice@example.com,bob@example.com,ops@example.com", 0 },
	{ "any case", "", "", "m@x", STR_INIT("ROOT@LocalHost"),
	  "alice@example.com,bob@example.com,ops@example.com", 0 },
	{ "name kept", "", "", "m@x", STR_INIT("Me <cron-daemon>"),
	  "carol@example.com", 0 },
	{ "itself and another", "", "d.example", "m@x", STR_INIT("self"),
	  "self@d.example,dave@example.com", 0 },
	{ "no alias, a domain", "", "d.example", "m@x", STR_INIT("joe"),
	  "joe@d.example", 0 },
	{ "no alias, local domain", "", "d.example", "m@x",
	  STR_INIT("joe@localhost"), "joe@d.example", 0 },
	{ "no alias, the mailbox", "", "", "m@x", STR_INIT("joe"), "m@x", 0 },
	{ "nothing at all", "", "", "", STR_INIT("joe"), NULL, EX_NOUSER },
	{ "circle", "", "", "m@x", STR_INIT("a"), NULL, EX_CONFIG },
	{ "catch-all", "default: all@example.com\n", "", "m@x",
	  STR_INIT("joe, root@y"), "all@example.com,root@y", 0 },
	{ "star", "*: all@example.com\n", "", "m@x", STR_INIT("joe"),
	  "all@example.com", 0 },
	{ "catch-all to a name", "*: joe\n", "d.example", "m@x",
	  STR_INIT("any"), "joe@d.example", 0 },
	/* clang-format on */
};

static void
expand_row(size_t i, struct buf *got)
{
	struct str local[] = { STR("localhost") };
	struct alias_rules r = { .local = local, .n_local = 1 };
	struct addr *in, *out = NULL;
	struct alias *list;
	struct arena a;
	struct err e = { 0 };
	struct str text;
	bool ok;

	arena_init(&a, LIMIT);
	text = arena_fmt(&a, "%s%s", file, rows[i].extra);
	T_CHECK(alias_parse(&a, text, STR("f"), &list, &e), "%s: %s",
	    rows[i].name, e.msg);
	r.alias = list;
	r.default_domain = str_of(rows[i].domain);
	r.mailbox = str_of(rows[i].mailbox);
	T_CHECK(addr_parse_list(&a, rows[i].in, true, &in, &e), "%s", e.msg);
	ok = alias_expand(&a, &r, in, &out, &e);
	T_CHECK(ok == (rows[i].want != NULL), "%s: %s", rows[i].name, e.msg);
	if (!ok)
		T_CHECK(err_exit(&e) == rows[i].exit, "%s: exit %d",
		    rows[i].name, err_exit(&e));
	for (; ok && out != NULL; out = out->next) {
		buf_adds(got, out->text);
		if (out->next != NULL)
			buf_addc(got, ',');
	}
	arena_release(&a);
}

static void
test_expand(void)
{
	struct buf got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&got, 4096);
		expand_row(i, &got);
		if (rows[i].want != NULL)
			T_CHECK(str_eq(buf_view(&got), str_of(rows[i].want)),
			    "%s: got %.*s", rows[i].name,
			    STR_ARG(buf_view(&got)));
		buf_release(&got);
	}
}

static const struct {
	const char *name, *in, *want; /* want: words of the message */
} bad[] = {
	/* clang-format off */
	{ "no colon", "root\n", "f:1" },
	{ "no address", "a: b\nroot:\n", "f:2" },
	{ "command", "x: |/bin/cat\n", "a command" },
	{ "quoted command", "x: \"|/bin/cat -n\"\n", "a command" },
	{ "file", "x: /var/mail/x\n", "a file" },
	{ "include", "x: :include:/list\n", "an include" },
	{ "twice", "x: a\ny: b\nX: c\n", "line 1" },
	{ "no address at all", "x: a@b@c\n", "f:1" },
	/* clang-format on */
};

static void
test_bad(void)
{
	struct alias *list;
	struct arena a;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		arena_init(&a, LIMIT);
		T_CHECK(!alias_parse(&a, str_of(bad[i].in), STR("f"), &list,
			    &e),
		    "%s", bad[i].name);
		T_CHECK(e.kind == ERR_CONFIG, "%s: kind", bad[i].name);
		T_CHECK(str_find(str_of(e.msg), str_of(bad[i].want)) <
			str_of(e.msg).n,
		    "%s: %s", bad[i].name, e.msg);
		arena_release(&a);
	}
}

static void
once(void)
{
	struct alias_rules r = { .mailbox = STR("m@x") };
	struct addr name = { .local = STR("root"), .text = STR("root") };
	struct addr *out;
	struct alias *list;
	struct arena a;
	struct err e = { 0 };

	arena_init(&a, LIMIT);
	if (alias_parse(&a, STR("root: me\n"), STR("f"), &list, &e)) {
		r.alias = list;
		if (alias_expand(&a, &r, &name, &out, &e))
			T_CHECK(out != NULL, "complete");
	}
	T_CHECK(e.kind == ERR_NONE || e.kind == ERR_RETRY, "%s", e.msg);
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(once);
}

static const struct t_test tests[] = {
	{ "expand", test_expand },
	{ "bad files", test_bad },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
