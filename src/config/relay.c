/* SPDX-License-Identifier: MIT */
#include "config/relay.h"

#include <unistd.h>

#include "base/os.h"
#include "config/load.h"

enum { RELAY_KEY_MAX = 64 };

/* In memory of its own: the file's text is wiped. */
static void
relay_add(struct arena *a, const struct config_pair *from,
    struct config_pair ***end)
{
	struct config_pair *p = arena_alloc(a, sizeof(*p));

	if (p == NULL)
		return;
	*p = (struct config_pair){ .key = arena_str(a, from->key),
		.value = arena_str(a, from->value),
		.file = arena_str(a, str_of(from->file)).p,
		.line = from->line };
	**end = p;
	*end = &p->next;
}

/* Takes all lines of this key out. */
static void
relay_drop(struct config_pair **list, struct str key)
{
	while (*list != NULL)
		if (str_eq((*list)->key, key))
			*list = (*list)->next;
		else
			list = &(*list)->next;
}

static void
relay_take_variable(struct arena *a, struct str variable,
    struct config_pair **list)
{
	static const struct str prefix = STR_INIT("POST365_RELAY_");
	struct str name = str_first(variable, str_chr(variable, '='));
	struct str all = str_from(variable, name.n + 1), one;
	char key[RELAY_KEY_MAX];
	struct config_pair p = { .key = { key, 0 } };

	if (!str_starts(name, prefix) || str_trim(all).n == 0)
		return;
	for (size_t i = prefix.n; i < name.n && p.key.n < sizeof(key); i++)
		key[p.key.n++] = ascii_lower(name.p[i]);
	p.file = arena_str(a, name).p;
	relay_drop(list, p.key);
	while (*list != NULL)
		list = &(*list)->next;
	while (p.file != NULL && str_next(&all, ';', &one)) {
		p.value = str_trim(one);
		if (p.value.n > 0)
			relay_add(a, &p, &list);
	}
}

bool
config_relay(const struct config *c, struct arena *a, struct config_pair **out,
    struct err *e)
{
	struct config unused = { 0 };
	struct load l = {
		.draft = c->draft,
		.pass = { .half = CONFIG_PUBLIC,
		    .at = &unused,
		    .mem = &unused.mem },
	};
	struct config_pair **end = out;
	bool ok = load_init(&l, e) && (c->file.n == 0 || load_file(&l, c, e));

	*out = NULL;
	for (const struct config_pair *p = ok ? l.top->relay : NULL; p != NULL;
	     p = p->next)
		relay_add(a, p, &end);
	load_release(&l);
	arena_release(&unused.mem);
	for (char **v = environ; ok && v != NULL && *v != NULL; v++)
		relay_take_variable(a, str_of(*v), out);
	return ok && arena_ok(a, e);
}

static const char *
relay_place(const struct config_pair *p)
{
	return str_eq(p->value, STR("off")) ? NULL : p->value.p;
}

void
config_relay_find(const struct config *c, struct arena *a,
    struct config_relay_places *out)
{
	static const char spool[] = "/var/spool/post365";
	struct config_pair *lines = NULL;
	struct err unsaid; /* the relay itself complains of its settings */
	bool asked = false, some = false;

	*out =
	    (struct config_relay_places){ .socket = "/run/post365/relay.sock" };
	if (!config_relay(c, a, &lines, &unsaid))
		lines = NULL;
	for (const struct config_pair *p = lines; p != NULL; p = p->next)
		if (str_eq(p->key, STR("socket"))) {
			out->socket = relay_place(p);
		} else if (str_eq(p->key, STR("drop"))) {
			out->drop = relay_place(p);
			asked = true;
		} else if (str_eq(p->key, STR("allow"))) {
			some = some || str_starts(p->value, STR("user:")) ||
			    str_starts(p->value, STR("group:"));
		}
	if (!asked && !some)
		out->drop = arena_fmt(a, "%s/drop",
		    c->spool_dir.n > 0 ? c->spool_dir.p : spool)
				.p;
}
