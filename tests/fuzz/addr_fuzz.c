/* SPDX-License-Identifier: MIT */
/*
 * addr: what was accepted and is formatted parses to the same addresses, and
 * no line end or other control character comes through.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail/addr.h"

enum { MEMORY = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_bytes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
}

static void
check_one(const struct addr *x, bool bare)
{
	must(x->text.n <= ADDR_MAX && (bare || x->domain.n > 0));
	check_bytes(x->name);
	check_bytes(x->local);
	check_bytes(x->text);
}

static void
check_again(struct str in, const struct addr *want, bool bare)
{
	struct addr *got;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	must(addr_parse_list(&a, in, bare, &got, &e));
	for (; want != NULL && got != NULL; want = want->next, got = got->next)
		must(addr_same(want, got) && str_eq(want->name, got->name) &&
		    str_eq(want->local, got->local) &&
		    str_eq(want->domain, got->domain) &&
		    str_eq(want->text, got->text));
	must(want == NULL && got == NULL);
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data + 1, size - 1 };
	struct addr *list;
	struct arena a;
	struct buf out;
	struct err e;
	bool bare;

	if (size == 0)
		return 0;
	bare = data[0] & 1;
	arena_init(&a, MEMORY);
	buf_init(&out, MEMORY);
	if (addr_parse_list(&a, in, bare, &list, &e)) {
		for (const struct addr *x = list; x != NULL; x = x->next) {
			check_one(x, bare);
			if (x != list)
				buf_addz(&out, ", ");
			addr_format(&out, x);
		}
		check_again(buf_view(&out), list, bare);
	}
	buf_release(&out);
	arena_release(&a);
	return 0;
}
