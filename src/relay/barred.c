/* SPDX-License-Identifier: MIT */
#include "relay/barred.h"

enum { BARRED_MEMORY = 4 << 20 /* bytes: what one name stands for */ };

/* True: *e says why mail for this name is refused. */
static bool
barred_is(const struct alias_rules *r, struct str name, struct err *e)
{
	const struct addr to = { .local = name, .text = name };
	struct addr *list;
	struct arena mem;
	bool ok;

	arena_init(&mem, BARRED_MEMORY);
	ok = alias_expand(&mem, r, &to, &list, e);
	arena_release(&mem);
	return !ok && e->kind == ERR_INPUT;
}

/* all: also those that take mail. False: it wrote none. */
static bool
barred_write_names(const struct alias_rules *r, bool all, struct buf *out)
{
	bool some = false, bad;
	struct err e;

	for (const struct alias *x = r->file.list; x != NULL; x = x->next) {
		/* a second entry of a name does not count */
		if (x->name.n == 0 || x->first != 0 ||
		    str_chr(x->name, '\n') < x->name.n)
			continue;
		bad = barred_is(r, x->name, &e);
		if (bad || all)
			buf_addf(out, "%.*s:%s\n", STR_ARG(x->name),
			    bad ? e.msg : "");
		some = some || bad;
	}
	return some;
}

void
barred_write(const struct alias_rules *r, struct buf *out)
{
	const struct str star = STR("*");
	size_t start = out->n;
	struct err e;
	bool all = alias_find(&r->file, star) != NULL && barred_is(r, star, &e);

	for (size_t i = 0; i < r->n_local; i++)
		buf_addf(out, "%.*s ", STR_ARG(r->local[i]));
	buf_addc(out, '\n');
	if (!barred_write_names(r, all, out))
		buf_rewind(out, start);
}

static bool
barred_is_local(struct str domains, struct str domain)
{
	struct str one;

	while (domain.n > 0 && str_next(&domains, ' ', &one))
		if (str_ieq(one, domain))
			return true;
	return domain.n == 0;
}

struct str
barred_why(struct str list, const struct addr *to)
{
	struct str domains, line, name, why, rest = { 0 };

	if (!str_next(&list, '\n', &domains) ||
	    !barred_is_local(domains, to->domain))
		return rest;
	while (str_next(&list, '\n', &line)) {
		name = str_first(line, str_chr(line, ':'));
		why = str_from(line, name.n + 1);
		if (str_ieq(name, to->local))
			return why;
		if (str_eq(name, STR("*")))
			rest = why;
	}
	return rest;
}
