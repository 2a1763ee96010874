/* SPDX-License-Identifier: MIT */
/*
 * progress: a bar on the terminal while files are uploaded.
 */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include "base/log.h"
#include "graph/outgoing.h"

struct progress {
	const struct log *log; /* NULL: none is shown */
	int percent;           /* as shown last; -1: nothing yet */
};

/*
 * Only on a terminal, and not with -q. Gives what outgoing_send calls. Keeps
 * p and log.
 */
struct outgoing_progress progress_start(struct progress *p,
    const struct log *log);

/* Takes the bar off the screen again. */
void progress_end(struct progress *p);

#endif
