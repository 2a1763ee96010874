/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <string.h>

#include "t.h"

static void
test_set(void)
{
	struct secret x = { 0 };
	struct err e;

	T_CHECK(!secret_is_set(&x), "a zeroed one is empty");
	T_CHECK(secret_view(&x).n == 0 && secret_eq(&x, STR("")), "empty");
	T_CHECK(secret_set(&x, STR("one"), &e), "%s", e.msg);
	T_CHECK(secret_is_set(&x), "set");
	T_CHECK(str_eq(secret_view(&x), STR("one")), "bytes");
	T_CHECK(secret_set(&x, STR("a\0b"), &e), "%s", e.msg);
	T_CHECK(str_eq(secret_view(&x), STR("a\0b")), "replaced");
	T_CHECK(secret_set(&x, str_from(secret_view(&x), 1), &e), "%s", e.msg);
	T_CHECK(str_eq(secret_view(&x), STR("\0b")), "a part of itself");
	T_CHECK(x.bytes.secret, "is wiped when released");
	T_CHECK(secret_set(&x, STR(""), &e) && !secret_is_set(&x), "emptied");
	secret_release(&x);
	T_CHECK(x.bytes.p == NULL && !secret_is_set(&x), "zeroed");
	secret_release(&x);
}

static void
test_limit(void)
{
	static char big[SECRET_LIMIT + 1];
	struct secret x = { 0 };
	struct err e;

	T_CHECK(secret_set(&x, (struct str){ big, SECRET_LIMIT }, &e), "%s",
	    e.msg);
	T_CHECK(!secret_set(&x, (struct str){ big, sizeof(big) }, &e) &&
		e.kind == ERR_INPUT,
	    "one more");
	T_CHECK(secret_view(&x).n == SECRET_LIMIT, "as it was");
	secret_release(&x);
}

static const struct {
	struct str a, b;
	bool eq;
} pairs[] = {
	{ STR_INIT(""), STR_INIT(""), true },
	{ STR_INIT("abc"), STR_INIT("abc"), true },
	{ STR_INIT("abc"), STR_INIT("abd"), false },
	{ STR_INIT("abc"), STR_INIT("bbc"), false },
	{ STR_INIT("abc"), STR_INIT("ab"), false },
	{ STR_INIT("abc"), STR_INIT("abcd"), false },
	{ STR_INIT("abc"), STR_INIT(""), false },
	{ STR_INIT("a\0b"), STR_INIT("a\0c"), false },
	{ STR_INIT("\x80"), STR_INIT("\x00"), false },
};

static void
test_eq(void)
{
	struct secret x = { 0 };
	struct err e;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		T_CHECK(secret_set(&x, pairs[i].a, &e), "%s", e.msg);
		T_CHECK(secret_eq(&x, pairs[i].b) == pairs[i].eq, "row %zu", i);
	}
	secret_release(&x);
}

static void
test_wipe(void)
{
	char bytes[8] = "abcdefg";

	secret_wipe(bytes, 3);
	T_CHECK(memcmp(bytes, "\0\0\0defg", 8) == 0, "the first three");
	secret_wipe(NULL, 0);
}

static void
set_twice(void)
{
	struct secret x = { 0 };
	struct err e;
	bool first = secret_set(&x, STR("old"), &e);

	T_CHECK(first || e.kind == ERR_RETRY, "%s", e.msg);
	if (!secret_set(&x, STR("new"), &e)) {
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
		T_CHECK(secret_eq(&x, STR("old")), "as it was");
	}
	secret_release(&x);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(set_twice);
}

static const struct t_test tests[] = {
	{ "set", test_set },
	{ "limit", test_limit },
	{ "eq", test_eq },
	{ "wipe", test_wipe },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
