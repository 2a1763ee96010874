/* SPDX-License-Identifier: MIT */
/*
 * progress: a bar on the terminal while files are uploaded, and an orderly end
 * by Ctrl-C: the draft that is not complete is removed.
 */
#ifndef DELIVER_PROGRESS_H
#define DELIVER_PROGRESS_H

#include "base/clock.h"
#include "base/log.h"
#include "graph/outgoing.h"

enum { PROGRESS_SIGNALS = 3 };

struct progress {
	const struct log *log; /* NULL: none is shown */
	int percent;           /* as shown last; -1: nothing yet */
	int64_t started;       /* monotonic ms: speed and time left */
	bool caught[PROGRESS_SIGNALS];
};

/*
 * The bar is only on a terminal, and not with -q. Until the draft is sent the
 * first signal to end is noted, the second ends the process. Gives what
 * outgoing_send calls. Keeps p and log.
 */
struct outgoing_progress progress_start(struct progress *p,
    const struct log *log);

/*
 * Sleeps until due (monotonic ms) and says so on a terminal, in one line that
 * is cut to its width and goes again: "WHY, next try in 6 sTAIL". Silent
 * without a terminal, with -q, and with -v, whose steps say it.
 */
void progress_wait(const struct log *log, const struct clock *clock,
    int64_t due, const char *why, const char *tail);

/* Takes the bar off the screen again; signals do what they did. */
void progress_end(struct progress *p);

#endif
