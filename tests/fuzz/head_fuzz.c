/* SPDX-License-Identifier: MIT */
/*
 * Oracles: every byte is in a field or in the body; seen growing, the size of
 * a header is unknown or final; what head_write takes reads back the same.
 */
#include "mail/head.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
write_read(struct arena *a, struct str value)
{
	struct buf out, back;
	struct head h;
	struct err e;

	buf_init(&out, 1 << 20);
	buf_init(&back, 1 << 20);
	value = str_trim(value);
	if (head_write(&out, STR("X"), value, &e)) {
		must(head_scan(a, buf_view(&out), &h, &e) && h.n == 1 &&
		    h.size == out.n);
		head_unfold(&back, h.first->value);
		must(str_eq(buf_view(&back), value));
	}
	buf_release(&out);
	buf_release(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct arena a;
	struct head h;
	struct err e;
	size_t size = 0, got;

	arena_init(&a, 1 << 24);
	must(head_scan(&a, in, &h, &e));
	for (struct head_field *f = h.first; f != NULL; f = f->next)
		size += f->raw.n;
	must(size <= h.size && h.size <= n);
	for (size_t cut = 0; cut < n && n < 512; cut++) {
		got = head_size(str_first(in, cut), true);
		must(got == 0 || got == h.size);
	}
	write_read(&a, in);
	arena_release(&a);
	return 0;
}
