/* SPDX-License-Identifier: MIT */
/*
 * sendmail_post: the way of a message out of sendmail, whether it came on
 * standard input or by SMTP: into the queue, and then to Microsoft 365.
 *
 * What is stored survives a power cut; then sendmail has done what it owes
 * its caller, whatever the service does. Where a message cannot be stored (no
 * folder, a full disk), it is sent while the caller waits.
 *
 * A guest is a user who has no queue of his own: he may not read the settings,
 * or there are none. His messages go to the relay of this machine (submit.h);
 * so do those of who may not read the secret or not write into the queue, if a
 * relay answers.
 *
 * Source: design.md 1; sendmail.md 0 and 0.2 (callers do not try again).
 */
#ifndef COMMAND_SENDMAIL_POST_H
#define COMMAND_SENDMAIL_POST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "base/syslog.h"
#include "command/sendmail/submit.h"
#include "config/config.h"
#include "deliver/accept.h"
#include "deliver/manager.h"
#include "deliver/outbox.h"

struct sendmail_post {
	struct config_ask ask; /* sender: that of the next message */
	const struct log *log;
	const struct syslog *syslog;
	struct config config;
	struct err broken; /* why the settings are none; or of kind ERR_NONE */
	struct submit submit;
	bool guest;
	bool asks_relay; /* first; else only where it cannot be stored */
	bool away;       /* the latest message is the relay's, */
	bool unstored;   /* or nobody's, but it could be sent at once */
	struct outbox outbox;
	bool opened;      /* the outbox */
	struct accept in; /* the latest message */
	bool reported;    /* a report on it is stored, too */
};

/*
 * Loads the settings: what a message wants of them is checked with it.
 * Borrows log and syslog, and must not be moved, until sendmail_post_close.
 * ERR_CONFIG: what is posted is read and refused.
 */
bool sendmail_post_open(struct sendmail_post *d, const struct config_ask *ask,
    const struct log *log, const struct syslog *syslog, struct err *e)
    __attribute__((warn_unused_result));
void sendmail_post_close(struct sendmail_post *d); /* a zeroed one is fine */

/* Opens the queue, unless it is open. ERR_CONFIG. */
bool sendmail_post_queue(struct sendmail_post *d, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Begins a message, which is fed to d->in. ask: entry, received, options.
 */
void sendmail_post_begin(struct sendmail_post *d, const struct accept_ask *ask);

/*
 * Stores what is in d->in, which has ended; how to sign in need not be known
 * yet. Or it is the relay's: d->away. False: neither; accept_source still has
 * it.
 */
bool sendmail_post_store(struct sendmail_post *d, struct err *e)
    __attribute__((warn_unused_result));

/*
 * What is stored is sent, by another process. It may fail: the log says so.
 * What is the relay's is in good hands.
 */
void sendmail_post_background(struct sendmail_post *d);

/*
 * Sends the latest message now, one try, or as many as `send` makes where it
 * is not stored. True: sent, the relay's, or stored and to be tried again.
 * False: refused for good, without a report (69, 65), or it waits for a person
 * (76, 77, 78).
 */
bool sendmail_post_wait(struct sendmail_post *d, struct err *e)
    __attribute__((warn_unused_result));
bool sendmail_post_unstored(struct sendmail_post *d, struct err *e)
    __attribute__((warn_unused_result));

/* What manager.h wants to know. */
struct manager_ask sendmail_post_manager(struct sendmail_post *d);

/* Tells the machine's log of a failure. sender: NULL if there is none. */
void sendmail_post_note(const struct syslog *l, const struct addr *sender,
    const struct err *why);

#endif
