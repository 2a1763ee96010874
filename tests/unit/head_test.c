/* SPDX-License-Identifier: MIT */
#include "mail/head.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

static const struct {
	const char *name;
	struct str in;
	const char *want; /* "name=unfolded value;..." */
	size_t size;
	bool separated;
} scans[] = {
	/* clang-format off */
	{ "empty", STR_INIT(""), "", 0, false },
	{ "one", STR_INIT("A: b\r\n\r\nbody"), "A=b;", 8, true },
	{ "LF", STR_INIT("A: b\nC:d\n\nbody"), "A=b;C=d;", 10, true },
	{ "mixed", STR_INIT("A: b\r\nC: d\n\r\nx"), "A=b;C=d;", 13, true },
	{ "folded", STR_INIT("A: b\r\n c\r\n\td\r\n\r\n"), "A=b c\td;", 16,
	  true },
	{ "blank before the colon", STR_INIT("A : b\n\n"), "A=b;", 7, true },
	{ "no empty line", STR_INIT("A: b\nhello there\n"), "A=b;", 5,
	  false },
	{ "no header", STR_INIT("hello\nworld\n"), "", 0, false },
	{ "only an empty line", STR_INIT("\nhello"), "", 1, true },
	{ "mbox line", STR_INIT("From a@b Mon Nov 23\nA: b\n\nx"), "A=b;",
	  26, true },
	{ "quoted mbox line", STR_INIT(">From a@b\nA: b\n\n"), "A=b;", 16,
	  true },
	{ "header only", STR_INIT("A: b\r\n"), "A=b;", 6, false },
	{ "no final newline", STR_INIT("A: b"), "A=b;", 4, false },
	{ "empty value", STR_INIT("A:\r\nB: \r\n\r\n"), "A=;B=;", 11, true },
	{ "NUL", STR_INIT("A: b\0c\n\n"), "A=b c;", 8, true },
	{ "a line of blanks goes on", STR_INIT("A: b\n \n c\n\nx"),
	  "A=b  c;", 11, true },
	{ "UTF-8 value", STR_INIT("S: \xc3\xa4\n\n"), "S=\xc3\xa4;", 7,
	  true },
	/* clang-format on */
};

static void
test_scan(void)
{
	struct arena a;
	struct buf got;
	struct err e;
	struct head h;

	for (size_t i = 0; i < sizeof(scans) / sizeof(*scans); i++) {
		arena_init(&a, 65536);
		buf_init(&got, 4096);
		T_CHECK(head_scan(&a, scans[i].in, &h, &e), "%s",
		    scans[i].name);
		for (struct head_field *f = h.first; f != NULL; f = f->next) {
			buf_adds(&got, f->name);
			buf_addc(&got, '=');
			head_unfold(&got, f->value);
			buf_addc(&got, ';');
		}
		T_CHECK(str_eq(buf_view(&got), str_of(scans[i].want)),
		    "%s: got %.*s", scans[i].name, STR_ARG(buf_view(&got)));
		T_CHECK(h.size == scans[i].size &&
			h.separated == scans[i].separated,
		    "%s: size %zu", scans[i].name, h.size);
		T_CHECK(head_size(scans[i].in, false) == h.size, "%s",
		    scans[i].name);
		buf_release(&got);
		arena_release(&a);
	}
}

/* Seen growing byte by byte, the size is unknown or final, never wrong. */
static void
test_size_grows(void)
{
	size_t got;

	for (size_t i = 0; i < sizeof(scans) / sizeof(*scans); i++)
		for (size_t n = 0; n <= scans[i].in.n; n++) {
			got = head_size(str_first(scans[i].in, n), true);
			T_CHECK(got == 0 || got == scans[i].size,
			    "%s, %zu bytes: %zu", scans[i].name, n, got);
		}
}

static const struct {
	const char *name;
	struct str value;
	const char *want; /* NULL: refused */
} writes[] = {
	/* clang-format off */
	{ "short", STR_INIT("b"), "X: b\r\n" },
	{ "empty", STR_INIT(""), "X: \r\n" },
	{ "CR", STR_INIT("a\rb"), NULL },
	{ "LF", STR_INIT("a\nBcc: x"), NULL },
	{ "NUL", STR_INIT("a\0b"), NULL },
	{ "folded",
	  STR_INIT("0123456789 0123456789 0123456789 0123456789 0123456789 "
	  "0123456789 0123456789 end"),
	  "X: 0123456789 0123456789 0123456789 0123456789 0123456789 "
	  "0123456789\r\n 0123456789 end\r\n" },
	/* clang-format on */
};

static void
test_write(void)
{
	struct buf out;
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		buf_init(&out, 4096);
		ok = head_write(&out, STR("X"), writes[i].value, &e);
		T_CHECK(ok == (writes[i].want != NULL), "%s", writes[i].name);
		if (ok)
			T_CHECK(str_eq(buf_view(&out), str_of(writes[i].want)),
			    "%s: %.*s", writes[i].name,
			    STR_ARG(buf_view(&out)));
		else
			T_CHECK(out.n == 0, "%s: rewound", writes[i].name);
		buf_release(&out);
	}
}

/* What is written reads back the same, with lines as short as can be. */
static void
test_write_read(void)
{
	struct buf value, out, back;
	struct arena a;
	struct head h;
	struct err e;
	unsigned seed = 1;

	for (int round = 0; round < 300; round++) {
		buf_init(&value, 8192);
		buf_init(&out, 16384);
		buf_init(&back, 16384);
		arena_init(&a, 65536);
		for (int i = 0; i < round * 5; i++) {
			seed = seed * 1103515245 + 12345;
			buf_addc(&value, (seed >> 16) % 9 == 0 ? ' ' : 'x');
		}
		T_CHECK(head_write(&out, STR("Subject"),
			    str_trim(buf_view(&value)), &e),
		    "round %d: %s", round, e.msg);
		T_CHECK(head_scan(&a, buf_view(&out), &h, &e) && h.n == 1,
		    "round %d: one field", round);
		if (h.first != NULL)
			head_unfold(&back, h.first->value);
		T_CHECK(str_eq(buf_view(&back), str_trim(buf_view(&value))),
		    "round %d: came back as %.*s", round,
		    STR_ARG(buf_view(&back)));
		arena_release(&a);
		buf_release(&value);
		buf_release(&out);
		buf_release(&back);
	}
}

static void
test_too_long(void)
{
	struct buf value, out;
	struct err e = { 0 };

	buf_init(&value, 2000);
	buf_init(&out, 4096);
	for (int i = 0; i < 998; i++)
		buf_addc(&value, 'x');
	T_CHECK(!head_write(&out, STR("X"), buf_view(&value), &e), "998");
	T_CHECK(e.kind == ERR_INPUT && out.n == 0, "rewound");
	T_CHECK(head_write(&out, STR("X"), str_first(buf_view(&value), 995),
		    &e),
	    "fits: %s", e.msg);
	buf_release(&value);
	buf_release(&out);
}

static void
scan_once(void)
{
	struct arena a;
	struct head h;
	struct err e = { 0 };

	arena_init(&a, 65536);
	if (!head_scan(&a, STR("A: b\nC: d\n\n"), &h, &e))
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(scan_once);
}

static const struct t_test tests[] = {
	{ "scan", test_scan },
	{ "size of what grows", test_size_grows },
	{ "write", test_write },
	{ "write, then read", test_write_read },
	{ "too long without a blank", test_too_long },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
