/* SPDX-License-Identifier: MIT */
/*
 * verdict: what becomes of a message after an attempt, what that says about
 * its mailbox, and whether it counts as an attempt. Pure. The first row that
 * fits is taken:
 *
 *	what happened	and			message	mailbox	counts
 *	no slot					again	-	no
 *	`rate` used up				waits	-	no
 *	bytes used up				later	-	no
 *	lost		nothing left to ask	hold	fails	yes
 *	sent					sent	free	yes
 *	retry		last of `tries`		dead (1) answers yes
 *	retry		max_age is over		dead (1) fails	yes
 *	retry					later	fails	yes (2)
 *	unsure		its draft can be asked:	as retry
 *	unsure		Sent Items will tell	later	fails	yes
 *	unsure		the same, max_age over	hold	fails	yes
 *	unsure		delivery = once		hold	fails	yes
 *	unsure		a second time		hold	fails	yes
 *	unsure		max_age is over		hold	fails	yes
 *	unsure					later	fails	yes
 *	refused, input				dead	answers yes
 *	auth, config	of this message only	alone	answers no
 *	auth, config				waits	refuses	no
 *	usage, bug				hold	answers yes
 *
 * (1) hold, if it was perhaps sent before: its sender is never told that it
 * was not. (2) Not where Graph says that it is no attempt (err.uncounted: a
 * mailbox that is being moved).
 *
 *	again	as if it had never been touched; another message may go
 *	waits	with all mail of its mailbox, without an end
 *	later	at `next`, by itself
 *	alone	likewise, every hour, without an end
 *
 * "Of this message only": err.alone (the permission for drafts, a size, a
 * contradiction of options), or it was refused before though another message
 * of its mailbox went. What answered without a code of Graph's is never
 * "refused" (graph/fault.h).
 *
 * What a failure says about the mailbox, it says only where somebody was
 * asked: a request was made, or none could be (err.away), or a time was named.
 *
 * Source: design.md 1 (the table of kinds), 3 (ambiguity), 5 (verdict).
 */
#ifndef DELIVER_VERDICT_H
#define DELIVER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "deliver/mailbox.h"
#include "store/schedule.h"

enum verdict_what {
	VERDICT_ENDED,    /* it was tried: why says how that ended */
	VERDICT_NO_SLOT,  /* the requests of its mailbox are all in use */
	VERDICT_NO_RATE,  /* `rate` allows the next in `wait` seconds */
	VERDICT_NO_BYTES, /* Exchange takes more bytes in `wait` seconds */
	VERDICT_LOST      /* perhaps sent, and nothing is left to ask */
};

/* None: gone, or in other hands; no verdict says so. */
enum verdict_message {
	VERDICT_NONE,
	VERDICT_AGAIN,
	VERDICT_WAITS,
	VERDICT_LATER,
	VERDICT_ALONE,
	VERDICT_SENT,
	VERDICT_HOLD,
	VERDICT_DEAD
};
enum { VERDICTS = VERDICT_DEAD + 1 };

struct verdict_ask {
	enum verdict_what what;
	const struct err *why;
	int64_t wait; /* seconds, of the two that name it */
	bool asked;   /* a request was made */
	/* the message */
	bool draft;              /* its draft can be asked what became of it */
	uint64_t unsure_times;   /* before this one */
	bool fault;              /* refused before, though another one went */
	struct schedule_try try; /* all but unsure and retry_after_ms */
	/* the policy */
	bool search; /* Sent Items will tell whether it was sent */
	bool once;   /* delivery = once */
};

struct verdict {
	enum verdict_message message;
	enum mailbox_event mailbox;
	bool tried, counts;
	enum err_kind kind; /* of why, from now on */
	int64_t next;       /* of again, waits, later, alone; 0: not known */
	const char *note;   /* for people: what was decided; or NULL */
};

struct verdict verdict_of(const struct verdict_ask *a);

/* "sent", "later", "account", "hold", "dead": the journal's words. */
const char *verdict_name(enum verdict_message m);

#endif
