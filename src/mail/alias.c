/* SPDX-License-Identifier: MIT */
#include "mail/alias.h"

#include <sysexits.h>

static const struct alias *
find(const struct alias *list, struct str name)
{
	while (list != NULL && !str_ieq(list->name, name))
		list = list->next;
	return list;
}

/*
 * Takes the next entry, with the lines that go on it, off *text. Comments
 * and empty lines are skipped. *line counts what was taken.
 */
static bool
next_entry(struct str *text, unsigned *line, struct str *entry, unsigned *at)
{
	struct str one, rest = *text;
	const char *start = NULL;
	size_t n = 0;

	while (str_next(&rest, '\n', &one)) {
		if (start != NULL && (one.n == 0 || !ascii_is_blank(one.p[0])))
			break;
		*text = rest;
		++*line;
		if (start == NULL &&
		    (str_trim(one).n == 0 || str_trim(one).p[0] == '#'))
			continue;
		if (start == NULL) {
			start = one.p;
			*at = *line;
		}
		n = (size_t)(one.p + one.n - start);
	}
	*entry = (struct str){ start, n };
	return start != NULL;
}

/* What other mailers would run, write to or read. */
static const struct {
	struct str head;
	const char *what;
} refused[] = {
	{ STR_INIT("|"), "a command" },
	{ STR_INIT("\"|"), "a command" },
	{ STR_INIT("/"), "a file" },
	{ STR_INIT("\"/"), "a file" },
	{ STR_INIT(":include:"), "an include" },
	{ STR_INIT("\":include:"), "an include" },
};

static bool
check_targets(struct str value, struct err *e)
{
	struct str one;

	while (str_next(&value, ',', &one)) {
		one = str_trim(one);
		for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
			if (str_istarts(one, refused[i].head))
				return err_set(e, ERR_CONFIG,
				    "\"%.*s\" is %s, which post365 neither "
				    "runs nor opens: name addresses only",
				    STR_ARG(one), refused[i].what);
	}
	return true;
}

/* The text without what follows a '#' on a line, line ends as blanks. */
static struct str
flatten(struct arena *a, struct str value)
{
	char *p = arena_alloc(a, value.n + 1);
	bool comment = false, quoted = false;
	char c;

	if (p == NULL)
		return (struct str){ 0 };
	for (size_t i = 0; i < value.n; i++) {
		c = value.p[i];
		if (c == '"')
			quoted = !quoted;
		if (c == '\n')
			comment = false;
		else if (c == '#' && !quoted)
			comment = true;
		p[i] = comment || c == '\n' || c == '\r' ? ' ' : c;
	}
	return str_trim((struct str){ p, value.n });
}

static bool
parse_entry(struct arena *a, struct str entry, struct alias *out, struct err *e)
{
	size_t colon = str_chr(entry, ':');
	struct str name = str_trim(str_first(entry, colon)), value;

	if (colon == entry.n || name.n == 0)
		return err_set(e, ERR_CONFIG,
		    "this is not \"name: address, ...\"");
	if (name.n > 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		name = (struct str){ name.p + 1, name.n - 2 };
	if (str_ieq(name, STR("default")))
		name = STR("*");
	out->name = arena_lower(a, name);
	value = flatten(a, str_from(entry, colon + 1));
	if (!check_targets(value, e))
		return false;
	if (!addr_parse_list(a, value, true, &out->to, e)) {
		e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
		return false;
	}
	return out->to != NULL ||
	    err_set(e, ERR_CONFIG, "no address behind \"%.*s:\"",
		STR_ARG(name));
}

bool
alias_parse(struct arena *a, struct str text, struct str file,
    struct alias **out, struct err *e)
{
	struct alias *first = NULL, **tail = &first, *one;
	const struct alias *same;
	struct str entry;
	unsigned line = 0, at = 0;

	while (next_entry(&text, &line, &entry, &at)) {
		one = arena_alloc(a, sizeof(*one));
		if (one == NULL)
			break;
		one->line = at;
		if (!parse_entry(a, entry, one, e))
			return err_wrap(e, "%.*s:%u", STR_ARG(file), at);
		same = find(first, one->name);
		if (same != NULL)
			return err_set(e, ERR_CONFIG,
			    "%.*s:%u: \"%.*s\" stands on line %u already",
			    STR_ARG(file), at, STR_ARG(one->name), same->line);
		*tail = one;
		tail = &one->next;
	}
	if (!arena_ok(a, e))
		return err_wrap(e, "%.*s", STR_ARG(file));
	*out = first;
	return true;
}

/* One expansion at work. */
struct walk {
	struct arena *a;
	const struct alias_rules *r;
	const struct alias *path[ALIAS_DEPTH]; /* names being expanded */
	unsigned depth;
	struct addr **tail;
	struct err *e;
};

static bool
is_local(const struct alias_rules *r, const struct addr *address)
{
	if (address->domain.n == 0)
		return true;
	for (size_t i = 0; i < r->n_local; i++)
		if (str_ieq(address->domain, r->local[i]))
			return true;
	return false;
}

static void
append(struct walk *w, const struct addr *address)
{
	struct addr *copy = arena_alloc(w->a, sizeof(*copy));

	if (copy == NULL)
		return;
	*copy = *address;
	copy->next = NULL;
	*w->tail = copy;
	w->tail = &copy->next;
}

/* A name without an alias: at the default domain, else to the mailbox. */
static bool
qualify(struct walk *w, const struct addr *name)
{
	struct addr *parsed;
	struct str text = w->r->mailbox;

	if (w->r->default_domain.n > 0)
		text = arena_fmt(w->a, "%.*s@%.*s",
		    (int)(name->text.n -
			(name->domain.n > 0 ? name->domain.n + 1 : 0)),
		    name->text.p, STR_ARG(w->r->default_domain));
	if (text.n == 0) {
		err_set(w->e, ERR_INPUT,
		    "\"%.*s\" has no alias, and neither default_domain nor "
		    "mailbox is set",
		    STR_ARG(name->text));
		w->e->exit = EX_NOUSER;
		return false;
	}
	if (!addr_parse(w->a, text, false, &parsed, w->e))
		return false;
	if (parsed->name.n == 0)
		parsed->name = name->name;
	append(w, parsed);
	return true;
}

static const struct alias *
alias_of(const struct alias_rules *r, const struct addr *address)
{
	const struct alias *found = find(r->alias, address->local);

	return found != NULL ? found : find(r->alias, STR("*"));
}

static bool expand_one(struct walk *w, const struct addr *address);

static bool
expand_alias(struct walk *w, const struct alias *alias,
    const struct addr *address)
{
	const struct addr *to = alias->to;
	struct addr named;

	for (unsigned i = 0; i < w->depth; i++)
		if (w->path[i] == alias)
			/* "root: root, me" and the catch-all end here */
			return i + 1 == w->depth ?
			    qualify(w, address) :
			    err_set(w->e, ERR_CONFIG,
				"aliases: \"%.*s\" leads back to itself",
				STR_ARG(alias->name));
	if (w->depth == ALIAS_DEPTH)
		return err_set(w->e, ERR_CONFIG,
		    "aliases: more than %d names in a row", ALIAS_DEPTH);
	w->path[w->depth++] = alias;
	for (; to != NULL; to = to->next) {
		named = *to;
		if (named.name.n == 0 && alias->to->next == NULL)
			named.name = address->name;
		if (!expand_one(w, &named))
			return false;
	}
	w->depth--;
	return true;
}

static bool
expand_one(struct walk *w, const struct addr *address)
{
	const struct alias *alias;

	if (!is_local(w->r, address)) {
		append(w, address);
		return true;
	}
	alias = alias_of(w->r, address);
	return alias != NULL ? expand_alias(w, alias, address) :
			       qualify(w, address);
}

bool
alias_expand(struct arena *a, const struct alias_rules *r,
    const struct addr *list, struct addr **out, struct err *e)
{
	struct addr *first = NULL;
	struct walk w = { .a = a, .r = r, .tail = &first, .e = e };

	for (; list != NULL; list = list->next)
		if (!expand_one(&w, list))
			return false;
	if (!arena_ok(a, e))
		return err_wrap(e, "aliases");
	*out = first;
	return true;
}
