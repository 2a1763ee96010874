/* SPDX-License-Identifier: MIT */
#include "relay/rule.h"

#include <stddef.h>

enum { RULE_CLIENTS_MOST = 100000, RULE_RATE_MOST = 1000000 };

static bool
rule_take_list(struct str value, void *to, struct err *e)
{
	struct str rest = value, one;

	while (str_next(&rest, ',', &one))
		if (one.n == 0 || str_chr(one, '@') == one.n ||
		    str_ends(one, STR("@")))
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" is no address and no @domain",
			    STR_ARG(one));
	*(struct str *)to = value;
	return true;
}

static bool
rule_take_address(struct str value, void *to, struct err *e)
{
	size_t at = str_chr(value, '@');

	if (at == 0 || at + 1 >= value.n)
		return err_set(e, ERR_CONFIG, "\"%.*s\" is no address",
		    STR_ARG(value));
	*(struct str *)to = value;
	return true;
}

static bool
rule_take_name(struct str value, void *to, struct err *e)
{
	if (value.n == 0)
		return err_set(e, ERR_CONFIG, "it names nothing");
	*(struct str *)to = value;
	return true;
}

/* "30/min", as the setting `rate` has it. */
static bool
rule_take_rate(struct str value, void *to, struct err *e)
{
	static const struct {
		struct str unit;
		int64_t seconds;
	} units[] = {
		{ STR_INIT("s"), 1 },
		{ STR_INIT("min"), 60 },
		{ STR_INIT("h"), 3600 },
		{ STR_INIT("day"), 86400 },
	};
	size_t slash = str_chr(value, '/'), i = 0;
	struct rule *r = to;

	while (i < sizeof(units) / sizeof(*units) &&
	    !str_eq(units[i].unit, str_from(value, slash + 1)))
		i++;
	if (slash >= value.n || i == sizeof(units) / sizeof(*units) ||
	    !str_u64(str_first(value, slash), RULE_RATE_MOST, &r->rate) ||
	    r->rate == 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is no rate like 30/min (units: s, min, h, day)",
		    STR_ARG(value));
	r->seconds = units[i].seconds;
	return true;
}

static bool
rule_take_clients(struct str value, void *to, struct err *e)
{
	uint64_t n;

	if (!str_u64(value, RULE_CLIENTS_MOST, &n) || n == 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is no number of clients", STR_ARG(value));
	*(uint64_t *)to = n;
	return true;
}

static bool
rule_take_net(struct str value, void *to, struct err *e)
{
	struct rule *r = to;

	r->has_net = true;
	return range_parse(value, &r->net, e);
}

static bool
rule_take_role(struct str value, void *to, struct err *e)
{
	struct rule *r = to;

	r->admin = str_eq(value, STR("admin"));
	return r->admin ||
	    err_set(e, ERR_CONFIG,
		"\"%.*s\" is no role; the one there is: admin", STR_ARG(value));
}

static const struct {
	struct str name;
	bool (*take)(struct str value, void *to, struct err *e);
	size_t at;
	const char *right; /* a word of users only: what to do instead */
} rule_words[] = {
	{ STR_INIT("from"), rule_take_list, offsetof(struct rule, from), NULL },
	{ STR_INIT("to"), rule_take_list, offsetof(struct rule, to), NULL },
	{ STR_INIT("account"), rule_take_name, offsetof(struct rule, account),
	    NULL },
	{ STR_INIT("rewrite"), rule_take_address,
	    offsetof(struct rule, rewrite), NULL },
	{ STR_INIT("rate"), rule_take_rate, 0, NULL },
	{ STR_INIT("clients"), rule_take_clients,
	    offsetof(struct rule, clients), NULL },
	{ STR_INIT("net"), rule_take_net, 0,
	    "allow = CIDR says from where mail is taken; net= stands behind "
	    "the hash of a user" },
	{ STR_INIT("role"), rule_take_role, 0,
	    "put it behind the user's hash: user:hash:role=admin" },
};

enum { RULE_WORDS = sizeof(rule_words) / sizeof(*rule_words) };

bool
rule_word(struct str word, struct rule *r, bool *known, struct err *e)
{
	size_t eq = str_chr(word, '='), i = 0;
	bool ok;

	while (
	    i < RULE_WORDS && !str_ieq(rule_words[i].name, str_first(word, eq)))
		i++;
	*known = i < RULE_WORDS && eq < word.n;
	if (!*known)
		return true;
	ok = (r->given >> i & 1) == 0 ?
	    rule_words[i].take(str_from(word, eq + 1),
		(char *)r + rule_words[i].at, e) :
	    err_set(e, ERR_CONFIG, "it stands there twice");
	r->given |= 1U << i;
	return ok || err_wrap(e, "%.*s", STR_ARG(rule_words[i].name));
}

bool
rule_is_of_place(const struct rule *r, bool local, struct err *e)
{
	for (size_t i = 0; i < RULE_WORDS; i++) {
		if ((r->given >> i & 1) == 0 || rule_words[i].right == NULL)
			continue;
		err_set(e, ERR_CONFIG,
		    "%.*s= is a word of users, in auth_file only",
		    STR_ARG(rule_words[i].name));
		return err_remedy(e, "%s", rule_words[i].right);
	}
	if (!local || r->clients == 0)
		return true;
	err_set(e, ERR_CONFIG,
	    "clients= counts the connections of an address, and those of a "
	    "UNIX socket have none");
	return err_remedy(e, "leave it out, or count messages: rate=30/min");
}

struct rule
rule_over(const struct rule *first, const struct rule *then)
{
	struct rule r = *first;

	if (r.from.n == 0)
		r.from = then->from;
	if (r.to.n == 0)
		r.to = then->to;
	if (r.account.n == 0)
		r.account = then->account;
	if (r.rewrite.n == 0)
		r.rewrite = then->rewrite;
	if (r.rate == 0) {
		r.rate = then->rate;
		r.seconds = then->seconds;
	}
	if (r.clients == 0)
		r.clients = then->clients;
	return r;
}

bool
rule_allows(struct str list, const struct addr *who)
{
	struct str one;
	size_t at;

	if (list.n == 0)
		return true;
	while (str_next(&list, ',', &one)) {
		at = str_chr(one, '@');
		if (str_ieq(str_from(one, at + 1), who->domain) &&
		    (at == 0 || str_ieq(str_first(one, at), who->local)))
			return true;
	}
	return false;
}
