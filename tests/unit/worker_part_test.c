/* SPDX-License-Identifier: MIT */
#include "deliver/worker_part.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { MOST = 5, MEMORY = 1 << 20 };

/* Who is settled afterwards: a letter for each, "+" for settled. */
/* clang-format off */
static const struct {
	const char *name;
	const char *rcpt[MOST]; /* one more than there are: NULL */
	const char *settled;    /* as the file has it */
	uint64_t part;
	enum err_kind kind;
	int exit;
	const char *words;
	enum worker_part_next want;
	const char *then;
	uint64_t part_then;
} rows[] = {
	{ "all sent", { "a@x.org", "b@x.org" }, "", 0, ERR_NONE, 0, "",
	  WORKER_PART_OVER, "--", 0 },
	{ "some sent", { "a@x.org", "b@x.org" }, "", 1, ERR_NONE, 0, "",
	  WORKER_PART_SENT, "+-", 0 },
	{ "the rest sent", { "a@x.org", "b@x.org" }, "1", 0, ERR_NONE, 0, "",
	  WORKER_PART_OVER, "+-", 0 },
	{ "busy", { "a@x.org", "b@x.org" }, "", 0, ERR_RETRY, 0, "",
	  WORKER_PART_OVER, "--", 0 },
	{ "refused for its content", { "a@x.org", "b@x.org" }, "", 0,
	  ERR_REFUSED, 0, "b@x.org", WORKER_PART_OVER, "--", 0 },
	{ "one of two is named", { "a@x.org", "b@x.org" }, "", 0, ERR_REFUSED,
	  EX_NOUSER, "Recipient 'B@x.org' is not resolved.",
	  WORKER_PART_REFUSED, "-+", 0 },
	{ "both are named", { "a@x.org", "b@x.org" }, "", 0, ERR_REFUSED,
	  EX_NOUSER, "a@x.org, b@x.org", WORKER_PART_OVER, "--", 0 },
	{ "a part of a longer one", { "a@x.org", "aa@x.org", "a@x.org.uk" },
	  "", 0, ERR_REFUSED, EX_NOUSER, "aa@x.org", WORKER_PART_REFUSED,
	  "-+-", 0 },
	{ "the end of a sentence", { "a@x.org", "b@x.org" }, "", 0,
	  ERR_REFUSED, EX_NOUSER, "It is a@x.org.", WORKER_PART_REFUSED,
	  "+-", 0 },
	{ "the mailbox's own name tells nothing", { "me@x.org", "b@x.org" },
	  "", 0, ERR_REFUSED, EX_NOUSER, "none", WORKER_PART_HALVE, "--", 1 },
	{ "a literal", { "a@x.org", "b@[127.0.0.1]", "c@x.org" }, "", 0,
	  ERR_REFUSED, EX_NOUSER, "", WORKER_PART_REFUSED, "-+-", 0 },
	{ "no domain", { "a@x.org", "b@host", "c@x.org" }, "", 0, ERR_REFUSED,
	  EX_NOUSER, "", WORKER_PART_REFUSED, "-+-", 0 },
	{ "nobody knows", { "a@x.org", "b@x.org", "c@x.org" }, "", 0,
	  ERR_REFUSED, EX_NOUSER, "", WORKER_PART_HALVE, "---", 2 },
	{ "nor of the half", { "a@x.org", "b@x.org", "c@x.org" }, "", 2,
	  ERR_REFUSED, EX_NOUSER, "", WORKER_PART_HALVE, "---", 1 },
	{ "it is this one", { "a@x.org", "b@x.org", "c@x.org" }, "", 1,
	  ERR_REFUSED, EX_NOUSER, "", WORKER_PART_REFUSED, "+--", 0 },
	{ "all of the half are named", { "a@x.org", "b@x.org", "c@x.org" },
	  "", 2, ERR_REFUSED, EX_NOUSER, "a@x.org b@x.org",
	  WORKER_PART_REFUSED, "++-", 0 },
	{ "the last one left", { "a@x.org", "b@x.org", "c@x.org" }, "5", 0,
	  ERR_REFUSED, EX_NOUSER, "", WORKER_PART_OVER, "+-+", 0 },
	{ "only one", { "a@x.org" }, "", 0, ERR_REFUSED, EX_NOUSER, "a@x.org",
	  WORKER_PART_OVER, "-", 0 },
};
/* clang-format on */

static void
check_row(size_t i)
{
	struct str rcpt[MOST];
	struct envelope v = { .recipient = rcpt };
	struct envelope_state s = { .settled = str_of(rows[i].settled),
		.part = rows[i].part };
	struct worker_part p;
	enum worker_part_next got;
	struct err e, why = { 0 };
	struct arena a;
	char then[MOST + 1] = "";

	arena_init(&a, MEMORY);
	for (; rows[i].rcpt[v.recipients] != NULL; v.recipients++)
		rcpt[v.recipients] = str_of(rows[i].rcpt[v.recipients]);
	err_set(&why, rows[i].kind, "sendMail for me@x.org: E, HTTP 400: %s",
	    rows[i].words);
	why.exit = rows[i].exit;
	memcpy(why.code, "E,", 3);
	T_CHECK(worker_part_list(&a, &v, &s, false, &p, &e), "%s", e.msg);
	got = worker_part_next(&p, &why);
	T_CHECK(got == rows[i].want, "%s: %d", rows[i].name, got);
	if (got != WORKER_PART_OVER)
		T_CHECK(worker_part_settle(&a, &p, got, &v, &s), "%s",
		    rows[i].name);
	for (size_t k = 0; k < v.recipients; k++)
		then[k] = envelope_is_settled(&s, k) ? '+' : '-';
	T_CHECK(strcmp(then, rows[i].then) == 0 &&
		(got == WORKER_PART_OVER || s.part == rows[i].part_then),
	    "%s: %s, %u next", rows[i].name, then, (unsigned)s.part);
	arena_release(&a);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
}

/* Whoever is bad of many: he is found, and everybody else is asked once. */
static void
test_halving(void)
{
	enum { MANY = 37 };
	struct str rcpt[MANY];
	struct envelope v = { .recipient = rcpt, .recipients = MANY };
	struct envelope_state s;
	struct worker_part p;
	enum worker_part_next next;
	struct err e, why;
	struct arena a;
	bool has_bad;
	unsigned rounds, sent;

	for (size_t k = 0; k < MANY; k++)
		rcpt[k] = STR("a@x.org");
	for (size_t bad = 0; bad < MANY; bad++) {
		arena_init(&a, MEMORY);
		s = (struct envelope_state){ 0 };
		sent = rounds = 0;
		do {
			T_CHECK(worker_part_list(&a, &v, &s, false, &p, &e),
			    "%s", e.msg);
			has_bad = false;
			for (size_t k = 0; k < p.n; k++)
				has_bad = has_bad || p.at[k] == bad;
			why = (struct err){ 0 };
			if (has_bad) {
				err_set(&why, ERR_REFUSED, "no");
				why.exit = EX_NOUSER;
			} else {
				sent += (unsigned)p.n;
			}
			next = worker_part_next(&p, &why);
			if (next != WORKER_PART_OVER)
				T_CHECK(worker_part_settle(&a, &p, next, &v,
					    &s),
				    "settled");
		} while (next != WORKER_PART_OVER && ++rounds < 64);
		T_CHECK(sent == MANY - 1 && rounds < 24,
		    "%zu: %u sent, %u rounds", bad, sent, rounds);
		arena_release(&a);
	}
}

/*
 * A message for many goes in parts, one of whom is bad: the state of two slots
 * says who has it, however many they are, and nobody is asked for twice.
 */
static void
check_many(size_t many, size_t bad)
{
	static struct str rcpt[ENVELOPE_RECIPIENTS_MOST];
	static unsigned char sent[ENVELOPE_RECIPIENTS_MOST];
	struct envelope v = { .recipient = rcpt, .recipients = many };
	struct envelope_state s = { 0 };
	char slots[ENVELOPE_SLOTS];
	enum worker_part_next next;
	struct worker_part p;
	struct err e, why;
	struct arena a;
	unsigned rounds = 0;
	bool has_bad;

	arena_init(&a, 64 << 20);
	memset(sent, 0, sizeof(sent));
	for (size_t k = 0; k < many; k++)
		rcpt[k] = k == bad ? STR("bad@x.org") : STR("a@x.org");
	do {
		T_CHECK(worker_part_list(&a, &v, &s, false, &p, &e) &&
			p.n > 0 && p.n <= WORKER_PART_MOST,
		    "%zu", p.n);
		has_bad = false;
		for (size_t k = 0; k < p.n; k++)
			has_bad = has_bad || p.at[k] == bad;
		why = (struct err){ 0 };
		if (has_bad) {
			err_set(&why, ERR_REFUSED, "E: bad@x.org");
			why.exit = EX_NOUSER;
			memcpy(why.code, "E", 2);
		}
		for (size_t k = 0; k < p.n; k++)
			sent[p.at[k]] += !has_bad;
		next = worker_part_next(&p, &why);
		if (next == WORKER_PART_OVER)
			break;
		T_CHECK(worker_part_settle(&a, &p, next, &v, &s), "settled");
		/* through the file */
		s.sequence = 2;
		memset(slots, ' ', sizeof(slots));
		envelope_state_write(slots, &s);
		envelope_state_read((struct str){ slots, sizeof(slots) }, &s);
		s.settled = arena_str(&a, s.settled);
	} while (++rounds < 64);
	for (size_t k = 0; k < many; k++)
		T_CHECK(sent[k] == (k != bad), "%zu of %zu: %u times", k, many,
		    sent[k]);
	arena_release(&a);
}

static void
test_many(void)
{
	check_many(1200, 0);
	check_many(1200, 700);
	check_many(1201, 1200);
	check_many(ENVELOPE_RECIPIENTS_MOST, 4711);
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "rows", test_rows },
		{ "halving", test_halving },
		{ "many", test_many },
	};

	return t_main(tests, N(tests));
}
