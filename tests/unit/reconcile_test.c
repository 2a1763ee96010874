/* SPDX-License-Identifier: MIT */
#include "mail/reconcile.h"

#include "t.h"

enum { LIMIT = 64 * 1024 * 1024 };

static const struct {
	const char *name;
	struct str rcpt, to, cc;
	const char *want; /* to|cc|bcc|off_to|off_cc */
} rows[] = {
	/* clang-format off */
	{ "the same", STR_INIT("a@x, b@x"), STR_INIT("a@x"), STR_INIT("b@x"),
	  "a@x|b@x|||" },
	{ "Bcc", STR_INIT("a@x, s@x"), STR_INIT("a@x"), STR_INIT(""),
	  "a@x||s@x||" },
	{ "fewer than the fields", STR_INIT("a@x"), STR_INIT("a@x, b@x"),
	  STR_INIT("c@x"), "a@x|||b@x|c@x" },
	{ "the other half", STR_INIT("b@x"), STR_INIT("a@x, b@x"),
	  STR_INIT(""), "b@x|||a@x|" },
	{ "somebody else altogether", STR_INIT("z@x"), STR_INIT("a@x"),
	  STR_INIT(""), "||z@x|a@x|" },
	{ "letters of any case", STR_INIT("A@X"), STR_INIT("a@x"),
	  STR_INIT(""), "a@x||||" },
	{ "quoted and not", STR_INIT("\"a\"@x"), STR_INIT("a@x"),
	  STR_INIT(""), "a@x||||" },
	{ "named twice", STR_INIT("a@x, a@x, b@x, b@x"),
	  STR_INIT("a@x, A@x"), STR_INIT("a@x"), "a@x||b@x||" },
	{ "groups", STR_INIT("a@x"), STR_INIT("g: a@x, b@x;"), STR_INIT(""),
	  "a@x|||b@x|" },
	{ "undisclosed", STR_INIT("a@x"), STR_INIT("undisclosed-recipients:;"),
	  STR_INIT(""), "||a@x||" },
	{ "nobody", STR_INIT(""), STR_INIT("a@x"), STR_INIT(""),
	  "|||a@x|" },
	/* clang-format on */
};

static struct addr *
parse(struct arena *a, struct str s)
{
	struct addr *list = NULL;
	struct err e;

	T_CHECK(addr_parse_list(a, s, true, &list, &e), "%s", e.msg);
	return list;
}

static void
show(struct buf *out, const struct addr *list, const char *end)
{
	for (; list != NULL; list = list->next) {
		buf_adds(out, list->text);
		if (list->next != NULL)
			buf_addz(out, ",");
	}
	buf_addz(out, end);
}

static void
test_rows(void)
{
	struct reconciled r;
	struct arena a;
	struct buf got;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		arena_init(&a, LIMIT);
		buf_init(&got, 4096);
		T_CHECK(reconcile(&a, parse(&a, rows[i].rcpt),
			    parse(&a, rows[i].to), parse(&a, rows[i].cc), &r,
			    &e),
		    "%s", rows[i].name);
		show(&got, r.to, "|");
		show(&got, r.cc, "|");
		show(&got, r.bcc, "|");
		show(&got, r.off_to, "|");
		show(&got, r.off_cc, "");
		T_CHECK(str_eq(buf_view(&got), str_of(rows[i].want)),
		    "%s: got %.*s", rows[i].name, STR_ARG(buf_view(&got)));
		buf_release(&got);
		arena_release(&a);
	}
}

/* 10,000 recipients, every second one in To: none lost, none twice. */
static void
test_many(void)
{
	struct reconciled r;
	struct buf rcpt, to;
	struct arena a;
	struct err e;
	size_t n_to = 0, n_bcc = 0;

	arena_init(&a, LIMIT);
	buf_init(&rcpt, LIMIT);
	buf_init(&to, LIMIT);
	for (unsigned i = 0; i < 10000; i++) {
		buf_addf(&rcpt, "u%u@x, ", i * 7919 % 10000);
		if (i % 2 == 0)
			buf_addf(&to, "U%u@X, ", i);
	}
	T_CHECK(reconcile(&a, parse(&a, buf_view(&rcpt)),
		    parse(&a, buf_view(&to)), NULL, &r, &e),
	    "%s", e.msg);
	for (struct addr *p = r.to; p != NULL; p = p->next)
		n_to++;
	for (struct addr *p = r.bcc; p != NULL; p = p->next)
		n_bcc++;
	T_CHECK(n_to == 5000 && n_bcc == 5000 && r.off_to == NULL,
	    "%zu to, %zu bcc", n_to, n_bcc);
	buf_release(&rcpt);
	buf_release(&to);
	arena_release(&a);
}

static void
once(void)
{
	struct addr b = { .text = STR("b@x") };
	struct addr rcpt = { .text = STR("a@x"), .next = &b };
	struct reconciled r;
	struct arena a;
	struct err e = { 0 };

	arena_init(&a, LIMIT);
	if (reconcile(&a, &rcpt, &b, NULL, &r, &e))
		T_CHECK(r.to != NULL && r.bcc != NULL, "complete");
	else
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(once);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "many", test_many },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
