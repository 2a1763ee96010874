/* SPDX-License-Identifier: MIT */
/*
 * worker: takes messages from the queue, sends them, and writes down what
 * became of them.
 *
 *	verdict.h says	the message is then	and
 *	sent		gone
 *	later, alone	in new/, due later
 *	waits, again	in new/, as it was	its mailbox waits, or not
 *	dead		in dead/		its sender gets a report
 *	hold		in hold/
 *
 * A person hears of what no time mends (alert.h); bounce.h makes the report.
 *
 * Several may work on one spool. An outcome is in the journal before the
 * message leaves its folder, and one that the journal calls sent is not sent
 * again. Before a request goes out the file says so: what is found with
 * that mark and without an outcome, since its worker died, is
 * "unsure", never sent again as if nothing had been. For a draft the mark has
 * its id, and the draft is asked (graph/draft.h): no second copy then. Else,
 * where the app may read mail and a copy is saved, Sent Items are searched 5
 * min after each request that was perhaps taken (graph/sent.h): what is found
 * there was sent; what is not, the policy decides about, and after a second
 * request a person.
 *
 * A waiting mailbox (deliver/mailbox.h) is probed with one message now and
 * then, another one each time. If that one goes, the one that failed before
 * waits alone. A time that the service names with 429 or 503 holds up all mail
 * of the mailbox, and of no other; so does a service that is away, for seconds
 * or minutes, and the setting `rate` (deliver/pace.h). Mail of a mailbox that
 * is held up is not tried, and nothing is counted.
 *
 * Source: design.md 3 (ambiguity), 4, 5.
 */
#ifndef DELIVER_WORKER_H
#define DELIVER_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/crypt.h"
#include "base/err.h"
#include "base/log.h"
#include "base/syslog.h"
#include "config/access.h"
#include "config/config.h"
#include "deliver/client.h"
#include "deliver/mailbox.h"
#include "deliver/outbox.h"
#include "deliver/pace.h"
#include "deliver/verdict.h"
#include "graph/send.h"

enum {
	WORKER_ACCOUNTS = 4,          /* whose connections are kept */
	WORKER_DEAD_AGE = 30 * 86400, /* seconds that dead/ keeps a file */
	WORKER_STORING_S = 1 /* until who stores a message lets go of it */
};

/* An account's settings and connections. */
struct worker_account {
	char key[CRYPT_SHA256_HEX]; /* of its name and --from, of any length */
	char settings[MAILBOX_HASH_SIZE];
	struct config config;
	struct access access;
	struct client client;
	struct pace pace; /* by the spool's clock; the client gets it */
	struct err why;   /* of kind ERR_NONE: the settings are loaded */
	bool used, connected;
	bool told;       /* that it waits, in this run */
	bool asked;      /* a command for a secret that may be a new one */
	int64_t alerted; /* alert.h's told */
};

struct worker {
	struct outbox *outbox;
	const char *config; /* -C, or NULL */
	const struct log *log;
	const struct syslog *syslog;
	struct worker_account account[WORKER_ACCOUNTS];
	unsigned turn; /* whose place is taken next */
	bool told;     /* who sent it hears the outcome: no reports */
};

/*
 * Keeps all four. Opens nothing yet: settings are read when a message wants
 * them, and then stay until worker_close.
 */
void worker_open(struct worker *w, struct outbox *o, const char *config,
    const struct log *log, const struct syslog *syslog);
void worker_close(struct worker *w); /* a zeroed one is fine */

/* What became of one message. */
struct worker_result {
	bool tried; /* false: it is not due, or what it waits for is not */
	enum verdict_message message; /* VERDICT_NONE: it is none of ours */
	struct err why;               /* kind ERR_NONE: sent, or not due */
	struct send_result sent;
	int64_t next; /* verdict.h's */
};

/*
 * Tries a message now if it is due. False: the journal or the spool cannot be
 * written, and the worker must stop (exit 74). A file that is damaged is no
 * failure: log says so.
 */
bool worker_message(struct worker *w, const char *id, struct worker_result *out,
    struct err *e) __attribute__((warn_unused_result));

/* Removes what was left over, and what was kept long enough. */
void worker_clean(struct worker *w);

#endif
