/* SPDX-License-Identifier: MIT */
#include "sandbox/rule.h"

#include "command/sandbox.h"
#include "t.h"

#define S        STR_INIT
#define N(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *name;
	struct str line;
	bool good;
	enum rule_where where;
	enum rule_kind kind;
	int64_t number;
	uint32_t times;
} rule_rows[] = {
	{ "plain", S("send close"), true, RULE_SEND, RULE_CLOSE, 0, 0 },
	{ "number", S("any status 503"), true, RULE_ANY, RULE_STATUS, 503, 0 },
	{ "times", S("token status 429 x2"), true, RULE_TOKEN, RULE_STATUS, 429,
	    2 },
	{ "blanks", S("  send \t cut  at=7   x1 "), true, RULE_SEND, RULE_CUT,
	    0, 1 },
	{ "negative", S("any date-skew -172800"), true, RULE_ANY,
	    RULE_DATE_SKEW, -172800, 0 },
	{ "life", S("token token-expires 5"), true, RULE_TOKEN,
	    RULE_TOKEN_EXPIRES, 5, 0 },
	{ "lost range", S("range range-lost x1"), true, RULE_RANGE,
	    RULE_RANGE_LOST, 0, 1 },
	{ "lost session", S("range session-gone"), true, RULE_RANGE,
	    RULE_SESSION_GONE, 0, 0 },
	{ "of drafts", S("submit taken-close"), true, RULE_SUBMIT,
	    RULE_TAKEN_CLOSE, 0, 0 },
	{ "range-lost elsewhere", S("any range-lost"), false, 0, 0, 0, 0 },
	{ "session-gone elsewhere", S("send session-gone"), false, 0, 0, 0, 0 },
	{ "empty", S(""), false, 0, 0, 0, 0 },
	{ "no kind", S("send"), false, 0, 0, 0, 0 },
	{ "unknown place", S("graph close"), false, 0, 0, 0, 0 },
	{ "unknown kind", S("send explode"), false, 0, 0, 0, 0 },
	{ "no code", S("send status"), false, 0, 0, 0, 0 },
	{ "interim code", S("send status 100"), false, 0, 0, 0, 0 },
	{ "large code", S("send status 600"), false, 0, 0, 0, 0 },
	{ "no number", S("send status 4x4"), false, 0, 0, 0, 0 },
	{ "x0", S("send close x0"), false, 0, 0, 0, 0 },
	{ "x-1", S("send close x-1"), false, 0, 0, 0, 0 },
	{ "option of another", S("send close ms=5"), false, 0, 0, 0, 0 },
	{ "negative option", S("send slow ms=-5"), false, 0, 0, 0, 0 },
	{ "unknown body", S("send status 400 body=xml"), false, 0, 0, 0, 0 },
	{ "tls for send", S("send tls-alert"), false, 0, 0, 0, 0 },
	{ "life for send", S("send token-expires 5"), false, 0, 0, 0, 0 },
};

static void
check_rule(size_t i)
{
	struct rule r = { 0 };
	struct arena a;
	struct err e;
	bool good;

	arena_init(&a, 65536);
	good = rule_parse(&a, rule_rows[i].line, &r, &e);
	T_CHECK(good == rule_rows[i].good, "%s: %s", rule_rows[i].name,
	    good ? "accepted" : e.msg);
	if (good) {
		T_CHECK(r.where == rule_rows[i].where, "%s", rule_rows[i].name);
		T_CHECK(r.kind == rule_rows[i].kind, "%s: %s",
		    rule_rows[i].name, rule_name(r.kind));
		T_CHECK(r.number == rule_rows[i].number, "%s",
		    rule_rows[i].name);
		T_CHECK(r.times == rule_rows[i].times, "%s: %u",
		    rule_rows[i].name, r.times);
	}
	arena_release(&a);
}

static void
test_rules(void)
{
	for (size_t i = 0; i < N(rule_rows); i++)
		check_rule(i);
}

static void
test_rule_options(void)
{
	struct rule r;
	struct arena a;
	struct err e;

	arena_init(&a, 65536);
	T_CHECK(rule_parse(&a,
		    STR("send status 429 body=html code=Some"
			"Code retry-after=\"Wed, 21 Oct 2026 "
			"07:28:00 GMT\" message=\"a b\" x3"),
		    &r, &e),
	    "%s", e.msg);
	T_CHECK(r.body == RULE_HTML, "body");
	T_CHECK(str_eq(r.code, STR("SomeCode")), "code");
	T_CHECK(str_eq(r.retry_after, STR("Wed, 21 Oct 2026 07:28:00 GMT")),
	    "retry-after is %.*s", STR_ARG(r.retry_after));
	T_CHECK(str_eq(r.message, STR("a b")), "message");
	T_CHECK(r.ms == -1 && r.at == -1, "absent numbers");
	T_CHECK(rule_parse(&a, STR("send slow ms=7"), &r, &e) && r.ms == 7,
	    "ms");
	arena_release(&a);
}

static void
test_rule_file(void)
{
	static struct rules r;
	struct arena a;
	struct err e;

	arena_init(&a, 65536);
	T_CHECK(rules_parse(&a,
		    STR("# all of it\n\n send close x1\r\n"
			"any silent\n"),
		    STR("f"), &r, &e),
	    "%s", e.msg);
	T_CHECK(r.n == 2, "%zu rules", r.n);
	T_CHECK(!rules_parse(&a, STR("any close\nany nothing\n"),
		    STR("box/faults"), &r, &e),
	    "a bad line");
	T_CHECK(str_starts(str_of(e.msg), STR("box/faults:2: ")), "%s", e.msg);
	arena_release(&a);
}

static const char *
picked(const struct rules *r, _Atomic uint32_t *used, enum rule_where where,
    bool accepted)
{
	const struct rule *rule = rules_pick(r, used, where, accepted);

	return rule == NULL ? "none" : rule_name(rule->kind);
}

static void
test_rules_pick(void)
{
	static _Atomic uint32_t used[RULES_MAX];
	static struct rules r;
	struct arena a;
	struct err e;

#define IS(where, accepted, want)                                              \
	do {                                                                   \
		const char *got = picked(&r, used, where, accepted);           \
		T_CHECK(str_eq(str_of(got), STR(want)), "%s is not %s", got,   \
		    want);                                                     \
	} while (0)

	arena_init(&a, 65536);
	T_CHECK(rules_parse(&a,
		    STR("token close x1\nany stale x2\n"
			"any tls-stall x1\nsend silent\n"),
		    STR("f"), &r, &e),
	    "%s", e.msg);
	IS(RULE_ANY, false, "tls-stall");
	IS(RULE_ANY, false, "none");
	IS(RULE_SEND, true, "stale");
	IS(RULE_TOKEN, true, "close");
	IS(RULE_TOKEN, true, "stale");
	IS(RULE_TOKEN, true, "none");
	IS(RULE_SEND, true, "silent");
	IS(RULE_SEND, true, "silent");
#undef IS
	arena_release(&a);
}

/* The help names every kind, so none can be forgotten there. */
static void
test_help(void)
{
	struct packed texts;
	struct buf none = { 0 };
	struct str text, line;
	char name[64];

	packed_open(&texts, TEXT_HELP_SANDBOX, &none);
	text = packed_view(&texts, TEXT_HELP_SANDBOX);
	for (int i = 0; i < RULE_N_KINDS; i++) {
		struct str kind = str_of(rule_name((enum rule_kind)i));
		size_t at;

		T_CHECK(kind.n + 3 < sizeof(name), "a long name");
		name[0] = '\n';
		name[1] = name[2] = ' ';
		for (size_t k = 0; k < kind.n; k++)
			name[3 + k] = kind.p[k];
		at = str_find(text, (struct str){ name, kind.n + 3 });
		T_CHECK(at < text.n, "%.*s is missing", STR_ARG(kind));
	}
	while (str_next(&text, '\n', &line))
		T_CHECK(line.n <= 79, "%.*s", STR_ARG(line));
	packed_release(&texts);
}

static const struct t_test tests[] = {
	{ "rules", test_rules },
	{ "rule options", test_rule_options },
	{ "rule file", test_rule_file },
	{ "rules are used up", test_rules_pick },
	{ "help names all faults", test_help },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
