/* SPDX-License-Identifier: MIT */
#include "compose/from.h"

#include "mail/from_map.h"
#include "mail/value.h"

struct job {
	struct arena *a;
	const struct config *config;
	const struct prepare_names *names;
	struct addr *self, *mailbox; /* `from` and `mailbox` */
};

/* With " at " for every '@'. */
static struct str
without_at(struct arena *a, struct str s)
{
	struct str out, piece;
	struct buf text;

	if (str_chr(s, '@') == s.n)
		return s;
	buf_init(&text, 4 * s.n); /* "@" becomes " at " */
	while (str_next(&s, '@', &piece)) {
		if (text.n > 0)
			buf_addz(&text, " at ");
		buf_adds(&text, str_trim(piece));
	}
	out = arena_str(a, buf_view(&text));
	a->no_memory = a->no_memory || text.no_memory;
	buf_release(&text);
	return out;
}

/* "root at web1": an address that no program takes for one. */
static struct str
shown(const struct job *j, const struct addr *old)
{
	if (old->domain.n > 0 || j->names->host.n == 0)
		return without_at(j->a, old->text);
	return arena_fmt(j->a, "%.*s at %.*s", STR_ARG(old->text),
	    STR_ARG(j->names->host));
}

/* Its name without what Graph refuses. */
static struct str
plain_name(const struct job *j, const struct addr *old)
{
	return without_at(j->a, value_words(j->a, old->name).plain);
}

static struct str
telling_name(const struct job *j, const struct addr *old)
{
	struct str name = plain_name(j, old);
	struct str address = shown(j, old);

	if (str_trim(name).n == 0 || str_ieq(name, address))
		return address;
	return arena_fmt(j->a, "%.*s (%.*s)", STR_ARG(name), STR_ARG(address));
}

/* One address under another name. */
static const struct addr *
renamed(struct arena *a, const struct addr *address, struct str name)
{
	struct addr *out = NULL, **tail = &out;

	if (addr_add(a, &tail, address) == NULL)
		return address;
	out->name = name;
	return out;
}

/* Could an answer get there from outside? */
static bool
is_public(const struct job *j, const struct addr *address)
{
	return !prepare_names_is_local(j->names, address) &&
	    str_chr(address->domain, '.') < address->domain.n &&
	    !str_starts(address->domain, STR("[")) &&
	    !str_iends(address->domain, STR(".localdomain")) &&
	    !str_iends(address->domain, STR(".local"));
}

/* All who wrote it and can be answered; NULL: nobody but ourselves. */
static const struct addr *
answer_to(const struct job *j, const struct addr *old)
{
	struct addr *first = NULL, *one, **tail = &first;
	bool others = false;

	for (; old != NULL; old = old->next) {
		if (!is_public(j, old))
			continue;
		others = others || !addr_same(old, j->self);
		one = addr_add(j->a, &tail, old);
		if (one != NULL)
			one->name = plain_name(j, old);
	}
	return others ? first : NULL;
}

static void
rewrite(const struct job *j, const struct addr *old, struct prepare_from *out)
{
	out->changed = true;
	out->original = old;
	out->from = renamed(j->a, j->self, telling_name(j, old));
	out->reply_to = answer_to(j, old);
}

static bool
map(const struct job *j, const struct addr *old, struct prepare_from *out,
    struct err *e)
{
	const struct from_map *list;
	const struct addr *to;

	if (!from_map_parse(j->a, j->config->from_map, &list, e))
		return err_wrap(e, "from_map");
	to = from_map_find(list, old, prepare_names_is_local(j->names, old));
	if (to == NULL) {
		rewrite(j, old, out);
		return true;
	}
	out->changed = true;
	out->original = old;
	out->from = renamed(j->a, to,
	    without_at(j->a,
		to->name.n > 0 ? to->name :
				 value_words(j->a, old->name).plain));
	return true;
}

/* It stays; of its name only what Graph refuses goes. */
static bool
stay(const struct job *j, const struct addr *old, struct prepare_from *out)
{
	struct str name = value_words(j->a, old->name).plain;

	out->from = old;
	out->changed = old->next != NULL || old->grouped;
	if (str_chr(name, '@') < name.n) {
		out->changed = true;
		name = without_at(j->a, name);
	}
	if (out->changed)
		out->from = renamed(j->a, old, name);
	return true;
}

/* A bare name that stays gets its domain. */
static bool
keep(const struct job *j, const struct addr *old, struct prepare_from *out,
    struct err *e)
{
	struct addr *whole;

	if (old->next != NULL) {
		err_set(e, ERR_INPUT,
		    "From has several addresses; Exchange sends as one");
		return err_remedy(e,
		    "with from_policy = rewrite it becomes the account's own");
	}
	if (old->domain.n > 0)
		return stay(j, old, out);
	if (j->config->default_domain.n == 0) {
		rewrite(j, old, out);
		return true;
	}
	if (!addr_parse(j->a,
		arena_fmt(j->a, "%.*s@%.*s", STR_ARG(old->text),
		    STR_ARG(j->config->default_domain)),
		false, &whole, e))
		return err_wrap(e, "From");
	whole->name = old->name;
	(void)stay(j, whole, out);
	out->changed = true;
	return true;
}

static bool
apply(const struct job *j, const struct addr *old, struct prepare_from *out,
    struct err *e)
{
	if (old == NULL) {
		out->from = renamed(j->a, j->self, plain_name(j, j->self));
		out->changed = true;
		return true;
	}
	if (old->next == NULL &&
	    (addr_same(old, j->self) || addr_same(old, j->mailbox)))
		return stay(j, old, out);
	if (str_eq(j->config->from_policy, STR("keep")))
		return keep(j, old, out, e);
	if (str_eq(j->config->from_policy, STR("map")))
		return map(j, old, out, e);
	rewrite(j, old, out);
	return true;
}

bool
prepare_from(struct arena *a, const struct config *config,
    const struct prepare_names *names, const struct addr *old,
    struct prepare_from *out, struct err *e)
{
	struct job j = { .a = a, .config = config, .names = names };

	*out = (struct prepare_from){ 0 };
	return addr_parse(a, config->from, false, &j.self, e) &&
	    addr_parse(a, config->mailbox, false, &j.mailbox, e) &&
	    apply(&j, old, out, e) && arena_ok(a, e);
}
