/* SPDX-License-Identifier: MIT */
/*
 * verdict: the table of its header, row by row, and each condition that must
 * not matter for a row.
 */
#include "deliver/verdict.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { NOW = 1795637400, AGE = 5 * 86400 };

/* What holds. */
enum {
	LAST = 1,
	OLD = 2,
	DRAFT = 4,
	BEFORE = 8, /* perhaps sent once before */
	SEARCH = 16,
	ONCE = 32,
	ALONE = 64,
	FAULT = 128,
	ASKED = 256,
	AWAY = 512,
	AFTER = 1024, /* a time was named */
	UNCOUNTED = 2048
};

#define PERSON "perhaps sent: a person decides"

/* clang-format off */
static const struct {
	const char *name;
	enum verdict_what what;
	enum err_kind kind;
	unsigned facts;
	enum verdict_message message;
	enum mailbox_event mailbox;
	bool tried, counts;
	enum err_kind then;
	int64_t least, most; /* seconds until it is next; 0: it is not known */
	const char *note;
} rows[] = {
	{ "no slot", VERDICT_NO_SLOT, ERR_RETRY, 0, VERDICT_AGAIN,
	  MAILBOX_UNTOLD, false, false, ERR_RETRY, 0, 0, NULL },
	{ "no slot, old, after a part", VERDICT_NO_SLOT, ERR_RETRY,
	  OLD | ASKED | BEFORE, VERDICT_AGAIN, MAILBOX_UNTOLD, false, false,
	  ERR_RETRY, 0, 0, NULL },
	{ "rate", VERDICT_NO_RATE, ERR_RETRY, OLD, VERDICT_WAITS,
	  MAILBOX_UNTOLD, false, false, ERR_RETRY, 77, 77, NULL },
	{ "bytes", VERDICT_NO_BYTES, ERR_RETRY, OLD, VERDICT_LATER,
	  MAILBOX_UNTOLD, false, false, ERR_RETRY, 77, 77, NULL },
	{ "lost", VERDICT_LOST, ERR_UNSURE, ASKED, VERDICT_HOLD,
	  MAILBOX_FAILED, true, true, ERR_UNSURE, 0, 0, PERSON },
	{ "lost, with a draft", VERDICT_LOST, ERR_UNSURE, DRAFT | ASKED,
	  VERDICT_HOLD, MAILBOX_FAILED, true, true, ERR_UNSURE, 0, 0, PERSON },

	{ "sent", VERDICT_ENDED, ERR_NONE, ASKED, VERDICT_SENT, MAILBOX_SENT,
	  true, true, ERR_NONE, 0, 0, NULL },
	{ "sent, as Sent Items say", VERDICT_ENDED, ERR_NONE, BEFORE | OLD,
	  VERDICT_SENT, MAILBOX_SENT, true, true, ERR_NONE, 0, 0, NULL },

	{ "retry", VERDICT_ENDED, ERR_RETRY, ASKED, VERDICT_LATER,
	  MAILBOX_FAILED, true, true, ERR_RETRY, 225, 300, NULL },
	{ "retry, a time was named", VERDICT_ENDED, ERR_RETRY, AFTER,
	  VERDICT_LATER, MAILBOX_FAILED, true, true, ERR_RETRY, 100, 112,
	  NULL },
	{ "retry, nobody is there", VERDICT_ENDED, ERR_RETRY, AWAY,
	  VERDICT_LATER, MAILBOX_FAILED, true, true, ERR_RETRY, 225, 300,
	  NULL },
	{ "retry, of this machine", VERDICT_ENDED, ERR_RETRY, 0,
	  VERDICT_LATER, MAILBOX_UNTOLD, true, true, ERR_RETRY, 225, 300,
	  NULL },
	{ "retry, no attempt", VERDICT_ENDED, ERR_RETRY, ASKED | UNCOUNTED,
	  VERDICT_LATER, MAILBOX_FAILED, true, false, ERR_RETRY, 225, 300,
	  NULL },
	{ "retry, alone is for settings", VERDICT_ENDED, ERR_RETRY,
	  ASKED | ALONE | FAULT, VERDICT_LATER, MAILBOX_FAILED, true, true,
	  ERR_RETRY, 225, 300, NULL },
	{ "retry, old", VERDICT_ENDED, ERR_RETRY, ASKED | OLD, VERDICT_DEAD,
	  MAILBOX_FAILED, true, true, ERR_RETRY, 0, 0,
	  "no success within max_age" },
	{ "retry, old and a time was named", VERDICT_ENDED, ERR_RETRY,
	  ASKED | OLD | AFTER, VERDICT_DEAD, MAILBOX_FAILED, true, true,
	  ERR_RETRY, 0, 0, "no success within max_age" },
	{ "retry, old, perhaps sent", VERDICT_ENDED, ERR_RETRY,
	  ASKED | OLD | BEFORE, VERDICT_HOLD, MAILBOX_FAILED, true, true,
	  ERR_RETRY, 0, 0, "no success within max_age" },
	{ "retry, old, with a draft", VERDICT_ENDED, ERR_RETRY,
	  ASKED | OLD | DRAFT, VERDICT_HOLD, MAILBOX_FAILED, true, true,
	  ERR_RETRY, 0, 0, "no success within max_age" },
	{ "retry, perhaps sent", VERDICT_ENDED, ERR_RETRY, ASKED | BEFORE,
	  VERDICT_LATER, MAILBOX_FAILED, true, true, ERR_RETRY, 225, 300,
	  NULL },
	{ "retry, the last of three", VERDICT_ENDED, ERR_RETRY, ASKED | LAST,
	  VERDICT_DEAD, MAILBOX_ANSWERS, true, true, ERR_REFUSED, 0, 0, NULL },
	{ "the last, and old", VERDICT_ENDED, ERR_RETRY, ASKED | LAST | OLD,
	  VERDICT_DEAD, MAILBOX_ANSWERS, true, true, ERR_REFUSED, 0, 0, NULL },
	{ "the last, perhaps sent", VERDICT_ENDED, ERR_RETRY,
	  ASKED | LAST | BEFORE, VERDICT_HOLD, MAILBOX_ANSWERS, true, true,
	  ERR_REFUSED, 0, 0, NULL },

	{ "unsure", VERDICT_ENDED, ERR_UNSURE, ASKED, VERDICT_LATER,
	  MAILBOX_FAILED, true, true, ERR_UNSURE, 300, 300, "perhaps sent; "
	  "once more after a while, with the same Message-ID" },
	{ "unsure, tries are for retry", VERDICT_ENDED, ERR_UNSURE,
	  ASKED | LAST, VERDICT_LATER, MAILBOX_FAILED, true, true, ERR_UNSURE,
	  300, 300, "perhaps sent; once more after a while, with the same "
	  "Message-ID" },
	{ "unsure, a worker died", VERDICT_ENDED, ERR_UNSURE, 0,
	  VERDICT_LATER, MAILBOX_UNTOLD, true, true, ERR_UNSURE, 300, 300,
	  "perhaps sent; once more after a while, with the same Message-ID" },
	{ "unsure twice", VERDICT_ENDED, ERR_UNSURE, ASKED | BEFORE,
	  VERDICT_HOLD, MAILBOX_FAILED, true, true, ERR_UNSURE, 0, 0,
	  "perhaps sent, and more than once: a person decides" },
	{ "unsure and old", VERDICT_ENDED, ERR_UNSURE, ASKED | OLD,
	  VERDICT_HOLD, MAILBOX_FAILED, true, true, ERR_UNSURE, 0, 0, PERSON },
	{ "unsure, once", VERDICT_ENDED, ERR_UNSURE, ASKED | ONCE,
	  VERDICT_HOLD, MAILBOX_FAILED, true, true, ERR_UNSURE, 0, 0,
	  "perhaps sent; delivery = once: a person decides" },
	{ "unsure, Sent Items tell", VERDICT_ENDED, ERR_UNSURE,
	  ASKED | SEARCH, VERDICT_LATER, MAILBOX_FAILED, true, true,
	  ERR_UNSURE, 300, 300,
	  "perhaps sent; Sent Items will tell, after a while" },
	{ "unsure, they tell, once and twice", VERDICT_ENDED, ERR_UNSURE,
	  ASKED | SEARCH | ONCE | BEFORE, VERDICT_LATER, MAILBOX_FAILED, true,
	  true, ERR_UNSURE, 300, 300,
	  "perhaps sent; Sent Items will tell, after a while" },
	{ "unsure, they tell, old", VERDICT_ENDED, ERR_UNSURE,
	  ASKED | SEARCH | OLD, VERDICT_HOLD, MAILBOX_FAILED, true, true,
	  ERR_UNSURE, 0, 0, PERSON },
	{ "unsure, a draft", VERDICT_ENDED, ERR_UNSURE,
	  ASKED | DRAFT | ONCE | BEFORE, VERDICT_LATER, MAILBOX_FAILED, true,
	  true, ERR_UNSURE, 225, 300, NULL },
	{ "unsure, a draft, old", VERDICT_ENDED, ERR_UNSURE,
	  ASKED | DRAFT | OLD, VERDICT_HOLD, MAILBOX_FAILED, true, true,
	  ERR_UNSURE, 0, 0, "no success within max_age" },

	{ "refused", VERDICT_ENDED, ERR_REFUSED, ASKED, VERDICT_DEAD,
	  MAILBOX_ANSWERS, true, true, ERR_REFUSED, 0, 0, NULL },
	{ "refused, nobody was asked", VERDICT_ENDED, ERR_REFUSED, 0,
	  VERDICT_DEAD, MAILBOX_UNTOLD, true, true, ERR_REFUSED, 0, 0, NULL },
	{ "input", VERDICT_ENDED, ERR_INPUT, 0, VERDICT_DEAD, MAILBOX_UNTOLD,
	  true, true, ERR_INPUT, 0, 0, NULL },

	{ "auth", VERDICT_ENDED, ERR_AUTH, ASKED, VERDICT_WAITS,
	  MAILBOX_REFUSES, true, false, ERR_AUTH, 0, 0, NULL },
	{ "config, without an end", VERDICT_ENDED, ERR_CONFIG, OLD | LAST,
	  VERDICT_WAITS, MAILBOX_REFUSES, true, false, ERR_CONFIG, 0, 0,
	  NULL },
	{ "auth, for drafts only", VERDICT_ENDED, ERR_AUTH, ASKED | ALONE,
	  VERDICT_ALONE, MAILBOX_ANSWERS, true, false, ERR_AUTH, 2700, 3600,
	  NULL },
	{ "config, of a size, without an end", VERDICT_ENDED, ERR_CONFIG,
	  ASKED | ALONE | OLD, VERDICT_ALONE, MAILBOX_ANSWERS, true, false,
	  ERR_CONFIG, 2700, 3600, NULL },
	{ "config, a contradiction", VERDICT_ENDED, ERR_CONFIG, ALONE,
	  VERDICT_ALONE, MAILBOX_UNTOLD, true, false, ERR_CONFIG, 2700, 3600,
	  NULL },
	{ "auth, and another one went", VERDICT_ENDED, ERR_AUTH,
	  ASKED | FAULT, VERDICT_ALONE, MAILBOX_ANSWERS, true, false,
	  ERR_AUTH, 2700, 3600, NULL },

	{ "usage", VERDICT_ENDED, ERR_USAGE, 0, VERDICT_HOLD, MAILBOX_UNTOLD,
	  true, true, ERR_USAGE, 0, 0, NULL },
	{ "bug", VERDICT_ENDED, ERR_BUG, ASKED | OLD, VERDICT_HOLD,
	  MAILBOX_ANSWERS, true, true, ERR_BUG, 0, 0, NULL },
};
/* clang-format on */

static struct verdict
judge(size_t i, unsigned facts, uint32_t random)
{
	const struct err why = { .kind = rows[i].kind,
		.tries = (facts & LAST) != 0 ? 3 : 0,
		.alone = (facts & ALONE) != 0,
		.away = (facts & AWAY) != 0,
		.uncounted = (facts & UNCOUNTED) != 0,
		.retry_after_ms = (facts & AFTER) != 0 ? 100000 : 0 };
	const struct verdict_ask a = { .what = rows[i].what,
		.why = &why,
		.wait = 77,
		.asked = (facts & ASKED) != 0,
		.draft = (facts & DRAFT) != 0,
		.unsure_times = (facts & BEFORE) != 0,
		.fault = (facts & FAULT) != 0,
		.try = { .attempts = 3,
		    .now = NOW,
		    .since = NOW - ((facts & OLD) != 0 ? AGE : 0),
		    .hours = SCHEDULE_HOURS,
		    .max_age = AGE,
		    .random = random },
		.search = (facts & SEARCH) != 0,
		.once = (facts & ONCE) != 0 };

	return verdict_of(&a);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++) {
		struct verdict v = judge(i, rows[i].facts, 0);
		int64_t least = INT64_MAX, most = 0, wait;

		T_CHECK(v.message == rows[i].message &&
			v.mailbox == rows[i].mailbox,
		    "%s: %s, mailbox %d", rows[i].name, verdict_name(v.message),
		    (int)v.mailbox);
		T_CHECK(v.tried == rows[i].tried && v.counts == rows[i].counts,
		    "%s: tried %d, counts %d", rows[i].name, v.tried, v.counts);
		T_CHECK(v.kind == rows[i].then && same(v.note, rows[i].note),
		    "%s: %s, %s", rows[i].name, err_kind_name(v.kind), v.note);
		for (uint32_t r = 0; r < 4000; r++) {
			v = judge(i, rows[i].facts, r * 1000003U);
			wait = v.next > 0 ? v.next - NOW : 0;
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		T_CHECK(least == rows[i].least && most == rows[i].most,
		    "%s: %lld to %lld", rows[i].name, (long long)least,
		    (long long)most);
	}
}

/* Whatever else holds. */
static void
test_never(void)
{
	struct verdict v;

	for (size_t i = 0; i < N(rows); i++)
		for (unsigned f = 0; f < 4096; f++) {
			v = judge(i, f, 0);
			T_CHECK(v.message != VERDICT_NONE, "%s: none",
			    rows[i].name);
			T_CHECK(v.message != VERDICT_DEAD || v.tried,
			    "%s: given up untried", rows[i].name);
			T_CHECK(v.message != VERDICT_DEAD ||
				rows[i].kind != ERR_RETRY ||
				(f & (BEFORE | DRAFT)) == 0,
			    "%s: reported, and perhaps sent", rows[i].name);
			T_CHECK(v.message != VERDICT_DEAD ||
				(rows[i].kind != ERR_UNSURE &&
				    rows[i].kind != ERR_AUTH &&
				    rows[i].kind != ERR_CONFIG),
			    "%s: given up", rows[i].name);
			T_CHECK(!v.counts || v.tried, "%s: counted",
			    rows[i].name);
			T_CHECK((v.next > NOW) ==
				(v.message == VERDICT_LATER ||
				    v.message == VERDICT_ALONE ||
				    rows[i].what == VERDICT_NO_RATE),
			    "%s: %x, next %lld", rows[i].name, f,
			    (long long)v.next);
		}
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "never", test_never },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
