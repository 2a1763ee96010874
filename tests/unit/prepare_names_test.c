/* SPDX-License-Identifier: MIT */
#include "compose/names.h"

#include "command.h"
#include "t.h"

enum { LIMIT = 4 * 1024 * 1024 };

static const struct log silent = { 0 };

/* clang-format off */
static const struct {
	const char *name, *hosts, *want;
} fulls[] = {
	{ "none", "", "" },
	{ "Debian", "127.0.0.1\tlocalhost\n127.0.1.1 web1.x.example web1\n",
	  "web1.x.example" },
	{ "any case, comment", "::1 localhost # web1\n10.0.0.1 WEB1.X.example  "
	  "other Web1\t# web1\n", "WEB1.X.example" },
	{ "short one first", "10.0.0.1 web1 web1.x.example\n", "" },
	{ "another's", "10.0.0.1 web11.x.example web11\n10.0.0.2 db.x web1\n",
	  "" },
	{ "no line end", "10.0.0.1 web1.y.z web1", "web1.y.z" },
	{ "address alone", "10.0.0.1\n\n  \nweb1\n", "" },
};

static const struct {
	const char *names, *address;
	bool local;
} locals[] = {
	{ "", "root", true },
	{ "", "root@LOCALHOST", true },
	{ "", "root@localhost.localdomain", true },
	{ "", "root@web1.x.example", false },
	{ "db, web1.x.example , y.example", "root@Web1.x.example", true },
	{ "db, web1.x.example , y.example", "root@y.example", true },
	{ "db, web1.x.example , y.example", "root@web2.x.example", false },
	{ "db", "root@db", true },
};
/* clang-format on */

static void
test_full(void)
{
	struct str got;

	for (size_t i = 0; i < sizeof(fulls) / sizeof(*fulls); i++) {
		got = prepare_names_full(str_of(fulls[i].hosts), STR("web1"));
		T_CHECK(str_eq(got, str_of(fulls[i].want)), "%s: %.*s",
		    fulls[i].name, STR_ARG(got));
	}
}

static void
test_local(void)
{
	struct config c = { .mailbox = STR("m@y.example") };
	struct prepare_names n;
	struct addr *a;
	struct arena mem;
	struct err e;

	c.aliases = str_of(command_file("aliases", STR("a: b@c\n"), 0600));
	for (size_t i = 0; i < sizeof(locals) / sizeof(*locals); i++) {
		arena_init(&mem, LIMIT);
		c.local_names = str_of(locals[i].names);
		T_CHECK(prepare_names_load(&n, &mem, &c, &silent, &e) &&
			addr_parse(&mem, str_of(locals[i].address), true, &a,
			    &e),
		    "%s", e.msg);
		T_CHECK(prepare_names_is_local(&n, a) == locals[i].local,
		    "%s, %s", locals[i].names, locals[i].address);
		arena_release(&mem);
	}
	command_folder_remove();
}

static const struct t_test tests[] = {
	{ "full name of a host", test_full },
	{ "local names", test_local },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
