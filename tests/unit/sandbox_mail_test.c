/* SPDX-License-Identifier: MIT */
#include "sandbox/mail.h"

#include "t.h"

#define S        STR_INIT
#define N(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	struct str address;
	bool good;
} address_rows[] = {
	{ S("a@b.c"), true },
	{ S("a.b+c=d@sub.example.com"), true },
	{ S("\"a b\"@c.d"), true },
	{ S("\"a@b\"@c.d"), true },
	{ S("j\xc3\xb6rg@b\xc3\xbc"
	    "cher.example"),
	    true },
	{ S("root@localhost"), true },
	{ S(""), false },
	{ S("@"), false },
	{ S("a@"), false },
	{ S("@b.c"), false },
	{ S("a"), false },
	{ S(".a@b.c"), false },
	{ S("a.@b.c"), false },
	{ S("a..b@c.d"), false },
	{ S("a@b..c"), false },
	{ S("a@b.c."), false },
	{ S("a@-b.c"), false },
	{ S("a@b-.c"), false },
	{ S("a@b@c.d"), false },
	{ S("a b@c.d"), false },
	{ S("a@b c.d"), false },
	{ S("a@b_c.d"), false },
	{ S("<a@b.c>"), false },
	{ S("a,b@c.d"), false },
	{ S("\"a\"b\"@c.d"), false },
	{ S("\"a\\\"@c.d"), false },
	{ S("a\xff@b.c"), false },
	{ S("0123456789012345678901234567890123456789012345678901234567890123"
	    "@b.c"),
	    true },
	{ S("01234567890123456789012345678901234567890123456789012345678901234"
	    "@b.c"),
	    false },
};

static void
test_addresses(void)
{
	for (size_t i = 0; i < N(address_rows); i++)
		T_CHECK(mail_is_address(address_rows[i].address) ==
			address_rows[i].good,
		    "row %zu: %.*s", i, STR_ARG(address_rows[i].address));
}

/* The line of meta that begins with key. */
static struct str
noted(const struct sandbox_mail *m, struct str key)
{
	struct str rest = buf_view(&m->meta), line;

	while (str_next(&rest, '\n', &line))
		if (str_starts(line, key) && line.n > key.n &&
		    line.p[key.n] == ':')
			return str_trim(str_from(line, key.n + 1));
	return STR("");
}

static void
test_notes(void)
{
	struct sandbox_mail m;
	struct arena mem;

	arena_init(&mem, 65536);
	mail_init(&m, &mem, STR("a@b.c"));
	mail_note(&m, STR("subject"), STR("x\r\nto: evil@b.c\x7f"));
	T_CHECK(str_eq(noted(&m, STR("subject")), STR("x??to: evil@b.c?")),
	    "%.*s", STR_ARG(noted(&m, STR("subject"))));
	T_CHECK(noted(&m, STR("to")).n == 0, "a line of its own");
	mail_add_part(&m, STR("att1-"), STR("../../e\xc3\xa9 x"), STR("y"));
	T_CHECK(m.part != NULL &&
		str_eq(m.part->suffix, STR("att1-.._.._e___x")),
	    "%.*s", STR_ARG(m.part->suffix));
	mail_release(&m);
	arena_release(&mem);
}

static const struct t_test tests[] = {
	{ "addresses", test_addresses },
	{ "notes", test_notes },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
