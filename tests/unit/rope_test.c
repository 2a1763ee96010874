/* SPDX-License-Identifier: MIT */
#include "mail/rope.h"

#include "codec/base64.h"
#include "t.h"

enum { BYTES = 4096 };

/* The text of a base64 piece, made the plain way. */
static void
encode_plainly(struct buf *out, struct str in, bool wrapped)
{
	struct str line;

	for (; in.n > 0; in = str_from(in, line.n)) {
		line = str_first(in, ROPE_LINE / 4 * 3);
		base64_encode(out, line);
		if (wrapped)
			buf_addz(out, "\r\n");
	}
}

/* Every range of the rope reads as the same range of the plain text. */
static void
check_ranges(const struct rope *r, struct str want, const char *name)
{
	struct source s = rope_source(r);
	char got[2 * BYTES];
	struct err e;

	T_CHECK(s.size == want.n, "%s: size %llu, not %zu", name,
	    (unsigned long long)s.size, want.n);
	for (size_t at = 0; at < want.n; at += 7)
		for (size_t n = 0; at + n <= want.n; n = 3 * n + 1) {
			T_CHECK(source_read(&s, at, got, n, &e), "%s: %s", name,
			    e.msg);
			T_CHECK(str_eq((struct str){ got, n },
				    str_first(str_from(want, at), n)),
			    "%s: %zu at %zu", name, n, at);
		}
	T_CHECK(!source_read(&s, want.n, got, 1, &e), "%s: the end", name);
}

static void
test_pieces(void)
{
	char bytes[BYTES];
	struct source from;
	struct arena a;
	struct buf want;
	struct rope r;
	struct err e;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31 + i / 256);
	from = source_of((struct str){ bytes, sizeof(bytes) });
	for (size_t n = 0; n < 400; n += 19) {
		arena_init(&a, 1024 * 1024);
		buf_init(&want, 65536);
		rope_init(&r, &a);
		rope_add(&r, STR("head\r\n"));
		rope_range(&r, ROPE_WRAPPED, &from, 5, n * 3);
		rope_copy(&r, STR("--b"));
		rope_range(&r, ROPE_UNBROKEN, &from, n, n);
		rope_range(&r, ROPE_RAW, &from, 100, n);
		T_CHECK(rope_ok(&r, &e), "%zu", n);
		buf_addz(&want, "head\r\n");
		encode_plainly(&want, (struct str){ bytes + 5, n * 3 }, true);
		buf_addz(&want, "--b");
		base64_encode(&want, (struct str){ bytes + n, n });
		buf_add(&want, bytes + 100, n);
		check_ranges(&r, buf_view(&want), "pieces");
		buf_release(&want);
		arena_release(&a);
	}
}

static void
test_rope_of_rope(void)
{
	struct source inner;
	struct arena a;
	struct buf want;
	struct rope r, outer;

	arena_init(&a, 65536);
	buf_init(&want, 65536);
	rope_init(&r, &a);
	rope_init(&outer, &a);
	rope_add(&r, STR("To: a@b\r\n\r\n"));
	rope_add(&r, STR("some text of a body\r\n"));
	inner = rope_source(&r);
	rope_range(&outer, ROPE_UNBROKEN, &inner, 0, inner.size);
	base64_encode(&want, STR("To: a@b\r\n\r\nsome text of a body\r\n"));
	check_ranges(&outer, buf_view(&want), "rope of a rope");
	buf_release(&want);
	arena_release(&a);
}

static void
build_once(void)
{
	struct source from = source_of(STR("0123456789"));
	struct arena a;
	struct rope r;
	struct err e = { 0 };

	arena_init(&a, 1024 * 1024);
	rope_init(&r, &a);
	for (int i = 0; i < 200; i++) {
		rope_copy(&r, STR("x"));
		rope_range(&r, ROPE_RAW, &from, 1, 2);
	}
	if (rope_ok(&r, &e))
		T_CHECK(r.size == 600, "complete");
	else
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(build_once);
}

static const struct t_test tests[] = {
	{ "pieces read at every offset", test_pieces },
	{ "a rope of a rope", test_rope_of_rope },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
