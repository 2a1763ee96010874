/* SPDX-License-Identifier: MIT */
#include "base/packed.h"

#include <stdio.h>
#include <texts_packed.h>

#include "t.h"

enum { TEXT_MOST = 64 * 1024 };

static const char *const files[] = { PACKED_FILES };

static const struct str stream = { (const char *)packed_bytes,
	sizeof(packed_bytes) };

static void
test_files(void)
{
	struct buf text, want;
	struct packed all;
	struct err e;

	_Static_assert(sizeof(files) / sizeof(*files) == PACKED_TEXTS,
	    "a file each, and none");
	buf_init(&text, TEXT_MOST);
	buf_init(&want, TEXT_MOST);
	packed_open(&all, PACKED_TEXTS - 1, &text);
	for (int i = 1; i < PACKED_TEXTS; i++) {
		enum packed_text id = (enum packed_text)i;

		buf_reset(&want);
		buf_reset(&text);
		t_read_file(files[i], &want);
		T_CHECK(want.n > 0 &&
			str_eq(packed_view(&all, id), buf_view(&want)),
		    "%s of all", files[i]);
		if (i % 8 != 1)
			continue; /* it takes its time */
		packed_add(id, &text);
		T_CHECK(buf_ok(&text, &e), "%s: %s", files[i], e.msg);
		T_CHECK(str_eq(buf_view(&text), buf_view(&want)), "%s alone",
		    files[i]);
	}
	packed_release(&all);
	buf_release(&want);
	buf_release(&text);
}

static void
test_none(void)
{
	struct buf out = { 0 };
	struct packed p;

	packed_open(&p, TEXT_NONE, &out);
	T_CHECK(packed_view(&p, TEXT_NONE).n == 0, "none is empty");
	T_CHECK(packed_view(&p, PACKED_TEXTS - 1).n == 0, "not unpacked");
	packed_release(&p);
	T_CHECK(!out.no_memory && !out.full, "and no failure");
}

/* As long as was asked, whatever is in it. */
static void
test_cut(void)
{
	static const size_t cuts[] = { 0, 1, 2, 3, 5, 100, 1000 };
	struct buf out;
	struct err e;

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		buf_init(&out, 5000);
		packed_decode(str_first(stream, cuts[i]), 5000, &out);
		T_CHECK(buf_ok(&out, &e) && out.n == 5000, "cut at %zu",
		    cuts[i]);
		packed_decode(stream, 5000, &out);
		T_CHECK(!buf_ok(&out, &e) && out.n == 5000, "no room");
		buf_release(&out);
	}
}

static void
packed_once(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, TEXT_MOST);
	packed_add((enum packed_text)1, &out);
	T_CHECK(buf_ok(&out, &e) ?
		out.n > 0 :
		e.kind == ERR_RETRY && str_of(e.msg).n > 0 && out.n == 0,
	    "%zu bytes", out.n);
	buf_release(&out);
}

static void
test_no_memory(void)
{
	t_each_allocation_fails(packed_once);
}

static const struct t_test tests[] = {
	{ "each text is its file", test_files },
	{ "no text", test_none },
	{ "a cut stream is bounded", test_cut },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
