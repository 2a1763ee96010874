/* SPDX-License-Identifier: MIT */
/*
 * mailbox: what is known of a mailbox, and of the app that sends for it.
 *
 * One small file for each in the spool's folder, "mailbox-" and a key; empty
 * or not there while all is well. It is read, changed and written under its
 * lock, so that what several processes find out at the same time is never
 * lost: workers, `send` and `queue` all use it.
 *
 *	throttled	Graph named a time: nothing goes before it
 *	rests		the service is away: seconds to minutes
 *	waits		for a setting or a permission, which a person gives;
 *			one message is tried now and then (schedule_probe)
 *
 * That the service is away is known at once where not even a connection could
 * be made or no token was to be had. Else it takes two failures in a row,
 * alike, of two messages: one that fails for ever by itself must not hold up
 * the others.
 *
 *	Mailbox: alerts@example.com	(for people)
 *	Account: default		(the same)
 *	Since: 2026-11-25T20:10:00Z	(of the first failure)
 *	Next: 2026-11-25T21:10:00Z	(one message is tried then)
 *	Failures: 3			(in a row)
 *	Throttled: 2026-11-25T20:12:00Z	(Graph named this time)
 *	Rest: 2026-11-25T20:11:42Z	(the service was away)
 *	Rests: 2			(in a row)
 *	Last: 6742F3A05C81B7E0		(whose try failed last, if it did)
 *	Fault: 6742F3A05C81B7E0		(it was refused, and another one went)
 *	Written: 2026-11-25T20:11:12Z	(by a clock that may be set back)
 *	Settings: 16 hex digits		(a hash: are they still the same?)
 *	Kind: auth
 *	Code: AADSTS7000215
 *	Reason: ...
 *	Remedy: ...
 *
 * A file that cannot be read, or is torn, counts as none: the next failure
 * makes it anew.
 *
 * Source: design.md 3 (throttling), 5 (mailbox).
 */
#ifndef DELIVER_MAILBOX_H
#define DELIVER_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "store/envelope.h"
#include "store/spool.h"

enum {
	MAILBOX_HASH_SIZE = CONFIG_HASH_SIZE,
	MAILBOX_KEY_SIZE = 17,
	MAILBOX_NAME_SIZE = 320 /* of an address: 64, "@", 255 */
};

struct mailbox {
	char name[MAILBOX_NAME_SIZE], account[MAILBOX_NAME_SIZE];
	char settings[MAILBOX_HASH_SIZE];
	int64_t since, next, throttled, rest, written;
	uint64_t failures, rests;    /* in a row */
	char last[ENVELOPE_ID_SIZE]; /* whose try failed last; or empty */
	/* which was refused for a setting or a permission, though another
	   message went then: it waits alone; or empty */
	char fault[ENVELOPE_ID_SIZE];
	char kind[16], code[ERR_CODE_SIZE], reason[ERR_MSG_SIZE];
	char remedy[ERR_MSG_SIZE];
	bool freed; /* not in the file: what was noted just now ended a wait */
};

/* Which file, and where; folder and clock are borrowed. */
struct mailbox_place {
	const char *folder; /* the spool's */
	const struct clock *clock;
	bool durable; /* a change is on the disk when it is made */
	char key[MAILBOX_KEY_SIZE];
};
/* Of who sends this message. */
struct mailbox_place mailbox_place(const struct spool *s,
    const struct envelope *v);
/* Of a file in the spool's folder, into a zeroed key. False: none of these. */
bool mailbox_key_of_file(struct str name, char key[MAILBOX_KEY_SIZE]);

void mailbox_key(const struct envelope *v, char key[MAILBOX_KEY_SIZE]);
/*
 * The same for one message after another: most are of the mailbox of the last
 * one, and its hash is known. Begins zeroed.
 */
struct mailbox_known {
	char name[MAILBOX_NAME_SIZE], client_id[MAILBOX_NAME_SIZE];
	char key[MAILBOX_KEY_SIZE];
};
const char *mailbox_known_key(struct mailbox_known *k,
    const struct envelope *v);
/* Of a mailbox (in any case of letters) and the app that sends for it. */
void mailbox_key_of(struct str mailbox, struct str client_id,
    char key[MAILBOX_KEY_SIZE]);

/*
 * All zero: nothing is known. A file from the future was written before the
 * clock was set back: its times mean nothing and are left out.
 */
void mailbox_read(const struct mailbox_place *at, struct mailbox *out);

/* Which message of this one's mailbox was refused for a setting or a
   permission, and nothing went since. False: none. */
bool mailbox_refused(const struct spool *s, const struct envelope *v,
    char id[ENVELOPE_ID_SIZE]);

/* When a message may be tried (wall clock); in the past: now. */
int64_t mailbox_until(const struct mailbox *m);
/* ERR_AUTH or ERR_CONFIG: a person has to do something. Else ERR_RETRY. */
enum err_kind mailbox_kind(const struct mailbox *m);

/* What a request, or the want of one, says about the mailbox. */
enum mailbox_event {
	MAILBOX_UNTOLD,  /* nothing */
	MAILBOX_SENT,    /* it works */
	MAILBOX_ANSWERS, /* it answers: the service is there */
	MAILBOX_FAILED,  /* why says: throttled, or perhaps away */
	MAILBOX_REFUSES  /* a setting or a permission is wrong */
};
struct mailbox_note {
	enum mailbox_event what;
	const struct err *why; /* of the last two */
	struct str name, account;
	const char *settings, *id; /* settings "": they stay what they were */
	uint32_t random;
};
/*
 * Notes it, under the lock. *out, if it is not NULL, is how it stands then.
 * ERR_RETRY with exit 74: not noted, and each message finds out for itself.
 */
bool mailbox_note(const struct mailbox_place *at, const struct mailbox_note *n,
    struct mailbox *out, struct err *e) __attribute__((warn_unused_result));

/*
 * It may be tried at once: a person says so (`queue retry`). Only with `all`
 * also before a time that Graph named. *out: as it stands now. ERR_RETRY with
 * exit 74.
 */
bool mailbox_release(const struct mailbox_place *at, bool all,
    struct mailbox *out, struct err *e) __attribute__((warn_unused_result));

#endif
