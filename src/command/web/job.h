/* SPDX-License-Identifier: MIT */
/*
 * job: a test mail on its way: a child that runs `check --json` and, if that
 * finds nothing to mend, `test --json --wait ADDRESS`. Its lines are kept here,
 * and pages show them as far as it is.
 */
#ifndef COMMAND_WEB_JOB_H
#define COMMAND_WEB_JOB_H

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include "base/buf.h"
#include "command/web/visit.h"

enum { JOB_MOST = 4, JOB_ADDRESS = 256 };

struct jobs {
	struct job {
		unsigned number; /* 0: a free place */
		pid_t pid;       /* 0: it has ended */
		int fd;
		char address[JOB_ADDRESS];
		struct buf lines;
	} one[JOB_MOST];
	unsigned last;
};

/* Begins one, in the place of the oldest. 0: it could not be started. */
unsigned jobs_begin(struct jobs *j, const struct visit *v, struct str address,
    const sigset_t *mask);
/* By its number, or the last; NULL: there is none. */
struct job *jobs_find(struct jobs *j, struct str number);
/* What to poll for, JOB_MOST of them. True: one is on its way. */
bool jobs_wants(const struct jobs *j, struct pollfd at[JOB_MOST]);
/* Takes what they said. */
void jobs_step(struct jobs *j, const struct pollfd at[JOB_MOST]);
void jobs_close(struct jobs *j);

#endif
