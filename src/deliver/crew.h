/* SPDX-License-Identifier: MIT */
/*
 * crew: workers on one spool, each a process, and who gives them messages.
 *
 * A mailbox takes four requests at a time (slot.h), and a message has work
 * before and after its request: six workers for each account keep the four
 * busy. One is started when all others are busy, so one message needs one.
 * Where no process can be started, this one does the work.
 *
 * A message whose mailbox has no slot free is put off, so that other
 * mailboxes are not held up; what was put off comes last, and waits.
 *
 * SIGTERM, SIGINT and SIGHUP end a crew in order: what is under way is
 * finished and written down, for what is broken off is "perhaps sent". Then
 * the signal ends the process as ever.
 *
 * A worker that dies takes nothing along (store/spool.h). If the process that
 * gives out dies, the workers finish what they have and end.
 *
 * Source: design.md 3 (throttling), 5 (workers).
 */
#ifndef DELIVER_CREW_H
#define DELIVER_CREW_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "deliver/outbox.h"
#include "deliver/worker.h"

enum {
	CREW_EACH = 6,       /* workers of an account */
	CREW_MOST = 16,      /* of all accounts */
	CREW_LOST_MOST = 3,  /* workers whose messages are taken up again */
	CREW_LOOK_MS = 1000, /* who waits looks for new mail this often */
	CREW_GROW_MS = 5000, /* one worker more, whatever became of others */
	CREW_AGAIN_MS = 5000 /* what is due again meanwhile: this often */
};

struct crew_ask {
	struct outbox *outbox;
	const struct config *config; /* says where the workers find it */
	const char *path;            /* -C, or NULL */
	const struct log *log;
	const struct syslog *syslog;
	bool eager; /* what waits for its time is due */
	int lock;   /* a descriptor that workers let go; or -1 */
};

/* A message in a worker's hands. */
struct crew_job {
	char id[ENVELOPE_ID_SIZE];
	bool wait; /* for a slot of its mailbox */
};

struct crew_hand {
	pid_t pid;
	int fd; /* one message to it, one answer from it */
	bool busy;
	struct crew_job job;
};

struct crew {
	struct crew_ask ask;
	struct crew_hand hand[CREW_MOST];
	size_t hands, most, busy;
	struct worker own;        /* where there is no other process */
	struct spool_list list;   /* what is given out */
	struct spool_list before; /* of which this was given out already */
	size_t at, before_at;
	struct buf put_off; /* struct crew_job */
	size_t put_at;      /* bytes of it that were given out */
	int64_t began;      /* monotonic ms, of the pass */
	int64_t looked;     /* the same, when all were given out anew */
	int64_t listed;     /* wall clock, of list */
	int64_t changed;    /* wall clock, of the folder that is listed */
	int64_t due;        /* what comes first of the rest; 0: nothing does */
	bool watch;         /* what comes meanwhile is given out, too */
	size_t held;        /* still being stored, or their worker died */
	size_t lost;        /* workers that died with a message, ever */
	bool failed;
	struct err why;
	struct worker_sum sum;
	int signals;   /* descriptor */
	int caught;    /* 0: none of them */
	sigset_t mask; /* of the caller */
};

/*
 * Borrows all of ask. Until crew_close the three signals wait. ERR_RETRY: no
 * descriptor for them.
 */
bool crew_open(struct crew *c, const struct crew_ask *ask, struct err *e)
    __attribute__((warn_unused_result));
/* Then a signal that came ends the process. */
void crew_close(struct crew *c);

/*
 * Tries every due message once, and removes what was kept long enough. With
 * watch, also what comes, or is due again, until nothing is under way any more.
 * c->sum counts. False: the spool or the journal cannot be read or written
 * (exit 74).
 */
bool crew_pass(struct crew *c, bool watch, struct err *e)
    __attribute__((warn_unused_result));

/* Is there a due message that the last pass did not have? */
bool crew_has_new(struct crew *c);

/*
 * When the first of those that wait for their time, or for that of their
 * account, may go (wall clock); 0: none does. As the last pass left them.
 */
int64_t crew_next(struct crew *c);

/* Waits until then (wall clock), for new mail or for a signal. */
void crew_wait(struct crew *c, int64_t until);

/* Sends the workers home. */
void crew_dismiss(struct crew *c);

#endif
