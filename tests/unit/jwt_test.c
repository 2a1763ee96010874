/* SPDX-License-Identifier: MIT */
#include "codec/jwt.h"

#include "codec/base64.h"
#include "t.h"

static const struct {
	const char *name;
	struct str claims; /* encoded into the middle of in; or p NULL */
	struct str in;
	bool ok, send;
} rows[] = {
	/* clang-format off */
	{ "roles", STR_INIT("{\"roles\":[\"A\",\"Mail.Send\"]}"), { 0 },
	  true, true },
	{ "no roles", STR_INIT("{\"aud\":\"x\"}"), { 0 }, true, false },
	{ "roles as text", STR_INIT("{\"roles\":\"Mail.Send\"}"), { 0 }, true,
	  false },
	{ "no object", STR_INIT("[1]"), { 0 }, false, false },
	{ "no JSON", STR_INIT("{"), { 0 }, false, false },
	{ "opaque", { 0 }, STR_INIT("EwBwA8l6BAAU"), false, false },
	{ "two parts", { 0 }, STR_INIT("a.b"), false, false },
	{ "encrypted", { 0 }, STR_INIT("a.b.c.d.e"), false, false },
	{ "no base64", { 0 }, STR_INIT("a.!!.c"), false, false },
	{ "empty", { 0 }, STR_INIT(""), false, false },
	/* clang-format on */
};

static void
test_rows(void)
{
	const struct json *claims = NULL;
	struct arena a;
	struct buf in;
	struct err e = { 0 };
	bool ok;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		arena_init(&a, 65536);
		buf_init(&in, 4096);
		buf_adds(&in, rows[i].in);
		if (rows[i].claims.p != NULL) {
			buf_addz(&in, "e30.");
			base64url_encode(&in, rows[i].claims);
			buf_addc(&in, '.');
		}
		ok = jwt_claims(&a, buf_view(&in), &claims, &e);
		T_CHECK(ok == rows[i].ok, "%s: %s", rows[i].name, e.msg);
		T_CHECK(!ok ||
			jwt_has(claims, STR("roles"), STR("Mail.Send")) ==
			    rows[i].send,
		    "%s", rows[i].name);
		T_CHECK(ok || e.kind == ERR_INPUT, "%s: kind", rows[i].name);
		buf_release(&in);
		arena_release(&a);
	}
}

static const struct {
	struct str claims;
	const char *want; /* NULL: refused */
} prints[] = {
	{ STR_INIT("{}"), "{\n  \n}\n" },
	{ STR_INIT("{\"a\":1,\"b\":[1,{\"c\":2}],\"d\":{\"e\":3,\"f\":4}}"),
	    "{\n  \"a\":1,\n  \"b\":[1,{\"c\":2}],\n  "
	    "\"d\":{\"e\":3,\"f\":4}\n}\n" },
	{ STR_INIT(" {\"a\":\",}{\\\"]\"} "), "{\n  \"a\":\",}{\\\"]\"\n}\n" },
	{ STR_INIT("{\"a\":\"\\\\\",\"b\":2}"),
	    "{\n  \"a\":\"\\\\\",\n  \"b\":2\n}\n" },
	{ STR_INIT("{\"a\":"), NULL },
	{ STR_INIT("[1]"), NULL },
};

static void
test_print(void)
{
	struct buf in, out;
	struct err e = { 0 };
	bool ok;

	for (size_t i = 0; i < sizeof(prints) / sizeof(*prints); i++) {
		buf_init(&in, 4096);
		buf_init(&out, 4096);
		buf_addz(&in, "e30.");
		base64url_encode(&in, prints[i].claims);
		buf_addc(&in, '.');
		ok = jwt_print(&out, buf_view(&in), &e);
		T_CHECK(ok == (prints[i].want != NULL), "%zu: %s", i, e.msg);
		T_CHECK(!ok || str_eq(buf_view(&out), str_of(prints[i].want)),
		    "%zu: %s", i, out.p);
		T_CHECK(ok || out.n == 0, "%zu: something printed", i);
		buf_release(&in);
		buf_release(&out);
	}
}

static void
once(void)
{
	const struct json *claims;
	struct arena a;
	struct err e = { 0 };

	arena_init(&a, 65536);
	if (!jwt_claims(&a, STR("e30.e30."), &claims, &e))
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
	{ "printed", test_print },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
