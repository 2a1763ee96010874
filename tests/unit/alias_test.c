/* SPDX-License-Identifier: MIT */
#include "mail/alias.h"

#include <stdio.h>
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
	/* one entry that is of no use leaves the others alone */
	{ "no further", "x: \\root, y@z\n", "d.example", "m@x",
	  STR_INIT("x"), "root@d.example,y@z", 0 },
	{ "no further, by itself", "x: \\x, y@z\n", "", "m@x",
	  STR_INIT("x"), "m@x,y@z", 0 },
	{ "no further, an address", "x: \\a@y\n", "", "m@x", STR_INIT("x"),
	  "a@y", 0 },
	{ "beside a command", "x: |/bin/x\ny: :include:/x\n", "", "m@x",
	  STR_INIT("cron-daemon"), "carol@example.com", 0 },
	{ "a command", "x: |/bin/x\n", "", "m@x", STR_INIT("x"), NULL,
	  EX_NOUSER },
	{ "a command among addresses", "x: a@b, \"|/bin/x -a, b\"\n", "",
	  "m@x", STR_INIT("x"), NULL, EX_NOUSER },
	{ "no mail at all", "x: /dev/null\n", "", "m@x", STR_INIT("x"), NULL,
	  EX_NOUSER },
	{ "to one that is a file", "x: y\ny: /dev/null\n", "", "m@x",
	  STR_INIT("x"), NULL, EX_NOUSER },
	{ "twice: the first", "ROOT: z@y\n", "", "m@x",
	  STR_INIT("cron-daemon, root"), "carol@example.com,alice@example.com,"
	  "bob@example.com,ops@example.com", 0 },
	{ "no colon", "nonsense\n", "", "m@x", STR_INIT("nonsense"), "m@x",
	  0 },
	{ "# within", "x: bob#lists@example.com #z\n", "", "m@x",
	  STR_INIT("x"), "bob#lists@example.com", 0 },
	{ "# behind a comma", "x: a@y, #b\n  c@y\n#d\n\te@y\n", "", "m@x",
	  STR_INIT("x"), "a@y,c@y", 0 },
	{ "comma within quotes", "x: \"a, /b\" <c@y>\n", "", "m@x",
	  STR_INIT("x"), "c@y", 0 },
	{ "quoted name", "\"a b\": c@y\n", "", "m@x", STR_INIT("\"a b\""),
	  "c@y", 0 },
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
	struct arena a;
	struct err e = { 0 };
	struct str text;
	bool ok;

	arena_init(&a, LIMIT);
	text = arena_fmt(&a, "%s%s", file, rows[i].extra);
	T_CHECK(alias_parse(&a, text, STR("f"), &r.file, &e), "%s: %s",
	    rows[i].name, e.msg);
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
	{ "quoted include", "x: \":include:/list\"\n", "an include" },
	{ "twice", "x: a\ny: b\nX: c\n", "f:3: \"X\" stands on line 1" },
	{ "nothing but a comment", "x: # a\n", "no address behind \"x:\"" },
	{ "no address at all", "x: a@b@c\n", "f:1" },
	/* clang-format on */
};

/* Every entry is told of by itself, and the rest are found. */
static void
test_bad(void)
{
	struct alias_target *to;
	struct alias_file f;
	struct arena a;
	struct err e = { 0 };
	size_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		arena_init(&a, LIMIT);
		T_CHECK(alias_parse(&a, str_of(bad[i].in), STR("f"), &f, &e),
		    "%s: %s", bad[i].name, e.msg);
		n = 0;
		for (const struct alias *x = f.list; x != NULL; x = x->next) {
			if (alias_targets(&a, &f, x, &to, &e))
				continue;
			n++;
			T_CHECK(e.kind == ERR_INPUT && e.exit == EX_NOUSER,
			    "%s: kind", bad[i].name);
			T_CHECK(str_find(str_of(e.msg), str_of(bad[i].want)) <
				str_of(e.msg).n,
			    "%s: %s", bad[i].name, e.msg);
		}
		T_CHECK(n == 1, "%s: %zu", bad[i].name, n);
		arena_release(&a);
	}
}

/* A megabyte of names is found in, not searched. */
static void
test_many(void)
{
	struct alias_target *to;
	struct alias_file f;
	struct arena a;
	struct buf text;
	struct err e = { 0 };
	char name[32];

	arena_init(&a, 16 * LIMIT);
	buf_init(&text, LIMIT);
	for (int i = 0; i < 30000; i++)
		buf_addf(&text, "u%d: u%d@example.com\n", i, i);
	T_CHECK(alias_parse(&a, buf_view(&text), STR("f"), &f, &e), "%s",
	    e.msg);
	T_CHECK(f.buckets == 16384, "%zu", f.buckets);
	for (int i = 0; i < 30000; i += 999) {
		(void)snprintf(name, sizeof(name), "U%d", i);
		T_CHECK(alias_find(&f, str_of(name)) != NULL &&
			alias_targets(&a, &f, alias_find(&f, str_of(name)), &to,
			    &e),
		    "%s", name);
	}
	T_CHECK(alias_find(&f, STR("u30000")) == NULL, "no such name");
	buf_release(&text);
	arena_release(&a);
}

static void
once(void)
{
	struct alias_rules r = { .mailbox = STR("m@x") };
	struct addr name = { .local = STR("root"), .text = STR("root") };
	struct addr *out;
	struct arena a;
	struct err e = { 0 };

	arena_init(&a, LIMIT);
	if (alias_parse(&a, STR("root: me\n"), STR("f"), &r.file, &e)) {
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
	{ "bad entries", test_bad },
	{ "many", test_many },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
