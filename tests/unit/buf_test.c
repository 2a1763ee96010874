/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <string.h>

#include "t.h"

static void
test_append(void)
{
	struct buf b;
	struct err e;

	buf_init(&b, 100);
	T_CHECK(b.p == NULL && buf_view(&b).n == 0, "nothing yet");
	buf_add(&b, "ab\0c", 4);
	buf_adds(&b, STR("de"));
	buf_addz(&b, "f");
	buf_addc(&b, 'g');
	buf_addf(&b, "%d-%s", 12, "x");
	buf_adds(&b, (struct str){ 0 });
	T_CHECK(str_eq(buf_view(&b), STR("ab\0cdefg12-x")), "bytes");
	T_CHECK(b.p[b.n] == '\0', "a NUL at the end");
	T_CHECK(buf_ok(&b, &e), "fine");
	buf_release(&b);
	T_CHECK(b.p == NULL && b.n == 0 && b.limit == 0, "zeroed");
	buf_release(&b);
}

static void
test_zeroed(void)
{
	struct buf b = { 0 };
	struct err e;

	T_CHECK(buf_ok(&b, &e) && buf_view(&b).n == 0, "legal");
	buf_add(&b, "", 0);
	T_CHECK(buf_ok(&b, &e), "nothing fits");
	buf_addc(&b, 'x');
	T_CHECK(!buf_ok(&b, &e) && e.kind == ERR_INPUT, "limit of 0");
	buf_reset(&b);
	buf_release(&b);
}

/* At, below and above the limit, in one piece and byte by byte. */
static void
test_limit(void)
{
	static const char text[] = "0123456789";
	struct buf whole, bytes;
	struct err e;

	for (size_t limit = 0; limit <= 10; limit++) {
		for (size_t n = 0; n <= 10; n++) {
			buf_init(&whole, limit);
			buf_init(&bytes, limit);
			buf_add(&whole, text, n);
			for (size_t i = 0; i < n; i++)
				buf_addc(&bytes, text[i]);
			T_CHECK(buf_ok(&whole, &e) == (n <= limit),
			    "%zu of %zu", n, limit);
			T_CHECK(buf_ok(&bytes, &e) == (n <= limit),
			    "%zu of %zu", n, limit);
			T_CHECK(whole.n == (n <= limit ? n : 0),
			    "%zu of %zu: all or nothing", n, limit);
			T_CHECK(n <= limit || e.kind == ERR_INPUT, "kind");
			buf_release(&whole);
			buf_release(&bytes);
		}
	}
}

static void
test_latch(void)
{
	struct buf b;
	struct err e;

	buf_init(&b, 4);
	buf_addz(&b, "abc");
	buf_addz(&b, "de");
	buf_addc(&b, 'f');
	buf_addf(&b, "%d", 1);
	T_CHECK(str_eq(buf_view(&b), STR("abc")), "no byte after a failure");
	T_CHECK(buf_room(&b, 1) == NULL, "no room after a failure");
	T_CHECK(!buf_ok(&b, &e) && e.kind == ERR_INPUT, "latched");
	buf_rewind(&b, 9);
	T_CHECK(!buf_ok(&b, &e), "a rewind to beyond the end is none");
	buf_rewind(&b, 2);
	T_CHECK(buf_ok(&b, &e), "a rewind clears");
	buf_addc(&b, 'x');
	T_CHECK(strcmp(b.p, "abx") == 0, "%s", b.p);
	buf_addz(&b, "much more");
	buf_reset(&b);
	T_CHECK(buf_ok(&b, &e) && b.n == 0 && b.p[0] == '\0', "reset");
	T_CHECK(b.limit == 4, "keeps the limit");
	buf_release(&b);
}

static void
test_drop(void)
{
	struct buf b;

	buf_init(&b, 100);
	buf_drop(&b, 1);
	buf_addz(&b, "abcdef");
	buf_drop(&b, 0);
	T_CHECK(strcmp(b.p, "abcdef") == 0, "%s", b.p);
	buf_drop(&b, 2);
	T_CHECK(strcmp(b.p, "cdef") == 0 && b.n == 4, "%s", b.p);
	buf_drop(&b, 4);
	T_CHECK(b.n == 0 && b.p[0] == '\0', "all");
	buf_addz(&b, "gh");
	buf_drop(&b, 99);
	T_CHECK(b.n == 0, "more than all");
	buf_release(&b);
}

static void
test_room(void)
{
	struct buf b;
	struct err e;
	char *to;

	buf_init(&b, 1000);
	buf_addz(&b, "a");
	to = buf_room(&b, 999);
	memset(to, 'x', 999);
	T_CHECK(b.n == 1, "not there before the commit");
	buf_commit(&b, 3);
	T_CHECK(strcmp(b.p, "axxx") == 0, "the part that was committed");
	T_CHECK(buf_room(&b, 997) == NULL && !buf_ok(&b, &e), "beyond");
	buf_rewind(&b, 4);
	T_CHECK(buf_room(&b, 996) != NULL, "to the limit");
	T_CHECK(buf_room(&b, SIZE_MAX) == NULL, "no overflow");
	buf_release(&b);
	buf_init(&b, 8);
	to = buf_room(&b, 0);
	T_CHECK(to != NULL, "room for nothing is no failure");
	buf_commit(&b, 0);
	T_CHECK(b.p[0] == '\0', "and a NUL");
	buf_release(&b);
}

static void
test_format(void)
{
	char big[3000];
	struct buf b;
	struct err e;

	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	buf_init(&b, sizeof(big));
	buf_addf(&b, "%s", big);
	buf_addf(&b, "%c", 'z');
	T_CHECK(buf_ok(&b, &e) && b.n == sizeof(big), "to the limit");
	buf_addf(&b, "%s", "");
	T_CHECK(buf_ok(&b, &e), "nothing fits");
	buf_addf(&b, "%d", 1);
	T_CHECK(!buf_ok(&b, &e) && b.n == sizeof(big), "over it");
	buf_release(&b);
}

/* The bytes behind the end hold nothing that was there. */
static bool
is_clean(const struct buf *b)
{
	for (size_t i = b->n; i < b->cap; i++)
		if (b->p[i] == 'S')
			return false;
	return true;
}

static void
test_secret(void)
{
	struct buf b;
	char *to;

	buf_init_secret(&b, 500);
	buf_addz(&b, "SSSSSSSSSS");
	buf_rewind(&b, 4);
	T_CHECK(is_clean(&b), "rewind");
	buf_drop(&b, 3);
	T_CHECK(is_clean(&b) && b.n == 1, "drop");
	for (int i = 0; i < 200; i++)
		buf_addc(&b, 'S');
	T_CHECK(b.n == 201 && b.p[0] == 'S', "grows");
	buf_reset(&b);
	T_CHECK(is_clean(&b), "reset");
	to = buf_room(&b, 10);
	memset(to, 'S', 10);
	buf_reset(&b);
	T_CHECK(is_clean(&b), "reset, of what was not committed");
	buf_release(&b);
}

/* Freed memory can be looked at only before it is freed: by its growth. */
static void
build(bool secret)
{
	struct buf b;
	struct err e;
	size_t n;

	if (secret)
		buf_init_secret(&b, 10000);
	else
		buf_init(&b, 10000);
	for (int i = 0; i < 100; i++) {
		n = b.n;
		buf_addf(&b, "line %02d\n", i);
		T_CHECK(b.n == n || b.n == n + 8, "all or nothing");
		T_CHECK(b.n == 0 || memcmp(b.p, "line 00\n", 8) == 0, "kept");
	}
	if (!buf_ok(&b, &e)) {
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
		buf_rewind(&b, b.n);
		buf_addc(&b, 'x');
		T_CHECK(buf_ok(&b, &e), "works again");
	}
	buf_release(&b);
}

static void
build_plain(void)
{
	build(false);
}

static void
build_secret(void)
{
	build(true);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(build_plain);
	t_each_allocation_fails(build_secret);
}

/* Where room is made and not used, the NUL behind the bytes stays. */
static void
test_secret_nul(void)
{
	struct buf b;

	buf_init_secret(&b, 100000);
	buf_addz(&b, "key");
	T_CHECK(buf_room(&b, 50000) != NULL, "room");
	T_CHECK(b.p[b.n] == 0, "NUL");
	buf_release(&b);
}

/* Within the caller's room: no malloc, until there is more. */
static void
test_in_room(void)
{
	struct guarded {
		char before, room[8], after;
	} g = { .before = 'b', .after = 'a' };
	struct buf b;
	struct err e;

	buf_init_in(&b, g.room, sizeof(g.room), 100);
	T_CHECK(b.n == 0 && buf_view(&b).p[0] == '\0', "empty");
	t_fail_allocation(1);
	buf_addz(&b, "1234567");
	T_CHECK(buf_ok(&b, &e) && b.p == g.room, "7 and the NUL");
	buf_addc(&b, '8');
	T_CHECK(!buf_ok(&b, &e) && e.kind == ERR_RETRY, "no memory");
	t_fail_allocation(0);
	T_CHECK(str_eq(buf_view(&b), STR("1234567")), "kept");
	buf_rewind(&b, 7);
	buf_reset(&b);
	buf_addz(&b, "123456");
	buf_addz(&b, "789");
	T_CHECK(buf_ok(&b, &e) && b.p != g.room, "moved out");
	T_CHECK(str_eq(buf_view(&b), STR("123456789")), "all of it");
	T_CHECK(g.before == 'b' && g.after == 'a', "nothing beside it");
	buf_release(&b);

	buf_init_in(&b, g.room, sizeof(g.room), 3);
	buf_addz(&b, "1234");
	T_CHECK(!buf_ok(&b, &e) && e.kind == ERR_INPUT, "the limit holds");
	buf_release(&b);
	T_CHECK(b.p == NULL && b.n == 0, "zeroed");
}

static const struct t_test tests[] = {
	{ "append", test_append },
	{ "zeroed", test_zeroed },
	{ "limit", test_limit },
	{ "latch", test_latch },
	{ "drop", test_drop },
	{ "room", test_room },
	{ "format", test_format },
	{ "secret", test_secret },
	{ "NUL of a secret", test_secret_nul },
	{ "in the caller's room", test_in_room },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
