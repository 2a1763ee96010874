/* SPDX-License-Identifier: MIT */
#include "sandbox/rule.h"

#include <stddef.h>

enum {
	NUMBER_MAX = 1000000000, /* 31 years; statuses have three digits */
	STATUS_MIN = 200,
	STATUS_MAX = 599
};

#define ROW(word, name, value, phase, options)                                 \
	[RULE_##word] = { name, value, phase, options },
static const struct {
	const char *name, *value;
	enum rule_phase phase;
	const char *options;
} kinds[] = { RULE_KINDS(ROW) };
#undef ROW

#define NAME(word, name) [RULE_##word] = name,
static const char *const places[] = { RULE_PLACES(NAME) };
#undef NAME
static const char *const bodies
    [] = { [RULE_JSON] = "json", [RULE_HTML] = "html", [RULE_EMPTY] = "empty" };

enum { N_BODIES = 3 };

/* The name=value of a rule: exactly one of the offsets is used. */
static const struct rule_option {
	const char *name;
	char letter;
	bool is_number;
	size_t offset; /* of a struct str or an int64_t in struct rule */
} options[] = {
	{ "retry-after", 'r', false, offsetof(struct rule, retry_after) },
	{ "code", 'c', false, offsetof(struct rule, code) },
	{ "message", 'm', false, offsetof(struct rule, message) },
	{ "ms", 's', true, offsetof(struct rule, ms) },
	{ "at", 'a', true, offsetof(struct rule, at) },
};

enum { N_OPTIONS = sizeof(options) / sizeof(options[0]) };

const char *
rule_name(enum rule_kind kind)
{
	return kinds[kind].name;
}

enum rule_phase
rule_phase(enum rule_kind kind)
{
	return kinds[kind].phase;
}

static bool
find_word(struct str s, const char *const *word, size_t n, size_t *at)
{
	for (*at = 0; *at < n; ++*at)
		if (str_eq(s, str_of(word[*at])))
			return true;
	return false;
}

/*
 * Takes the next word off *rest; blanks within double quotes belong to it,
 * and the quotes do not.
 */
static bool
next_word(struct arena *a, struct str *rest, struct str *word)
{
	size_t n = 0;
	bool quoted = false;
	char *out;

	*rest = str_trim(*rest);
	out = arena_alloc(a, rest->n + 1);
	if (rest->n == 0 || out == NULL)
		return false;
	for (; rest->n > 0; *rest = str_from(*rest, 1)) {
		if (!quoted && (*rest->p == ' ' || *rest->p == '\t'))
			break;
		if (*rest->p == '"')
			quoted = !quoted;
		else
			out[n++] = *rest->p;
	}
	*word = (struct str){ out, n };
	return true;
}

/* Seconds may be negative: a clock that is behind. */
static bool
parse_number(struct str s, int64_t *out)
{
	bool minus = str_starts(s, STR("-"));
	uint64_t v;

	if (!str_u64(minus ? str_from(s, 1) : s, NUMBER_MAX, &v))
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool
parse_value(const struct rule *r, struct str word, struct rule *out,
    struct err *e)
{
	const char *name = kinds[r->kind].name, *value = kinds[r->kind].value;

	if (word.n == 0)
		return err_set(e, ERR_USAGE, "%s wants %s", name, value);
	if (str_eq(str_of(value), STR("URL"))) {
		out->text = word;
		return true;
	}
	if (!parse_number(word, &out->number))
		return err_set(e, ERR_USAGE, "%s wants a number, not \"%.*s\"",
		    name, STR_ARG(word));
	if (str_eq(str_of(value), STR("CODE")) &&
	    (out->number < STATUS_MIN || out->number > STATUS_MAX))
		return err_set(e, ERR_USAGE, "%.*s is no final HTTP status",
		    STR_ARG(word));
	return true;
}

static bool
parse_times(struct str word, struct rule *out, struct err *e)
{
	uint64_t v;

	if (!str_u64(str_from(word, 1), NUMBER_MAX, &v) || v == 0)
		return err_set(e, ERR_USAGE, "\"%.*s\" is not xN",
		    STR_ARG(word));
	out->times = (uint32_t)v;
	return true;
}

static bool
parse_body(struct str value, struct rule *out, struct err *e)
{
	size_t i;

	if (!find_word(value, bodies, N_BODIES, &i))
		return err_set(e, ERR_USAGE,
		    "body=%.*s is none of json, html, empty", STR_ARG(value));
	out->body = (enum rule_body)i;
	return true;
}

static bool
set_option(const struct rule_option *o, struct str value, struct rule *out,
    struct err *e)
{
	char *field = (char *)out + o->offset;
	int64_t number;

	if (!o->is_number) {
		*(struct str *)(void *)field = value;
		return true;
	}
	if (!parse_number(value, &number) || number < 0)
		return err_set(e, ERR_USAGE, "%s=%.*s is no number", o->name,
		    STR_ARG(value));
	*(int64_t *)(void *)field = number;
	return true;
}

static bool
kind_has(enum rule_kind kind, char letter)
{
	struct str letters = str_of(kinds[kind].options);

	return str_chr(letters, letter) < letters.n;
}

/* name=value, or xN. */
static bool
parse_option(struct str word, struct rule *out, struct err *e)
{
	struct str name = str_first(word, str_chr(word, '='));
	struct str value = str_from(word, name.n + 1);

	if (name.n == word.n && str_starts(word, STR("x")))
		return parse_times(word, out, e);
	if (str_eq(name, STR("body")) && kind_has(out->kind, 'b'))
		return parse_body(value, out, e);
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (str_eq(name, str_of(options[i].name)) &&
		    kind_has(out->kind, options[i].letter))
			return set_option(&options[i], value, out, e);
	return err_set(e, ERR_USAGE, "%s has no option \"%.*s\"",
	    kinds[out->kind].name, STR_ARG(word));
}

static bool
parse_kind(struct str word, struct rule *out, struct err *e)
{
	for (int i = 0; i < RULE_N_KINDS; i++) {
		if (!str_eq(word, str_of(kinds[i].name)))
			continue;
		out->kind = (enum rule_kind)i;
		return true;
	}
	return err_set(e, ERR_USAGE, "\"%.*s\" is no kind of fault",
	    STR_ARG(word));
}

static bool
check_place(const struct rule *r, struct err *e)
{
	if (kinds[r->kind].phase == RULE_AT_ACCEPT && r->where != RULE_ANY)
		return err_set(e, ERR_USAGE,
		    "%s comes before the request is known: write any",
		    kinds[r->kind].name);
	if (r->kind == RULE_TOKEN_EXPIRES && r->where != RULE_TOKEN)
		return err_set(e, ERR_USAGE, "token-expires is for token");
	if ((r->kind == RULE_RANGE_LOST || r->kind == RULE_SESSION_GONE) &&
	    r->where != RULE_RANGE)
		return err_set(e, ERR_USAGE, "%s is for range",
		    kinds[r->kind].name);
	return true;
}

bool
rule_parse(struct arena *a, struct str line, struct rule *out, struct err *e)
{
	struct rule r = { .ms = -1, .at = -1 };
	struct str rest = line, word = { 0 };
	size_t where;

	if (!next_word(a, &rest, &word) ||
	    !find_word(word, places, RULE_N_PLACES, &where))
		return err_set(e, ERR_USAGE,
		    "a rule begins with any, token, send, draft, attach, "
		    "session, range, submit, ask, remove, search or trace, "
		    "not \"%.*s\"",
		    STR_ARG(word));
	r.where = (enum rule_where)where;
	word = (struct str){ 0 };
	(void)next_word(a, &rest, &word);
	if (!parse_kind(word, &r, e))
		return false;
	word = (struct str){ 0 };
	if (kinds[r.kind].value != NULL) {
		(void)next_word(a, &rest, &word);
		if (!parse_value(&r, word, &r, e))
			return false;
	}
	while (next_word(a, &rest, &word))
		if (!parse_option(word, &r, e))
			return false;
	if (!arena_ok(a, e) || !check_place(&r, e))
		return false;
	*out = r;
	return true;
}

bool
rules_parse(struct arena *a, struct str text, struct str name,
    struct rules *out, struct err *e)
{
	struct str line;
	bool ok;

	for (size_t at = 1; str_next(&text, '\n', &line); at++) {
		line = str_trim(line);
		if (line.n == 0 || *line.p == '#')
			continue;
		ok = out->n < RULES_MAX ?
		    rule_parse(a, line, &out->rule[out->n], e) :
		    err_set(e, ERR_USAGE, "more than %d rules", RULES_MAX);
		if (!ok)
			return err_wrap(e, "%.*s:%zu", STR_ARG(name), at);
		out->n++;
	}
	return true;
}

/* One more use, if there is one left. */
static bool
use(_Atomic uint32_t *used, uint32_t times)
{
	uint32_t n = atomic_load(used);

	if (times == 0)
		return true;
	while (n < times)
		if (atomic_compare_exchange_weak(used, &n, n + 1))
			return true;
	return false;
}

const struct rule *
rules_pick(const struct rules *r, _Atomic uint32_t *used, enum rule_where where,
    bool accepted)
{
	const struct rule *rule;

	for (size_t i = 0; i < r->n; i++) {
		rule = &r->rule[i];
		if ((kinds[rule->kind].phase != RULE_AT_ACCEPT) != accepted)
			continue;
		if (rule->where != RULE_ANY && rule->where != where)
			continue;
		if (use(&used[i], rule->times))
			return rule;
	}
	return NULL;
}
