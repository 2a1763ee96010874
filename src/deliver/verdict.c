/* SPDX-License-Identifier: MIT */
#include "deliver/verdict.h"

#include <stddef.h>

/* What else must hold for a row. */
enum {
	V_LAST = 1, /* of err.tries */
	V_OLD = 2,  /* max_age is over */
	V_PERHAPS = 4,
	V_DRAFT = 8,
	V_SEARCH = 16,
	V_ONCE = 32,
	V_TWICE = 64,
	V_ALONE = 128
};

enum verdict_when { V_NEVER, V_WAIT, V_NEXT, V_UNSURE, V_HOUR };

#define OF(kind) (1U << (kind))
#define ANY      (~0U)

static const char verdict_max_age[] = "no success within max_age";
static const char verdict_person[] = "perhaps sent: a person decides";

/* clang-format off */
static const struct verdict_row {
	enum verdict_what what;
	unsigned kinds, needs;
	enum verdict_message message;
	enum verdict_when when;
	enum mailbox_event mailbox;
	const char *note;
} verdict_rows[] = {
	{ VERDICT_NO_SLOT, ANY, 0, VERDICT_AGAIN, V_NEVER, MAILBOX_UNTOLD,
	  NULL },
	{ VERDICT_NO_RATE, ANY, 0, VERDICT_WAITS, V_WAIT, MAILBOX_UNTOLD,
	  NULL },
	{ VERDICT_NO_BYTES, ANY, 0, VERDICT_LATER, V_WAIT, MAILBOX_UNTOLD,
	  NULL },
	{ VERDICT_LOST, ANY, 0, VERDICT_HOLD, V_NEVER, MAILBOX_FAILED,
	  verdict_person },
	{ VERDICT_ENDED, OF(ERR_NONE), 0, VERDICT_SENT, V_NEVER, MAILBOX_SENT,
	  NULL },

	{ VERDICT_ENDED, OF(ERR_RETRY), V_LAST | V_PERHAPS, VERDICT_HOLD,
	  V_NEVER, MAILBOX_ANSWERS, NULL },
	{ VERDICT_ENDED, OF(ERR_RETRY), V_LAST, VERDICT_DEAD, V_NEVER,
	  MAILBOX_ANSWERS, NULL },
	{ VERDICT_ENDED, OF(ERR_RETRY), V_OLD | V_PERHAPS, VERDICT_HOLD,
	  V_NEVER, MAILBOX_FAILED, verdict_max_age },
	{ VERDICT_ENDED, OF(ERR_RETRY), V_OLD, VERDICT_DEAD, V_NEVER,
	  MAILBOX_FAILED, verdict_max_age },
	{ VERDICT_ENDED, OF(ERR_RETRY), 0, VERDICT_LATER, V_NEXT,
	  MAILBOX_FAILED, NULL },

	/* to ask a draft as often as it takes makes no second copy */
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_DRAFT | V_OLD, VERDICT_HOLD,
	  V_NEVER, MAILBOX_FAILED, verdict_max_age },
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_DRAFT, VERDICT_LATER, V_NEXT,
	  MAILBOX_FAILED, NULL },
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_SEARCH | V_OLD, VERDICT_HOLD,
	  V_NEVER, MAILBOX_FAILED, verdict_person },
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_SEARCH, VERDICT_LATER, V_UNSURE,
	  MAILBOX_FAILED,
	  "perhaps sent; Sent Items will tell, after a while" },
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_ONCE, VERDICT_HOLD, V_NEVER,
	  MAILBOX_FAILED,
	  "perhaps sent; delivery = once: a person decides" },
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_TWICE, VERDICT_HOLD, V_NEVER,
	  MAILBOX_FAILED,
	  "perhaps sent, and more than once: a person decides" },
	{ VERDICT_ENDED, OF(ERR_UNSURE), V_OLD, VERDICT_HOLD, V_NEVER,
	  MAILBOX_FAILED, verdict_person },
	{ VERDICT_ENDED, OF(ERR_UNSURE), 0, VERDICT_LATER, V_UNSURE,
	  MAILBOX_FAILED, "perhaps sent; once more after a while, with the "
	  "same Message-ID" },

	{ VERDICT_ENDED, OF(ERR_REFUSED) | OF(ERR_INPUT), 0, VERDICT_DEAD,
	  V_NEVER, MAILBOX_ANSWERS, NULL },
	{ VERDICT_ENDED, OF(ERR_AUTH) | OF(ERR_CONFIG), V_ALONE, VERDICT_ALONE,
	  V_HOUR, MAILBOX_ANSWERS, NULL },
	{ VERDICT_ENDED, OF(ERR_AUTH) | OF(ERR_CONFIG), 0, VERDICT_WAITS,
	  V_NEVER, MAILBOX_REFUSES, NULL },
	{ VERDICT_ENDED, ANY, 0, VERDICT_HOLD, V_NEVER, MAILBOX_ANSWERS,
	  NULL },
};
/* clang-format on */

static const char *const verdict_names[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_AGAIN] = "later",
	[VERDICT_WAITS] = "account",
	[VERDICT_LATER] = "later",
	[VERDICT_ALONE] = "later",
	[VERDICT_SENT] = "sent",
	[VERDICT_HOLD] = "hold",
	[VERDICT_DEAD] = "dead",
};

static unsigned
verdict_facts(const struct verdict_ask *a)
{
	const struct err *why = a->why;
	unsigned f = 0;

	f |= why->tries > 0 && a->try.attempts >= why->tries ? V_LAST : 0;
	f |= schedule_is_over(&a->try) ? V_OLD : 0;
	f |= a->draft || a->unsure_times > 0 ? V_PERHAPS : 0;
	f |= a->draft ? V_DRAFT : 0;
	f |= a->search ? V_SEARCH : 0;
	f |= a->once ? V_ONCE : 0;
	f |= a->unsure_times > 0 ? V_TWICE : 0;
	return f | (why->alone || a->fault ? V_ALONE : 0);
}

static int64_t
verdict_next(const struct verdict_ask *a, enum verdict_when when)
{
	struct schedule_try t = a->try;

	switch (when) {
	case V_NEVER:
		break;
	case V_WAIT:
		return t.now + a->wait;
	case V_HOUR:
		return schedule_alone(t.now, t.random);
	case V_NEXT:
	case V_UNSURE:
		t.unsure = when == V_UNSURE;
		t.retry_after_ms = a->why->retry_after_ms;
		return schedule_next(&t);
	}
	return 0;
}

/* A message that was not even tried says nothing. */
static enum mailbox_event
verdict_event(const struct verdict_ask *a, enum mailbox_event e)
{
	const struct err *why = a->why;
	bool told = a->asked;

	if (e == MAILBOX_FAILED)
		told = told || why->away || why->retry_after_ms > 0;
	else if (e != MAILBOX_ANSWERS)
		told = true;
	return told ? e : MAILBOX_UNTOLD;
}

struct verdict
verdict_of(const struct verdict_ask *a)
{
	const struct verdict_row *row = verdict_rows;
	unsigned facts = verdict_facts(a);
	struct verdict v = { .kind = a->why->kind };

	while (row->what != a->what || (row->kinds & OF(a->why->kind)) == 0 ||
	    (row->needs & facts) != row->needs)
		row++; /* the last one takes what is left */
	v.message = row->message;
	v.mailbox = verdict_event(a, row->mailbox);
	v.next = verdict_next(a, row->when);
	v.note = row->note;
	v.tried = a->what == VERDICT_ENDED || a->what == VERDICT_LOST;
	v.counts = v.tried && !a->why->uncounted &&
	    v.message != VERDICT_ALONE && v.message != VERDICT_WAITS;
	if ((row->needs & V_LAST) != 0)
		v.kind = ERR_REFUSED;
	return v;
}

const char *
verdict_name(enum verdict_message m)
{
	return verdict_names[m];
}
