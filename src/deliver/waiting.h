/* SPDX-License-Identifier: MIT */
/*
 * waiting: accounts whose mail waits, since no message of theirs could go:
 * for a setting, for a time that the service named, or for a while since the
 * service was away. One failure shows that where not even a connection could
 * be made or no token was to be had. Else it takes two in a row, alike, of two
 * messages: one that fails for ever by itself must not hold up the others.
 *
 * One small file for each in the spool's folder, "account-" and a hash of the
 * name; there is none while all is well. Readers see the old file or the new
 * one. A file that cannot be read counts as none: the next failure makes it
 * anew.
 *
 *	Account: default
 *	Since: 2026-11-25T20:10:00Z	(of the first failure)
 *	Next: 2026-11-25T21:10:00Z	(one message is tried then)
 *	Failures: 3			(in a row)
 *	Throttled: 2026-11-25T20:12:00Z	(the service named this time)
 *	Rest: 2026-11-25T20:11:42Z	(the service was away)
 *	Rests: 2			(in a row)
 *	Last: 6742F3A05C81B7E0		(whose try failed last, if it did)
 *	Fault: 6742F3A05C81B7E0		(it failed, and another one went)
 *	Written: 2026-11-25T20:11:12Z	(by a clock that may be set back)
 *	Settings: 16 hex digits		(a hash: are they still the same?)
 *	Kind: auth
 *	Code: AADSTS7000215
 *	Reason: ...
 *
 * Source: design.md 1 (a waiting account), 3 (throttling).
 */
#ifndef DELIVER_WAITING_H
#define DELIVER_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "store/envelope.h"
#include "store/spool.h"

enum { WAITING_HASH_SIZE = 17, WAITING_NAME_SIZE = 128 };

struct waiting {
	char name[WAITING_NAME_SIZE]; /* of the account, for people */
	char settings[WAITING_HASH_SIZE];
	int64_t since, next;
	uint64_t failures;           /* 0: it waits for no setting */
	int64_t throttled;           /* not before this; 0: was not said */
	int64_t rest;                /* the same, since the service was away */
	int64_t written;             /* by waiting_write */
	uint64_t rests;              /* in a row */
	char last[ENVELOPE_ID_SIZE]; /* whose try failed last; or empty */
	/* which failed for a setting or a permission, though another message
	   went then: it waits alone; or empty */
	char fault[ENVELOPE_ID_SIZE];
	char kind[16], code[ERR_CODE_SIZE], reason[ERR_MSG_SIZE];
};

/*
 * Of the account that sends the message: its name, and with --from the
 * sender, since both choose the mailbox. All zero: it does not wait. A file
 * from the future was written before the clock was set back: its times mean
 * nothing and are left out.
 */
void waiting_read(const struct spool *s, const struct envelope *v,
    struct waiting *out);
/* Durable. ERR_RETRY with exit 74. */
bool waiting_write(const struct spool *s, const struct envelope *v,
    const struct waiting *w, struct err *e) __attribute__((warn_unused_result));

/* When a message may be tried (wall clock); in the past: now. */
int64_t waiting_until(const struct waiting *w);

/*
 * May this one be the next to be tried? A probe takes another message each
 * time, the next by id, so that one that fails by itself does not hold up the
 * others; who has no other after all may take it.
 */
bool waiting_is_turn(const struct waiting *w, struct str id);

/*
 * It may be tried at once, but for a time that the service named: a person
 * says so (`queue retry`). Whose try failed last stays known. ERR_RETRY with
 * exit 74.
 */
bool waiting_release(const struct spool *s, const struct envelope *v,
    struct err *e) __attribute__((warn_unused_result));
/* The same, since the service answers again, and took this message. */
bool waiting_works(const struct spool *s, const struct envelope *v,
    struct err *e) __attribute__((warn_unused_result));

/*
 * A hash of the settings that decide whether mail can go, and of the proof as
 * far as it is known: the secret, the files of a certificate. A command's
 * secret counts once it was asked for.
 */
void waiting_hash(const struct config *c, char out[WAITING_HASH_SIZE]);

#endif
