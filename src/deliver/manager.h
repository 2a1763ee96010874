/* SPDX-License-Identifier: MIT */
/*
 * manager: the only one that hands out the messages of a spool.
 *
 * It holds the lock of the file "worker" in the spool's folder (its process
 * number is in there) and listens on the bell beside it (bell.h), so that two
 * of them never compete: `queue run` asks the one that is there, and who
 * stores a message rings. It reads the heads of what waits a few hundred at a
 * time, between two looks at its sockets, so that the first request does not
 * wait for the last of 100,000 heads. index.h says which message is next,
 * hands.h are the workers. It knows no secret.
 *
 * Whenever it lists the queue, at least every MANAGER_LOOK_S, it first takes
 * in what users without a queue have left (pickup.h).
 *
 * It learns from the workers' answers what holds a mailbox up, and asks anew
 * at least every MANAGER_RECHECK_S, with one message: settings may have
 * changed.
 *
 * Three lives, one loop:
 *
 *	PASS	every due message once; what comes meanwhile, too
 *	IDLE	and stays for what is due again within MANAGER_STAY_S, but
 *		not for what is switched off, other settings send, or this
 *		user may not sign in for
 *	EVER	until a signal
 *
 * SIGTERM, SIGINT and SIGHUP end it in order: what is under way is finished
 * and written down, for what is broken off is "perhaps sent". Then the signal
 * ends the process as ever.
 *
 * Source: design.md 5 (manager).
 */
#ifndef DELIVER_MANAGER_H
#define DELIVER_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/syslog.h"
#include "config/config.h"
#include "deliver/outbox.h"
#include "deliver/verdict.h"

enum {
	MANAGER_STAY_S = 360, /* the first three failures, and what was
				 perhaps sent */
	MANAGER_HEADS = 200,  /* read between two looks at the sockets */
	MANAGER_RECHECK_S = 60,
	MANAGER_LOST_MOST = 3 /* workers that may die with one message */
};

enum manager_life { MANAGER_PASS, MANAGER_IDLE, MANAGER_EVER };

struct manager_ask {
	struct outbox *outbox;
	const struct config *config; /* says where the workers find it */
	const char *path;            /* -C, or NULL */
	const struct log *log;
	const struct syslog *syslog;
	int inlet; /* rings of one process that may not come by the bell:
		      bell_tell; 0: none. Borrowed */
};

/* What became of the messages of a pass. */
struct manager_sum {
	size_t tried, message[VERDICTS]; /* messages: of those, by verdict */
	size_t waiting;      /* held up with their mailbox, not tried */
	size_t later;        /* not due yet */
	int64_t next;        /* when the first of both is due; 0: none */
	enum err_kind waits; /* ERR_AUTH, ERR_CONFIG: what a person has to
				do for a mailbox, or for a message that
				waits alone; else ERR_NONE */
};

/*
 * The loop, by who holds the lock, which is let go at the end; -1: there can
 * be none, and nobody can reach us. False: the spool or the
 * journal cannot be read or written (exit 74).
 */
bool manager_run(const struct manager_ask *ask, enum manager_life life,
    int lock, struct manager_sum *sum, struct err *e)
    __attribute__((warn_unused_result));

#endif
