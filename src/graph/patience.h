/* SPDX-License-Identifier: MIT */
/*
 * patience: whether one request of many is made once more, so that a 503 in
 * the middle does not throw an upload away.
 *
 * It waits 0.5 s, 1 s, 2 s, ..., or as long as the service asks, and is at
 * its end after PATIENCE_MOST failures in a row.
 *
 * Source: facts.md 5.1 (what a mailbox takes in five minutes), 5.2.
 */
#ifndef GRAPH_PATIENCE_H
#define GRAPH_PATIENCE_H

#include <stdbool.h>

#include "base/err.h"
#include "graph/token.h"

enum {
	PATIENCE_MOST = 5,
	PATIENCE_PAUSE_MS = 500, /* doubled each time; unless told */
	/* the longest Retry-After that is waited for: the five minutes after
	   which Exchange counts a mailbox's uploads anew */
	PATIENCE_AFTER_MS = 300000
};

struct patience {
	const struct token_source *source; /* borrowed: its clock and log */
	unsigned failures;                 /* in a row; set to 0 by progress */
};

/*
 * After a failure: waits and says true, or says false. Only what is
 * ERR_RETRY or ERR_UNSURE is made again: for a request that must not be done
 * twice do not ask about the latter.
 */
bool patience_wait(struct patience *p, const struct err *e);

#endif
