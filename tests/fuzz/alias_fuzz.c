/* SPDX-License-Identifier: MIT */
/*
 * alias_fuzz: any file is taken, what it says of a name is found again under
 * that name in any case, and no expansion leads to a name of this machine.
 */
#include <assert.h>
#include <string.h>

#include "mail/alias.h"

enum { MEMORY = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_entry(struct arena *a, const struct alias_rules *r,
    const struct alias *alias)
{
	struct addr name = { .local = alias->name, .text = alias->name };
	struct alias_target *to;
	struct addr *out;
	struct err e;
	bool ok = alias_targets(a, &r->file, alias, &to, &e);

	assert(ok || e.kind == ERR_INPUT);
	assert(!ok || (to != NULL && to->to != NULL));
	if (alias->name.n == 0 || alias->first != 0) {
		assert(!ok);
		return;
	}
	name.local = arena_lower(a, alias->name);
	assert(alias_find(&r->file, name.local) == alias);
	if (!alias_expand(a, r, &name, &out, &e)) {
		assert(e.kind == ERR_INPUT || e.kind == ERR_CONFIG);
		return;
	}
	assert(ok && out != NULL);
	for (; out != NULL; out = out->next)
		assert(!alias_is_local(r, out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct alias_rules r = { .mailbox = STR("m@x.example") };
	struct arena a;
	struct err e;
	size_t entries = 0;

	arena_init(&a, MEMORY);
	if (!alias_parse(&a, (struct str){ (const char *)data, n }, STR("f"),
		&r.file, &e))
		assert(false);
	for (const struct alias *x = r.file.list; x != NULL && entries < 100;
	     x = x->next, entries++)
		check_entry(&a, &r, x);
	arena_release(&a);
	return 0;
}
