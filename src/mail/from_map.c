/* SPDX-License-Identifier: MIT */
#include "mail/from_map.h"

/* The end of a rule: the next comma outside of quotes and brackets. */
static size_t
rule_size(struct str s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.n && (quoted || s.p[i] != ','); i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
	}
	return i;
}

/* "*", "@domain", or what is an address with or without a domain. */
static bool
check_old(struct arena *a, struct str old, struct err *e)
{
	struct addr *parsed;

	if (str_eq(old, STR("*")))
		return true;
	if (str_starts(old, STR("@")))
		old = arena_fmt(a, "x%.*s", STR_ARG(old));
	return addr_parse(a, old, true, &parsed, e);
}

static bool
parse_rule(struct arena *a, struct str rule, struct from_map *out,
    struct err *e)
{
	size_t mark = str_chr(rule, '>');
	struct addr *to;

	out->old = str_trim(str_first(rule, mark));
	if (mark == rule.n || out->old.n == 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not \"OLD > NEW\", like "
		    "\"root > Web <web@contoso.com>\"",
		    STR_ARG(str_first(rule, 80)));
	if (!check_old(a, out->old, e) ||
	    !addr_parse(a, str_trim(str_from(rule, mark + 1)), false, &to, e)) {
		e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
		return false;
	}
	out->to = to;
	return true;
}

bool
from_map_parse(struct arena *a, struct str text, const struct from_map **out,
    struct err *e)
{
	const struct from_map *first = NULL, **tail = &first;
	struct from_map *one;
	struct str rule;

	while (text.n > 0) {
		rule = str_trim(str_first(text, rule_size(text)));
		text = str_from(text, rule_size(text) + 1);
		one = arena_alloc(a, sizeof(*one));
		if (one == NULL)
			break;
		if (!parse_rule(a, rule, one, e))
			return false;
		*tail = one;
		tail = &one->next;
	}
	if (!arena_ok(a, e))
		return false;
	*out = first;
	return true;
}

static bool
fits(struct str old, const struct addr *address, bool local)
{
	if (str_eq(old, STR("*")))
		return true;
	if (str_starts(old, STR("@")))
		return str_ieq(str_from(old, 1), address->domain);
	return str_ieq(old, address->text) ||
	    (local && str_ieq(old, address->local));
}

const struct addr *
from_map_find(const struct from_map *list, const struct addr *old, bool local)
{
	while (list != NULL && !fits(list->old, old, local))
		list = list->next;
	return list != NULL ? list->to : NULL;
}
