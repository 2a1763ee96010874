/* SPDX-License-Identifier: MIT */
/*
 * worker: takes messages from the queue, sends them, and writes down what
 * became of them.
 *
 *	outcome		the message		and
 *	sent		gone
 *	retry		new/, later
 *	unsure		new/, in 5 min, once;	delivery = once: hold/ at once
 *			then hold/		(but see below)
 *	refused, input	dead/			its sender gets a report
 *	auth, config	new/, as it was		its account waits
 *	usage, bug	hold/
 *
 * Of the last three a person hears (alert.h); bounce.h makes the report.
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
 * A waiting account (deliver/mailbox.h) is probed with one message now and
 * then, another one each time; that is not counted as an attempt. If that one
 * goes, the one that failed before waits alone, as does a message whose size
 * or route is what is forbidden. A time that the service names with
 * 429 or 503 holds up all mail of the account, and of no other; so does a
 * service that is away, for seconds or minutes, and the setting `rate`
 * (deliver/pace.h). Whose mail is held up, is not tried, and nothing is
 * counted.
 *
 * Source: design.md 1 (the table of kinds), 3 (ambiguity), 4.
 */
#ifndef DELIVER_WORKER_H
#define DELIVER_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "base/syslog.h"
#include "config/config.h"
#include "deliver/client.h"
#include "deliver/mailbox.h"
#include "deliver/outbox.h"
#include "deliver/pace.h"
#include "graph/send.h"
#include "store/schedule.h"

enum {
	WORKER_ACCOUNTS = 4,          /* whose connections are kept */
	WORKER_DEAD_AGE = 30 * 86400, /* seconds that dead/ keeps a file */
	WORKER_NAME_SIZE = 512        /* account and --from */
};

/* An account's settings and connections. */
struct worker_account {
	char name[WORKER_NAME_SIZE]; /* of the account, "\n", --from */
	char settings[MAILBOX_HASH_SIZE];
	struct config config;
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
	bool tried; /* false: not due, in other hands, or its account waits */
	bool full;  /* not tried: its mailbox had no slot free in time */
	bool alone; /* not tried: it waits, and no other of its mailbox */
	bool held;  /* not tried: who stored it has not let go of it */
	enum schedule_verdict verdict; /* SCHEDULE_ACCOUNT: it waits */
	struct err why;                /* kind ERR_NONE: it is sent */
	struct send_result sent;
	int64_t next; /* of SCHEDULE_LATER, or not tried: then, if not 0 */
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
