/* SPDX-License-Identifier: MIT */
/*
 * worker_job: one message in a worker's hands, from its claim to its end.
 * worker_try makes its requests, verdict.h judges, worker_tell tells.
 */
#ifndef DELIVER_WORKER_JOB_H
#define DELIVER_WORKER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "compose/prepare.h"
#include "deliver/worker.h"
#include "deliver/worker_part.h"
#include "store/claim.h"

/* bytes: a head of the most recipients, and them as addresses */
enum { WORKER_MEMORY = 16 << 20 };

struct worker_job {
	struct worker *worker;
	struct worker_account *account;
	struct worker_result *result; /* its why: how the attempt ended */
	struct arena mem;             /* of the claim */
	struct claim claim;
	struct config config; /* the account's, as this message wants it;
				 shares all texts with it */
	struct prepared prepared;
	struct worker_part part; /* whom this request is for */
	const char *note;        /* what was found out or decided, or NULL */
	const char *told;        /* who got a report, or NULL */
	uint64_t attempts;       /* before this one */
	enum err_kind was;       /* the failure before this one */
	int64_t started;         /* monotonic ms */
	/* of worker_try */
	enum verdict_what what; /* what happened, and */
	int64_t wait;           /* seconds until its turn comes */
	bool searched;          /* Sent Items were, and had no copy */
};

int64_t worker_job_now(const struct worker_job *j); /* wall clock */

/*
 * Tries the claimed message, notes the outcome and ends the claim. False: the
 * outcome could not be written down; what the file says then leaves nothing
 * to be sent twice without a word (exit 74).
 */
bool worker_job_run(struct worker_job *j, struct err *e)
    __attribute__((warn_unused_result));

#endif
