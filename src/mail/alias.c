/* SPDX-License-Identifier: MIT */
#include "mail/alias.h"

#include <sysexits.h>

enum { LOAD = 1 }; /* entries to a bucket, as a shift */

/* FNV-1a, of the letters in lower case. */
static size_t
alias_hash(struct str name)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)ascii_lower(name.p[i])) * 16777619U;
	return h;
}

const struct alias *
alias_find(const struct alias_file *f, struct str name)
{
	const struct alias *x;

	if (f->buckets == 0)
		return NULL;
	x = f->bucket[alias_hash(name) & (f->buckets - 1)];
	while (x != NULL && !str_ieq(x->name, name))
		x = x->link;
	return x;
}

/* "default:" is what Exim and others call it. */
static void
alias_add(struct alias_file *f, struct alias *x, struct str name)
{
	const struct alias *same;
	struct alias **at;

	x->name = str_ieq(name, STR("default")) ? STR("*") : name;
	same = alias_find(f, x->name);
	if (same != NULL) {
		x->first = same->line;
		return;
	}
	at = &f->bucket[alias_hash(x->name) & (f->buckets - 1)];
	x->link = *at;
	*at = x;
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
alias_check(struct str target, struct err *e)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (str_istarts(target, refused[i].head))
			return err_set(e, ERR_INPUT,
			    "\"%.*s\" is %s, which post365 neither runs nor "
			    "opens: name addresses only",
			    STR_ARG(str_first(target, 200)), refused[i].what);
	return true;
}

/* The text without comments, line ends as blanks. */
static struct str
flatten(struct arena *a, struct str value)
{
	char *p = arena_alloc(a, value.n + 1);
	bool comment = false, quoted = false;
	char c, before = ' ';

	if (p == NULL)
		return (struct str){ 0 };
	for (size_t i = 0; i < value.n; i++, before = c) {
		c = value.p[i];
		if (c == '"' && !comment)
			quoted = !quoted;
		if (c == '\n')
			comment = false;
		else if (c == '#' && !quoted && (unsigned char)before <= ' ')
			comment = true;
		p[i] = comment || c == '\n' || c == '\r' ? ' ' : c;
	}
	return str_trim((struct str){ p, value.n });
}

/* Up to the next comma outside of quotes. */
static struct str
alias_next(struct str *rest)
{
	bool quoted = false;
	struct str one;
	size_t i;

	for (i = 0; i < rest->n && (quoted || rest->p[i] != ','); i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		else if (rest->p[i] == '"')
			quoted = !quoted;
	}
	one = str_trim(str_first(*rest, i));
	*rest = str_from(*rest, i + 1);
	return one;
}

static bool
alias_target(struct arena *a, struct str text, struct alias_target ***tail,
    struct err *e)
{
	bool last = str_starts(text, STR("\\"));
	struct alias_target *t;
	struct addr *to;

	if (last)
		text = str_from(text, 1);
	if (!alias_check(text, e) || !addr_parse_list(a, text, true, &to, e))
		return false;
	if (to == NULL)
		return true;
	t = arena_alloc(a, sizeof(*t));
	if (t == NULL)
		return arena_ok(a, e);
	*t = (struct alias_target){ .to = to, .last = last };
	**tail = t;
	*tail = &t->next;
	return true;
}

static bool
alias_read(struct arena *a, const struct alias *alias,
    struct alias_target **out, struct err *e)
{
	struct alias_target **tail = out;
	struct str rest;

	*out = NULL;
	if (alias->name.n == 0)
		return err_set(e, ERR_INPUT,
		    "this is not \"name: address, ...\"");
	if (alias->first != 0)
		return err_set(e, ERR_INPUT,
		    "\"%.*s\" stands on line %u already, which counts",
		    STR_ARG(alias->name), alias->first);
	rest = flatten(a, alias->value);
	while (rest.n > 0)
		if (!alias_target(a, alias_next(&rest), &tail, e))
			return false;
	return *out != NULL ||
	    (arena_ok(a, e) &&
		err_set(e, ERR_INPUT, "no address behind \"%.*s:\"",
		    STR_ARG(alias->name)));
}

bool
alias_targets(struct arena *a, const struct alias_file *f,
    const struct alias *alias, struct alias_target **out, struct err *e)
{
	if (alias_read(a, alias, out, e) && arena_ok(a, e))
		return true;
	if (e->kind == ERR_INPUT)
		e->exit = EX_NOUSER;
	return err_wrap(e, "%.*s:%u", STR_ARG(f->name), alias->line);
}

/* Before the text is looked at: so many lines, so many entries at most. */
static bool
alias_reserve(struct arena *a, struct str text, struct alias_file *f,
    struct err *e)
{
	struct str line;
	size_t lines = 0;

	while (str_next(&text, '\n', &line))
		lines++;
	for (f->buckets = 1; f->buckets << LOAD < lines;)
		f->buckets <<= 1;
	f->bucket = arena_array(a, f->buckets, sizeof(struct alias *));
	return f->bucket != NULL || arena_ok(a, e);
}

bool
alias_parse(struct arena *a, struct str text, struct str file,
    struct alias_file *out, struct err *e)
{
	struct alias **tail = &out->list, *one;
	unsigned line = 0, at = 0;
	struct str entry, name;
	size_t colon;

	*out = (struct alias_file){ .name = file };
	if (!alias_reserve(a, text, out, e))
		return err_wrap(e, "%.*s", STR_ARG(file));
	while (next_entry(&text, &line, &entry, &at)) {
		one = arena_alloc(a, sizeof(*one));
		if (one == NULL)
			break;
		colon = str_chr(entry, ':');
		name = str_trim(str_first(entry, colon));
		if (name.n > 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
			name = (struct str){ name.p + 1, name.n - 2 };
		*one = (struct alias){ .value = str_from(entry, colon + 1),
			.line = at };
		if (colon < entry.n && name.n > 0)
			alias_add(out, one, name);
		*tail = one;
		tail = &one->next;
	}
	return arena_ok(a, e) || err_wrap(e, "%.*s", STR_ARG(file));
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

bool
alias_is_local(const struct alias_rules *r, const struct addr *address)
{
	if (address->domain.n == 0)
		return true;
	for (size_t i = 0; i < r->n_local; i++)
		if (str_ieq(address->domain, r->local[i]))
			return true;
	return false;
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
	(void)addr_add(w->a, &w->tail, parsed);
	return true;
}

static const struct alias *
alias_of(const struct alias_rules *r, const struct addr *address)
{
	const struct alias *found = alias_find(&r->file, address->local);

	return found != NULL ? found : alias_find(&r->file, STR("*"));
}

static bool expand_one(struct walk *w, const struct addr *address, bool last);

static bool
expand_alias(struct walk *w, const struct alias *alias,
    const struct addr *address)
{
	struct alias_target *t;
	const struct addr *to;
	struct addr named;
	bool one;

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
	if (!alias_targets(w->a, &w->r->file, alias, &t, w->e))
		return false;
	w->path[w->depth++] = alias;
	one = t->next == NULL && t->to->next == NULL;
	for (; t != NULL; t = t->next)
		for (to = t->to; to != NULL; to = to->next) {
			named = *to;
			if (named.name.n == 0 && one)
				named.name = address->name;
			if (!expand_one(w, &named, t->last))
				return false;
		}
	w->depth--;
	return true;
}

/* last: it is not to be looked for among the aliases. */
static bool
expand_one(struct walk *w, const struct addr *address, bool last)
{
	const struct alias *alias;

	if (!alias_is_local(w->r, address)) {
		(void)addr_add(w->a, &w->tail, address);
		return true;
	}
	alias = last ? NULL : alias_of(w->r, address);
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
		if (!expand_one(&w, list, false))
			return false;
	if (!arena_ok(a, e))
		return err_wrap(e, "aliases");
	*out = first;
	return true;
}
