/* SPDX-License-Identifier: MIT */
/*
 * bounce: tells somebody that a message was given up, or, where NOTIFY=SUCCESS
 * asks for it, that Microsoft 365 has it.
 *
 * Whom, by the envelope's sender (a local name counts as what it stands for):
 *
 *	setting bounces = no		nobody
 *	NOTIFY without what happened	nobody hears of that recipient
 *	null sender: it is a report	postmaster; a second report is the last
 *	no address			postmaster
 *	the mailbox itself, or `from`	postmaster; without one the mailbox
 *	anybody else			the sender
 *	all is well			the sender, whoever it is, or nobody
 *
 * There are no reports of a delay: NOTIFY=DELAY alone asks for nothing.
 *
 * postmaster counts as set where the message was not for postmaster itself:
 * so nothing goes in a circle, and a report has one report at most. Where
 * nobody is told, the journal says so (note), and alert.h may tell a person.
 *
 * What the worker does, for a message that is to be dead:
 *
 *	bounce_make	false: leave the message queued, try later
 *	bounce_add	if whom is not BOUNCE_NOBODY; false: the same
 *	journal line	with b.note
 *	claim_put(SPOOL_DEAD)
 *
 * in this order: the report is durable before the message leaves the queue.
 * It is a message like any other, with the null sender. A crash between
 * bounce_add and claim_put costs a second report, never the only one.
 *
 * Source: RFC 3461 4.1, 5.2.2 (relayed); RFC 5321 6.1 (null sender, no report
 * on a report); design.md 1; sendmail.md 3.1 (nullmailer 2.1 filled disks with
 * reports on reports).
 */
#ifndef DELIVER_BOUNCE_H
#define DELIVER_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/source.h"
#include "config/config.h"
#include "store/envelope.h"
#include "store/spool.h"

enum bounce_whom { BOUNCE_NOBODY, BOUNCE_SENDER, BOUNCE_POSTMASTER };

/* All of it is borrowed. */
struct bounce_about {
	const struct config *config; /* of the message's account */
	const struct envelope *envelope;
	/* who of the envelope's recipients is told of, in its order, and the
	   same texts, */
	const struct str *recipient;
	size_t recipients;         /* so many */
	const struct source *body; /* the message */
	const struct err *why;     /* kind, code, msg, remedy; ERR_NONE: sent */
	int64_t now;
	const struct log *log; /* told of an alias file that is no use */
};

struct bounce {
	enum bounce_whom whom;
	const char *note;         /* whom and why, for the journal */
	struct envelope envelope; /* of the report, in the arena */
	struct buf text;          /* the report */
};

/*
 * Decides and, unless whom is BOUNCE_NOBODY, writes the report. Keeps a until
 * bounce_release, which is due in any case. ERR_RETRY: out of memory, the
 * body cannot be read. ERR_CONFIG: mailbox or aliases are not usable.
 */
bool bounce_make(const struct bounce_about *about, struct arena *a,
    struct bounce *out, struct err *e) __attribute__((warn_unused_result));

/* True: the report is in the spool and survives a power cut. */
bool bounce_add(struct spool *s, const struct bounce *b,
    char id[ENVELOPE_ID_SIZE], struct err *e)
    __attribute__((warn_unused_result));

void bounce_release(struct bounce *b); /* a zeroed one is fine */

#endif
