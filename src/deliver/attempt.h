/* SPDX-License-Identifier: MIT */
/*
 * attempt: whether a failed send is tried once more, while somebody waits.
 *
 * Only what is ERR_RETRY is, at most twice, and only if the next try begins
 * within 10 s of the first. A Retry-After is obeyed to the letter, so one
 * that is longer ends it. Each try waits for its turn: for one of the requests
 * that the mailbox takes at a time (deliver/slot.h), as long as one call to
 * Graph may take; by the setting `rate` (deliver/pace.h), within the 10 s; and
 * a large message for what Exchange takes of such, however long that is.
 *
 * Source: design.md 1, below the table of kinds.
 */
#ifndef DELIVER_ATTEMPT_H
#define DELIVER_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "compose/prepare.h"
#include "deliver/client.h"

enum {
	ATTEMPT_MOST = 3, /* the first one included */
	ATTEMPT_WITHIN_MS = 10000,
	ATTEMPT_PAUSE_MS = 1000, /* doubled each time; unless told */
	ATTEMPT_JITTER_MS = 500  /* added, so that callers do not meet */
};

struct attempt {
	const struct clock *clock;
	const struct log *log; /* told of each wait */
	uint32_t random;       /* seed of the jitter */
	int64_t latest;        /* monotonic ms */
	unsigned made;
};

void attempt_start(struct attempt *a, const struct clock *clock,
    const struct log *log, uint32_t random);

/* After a failure: waits and says true, or says false. */
bool attempt_again(struct attempt *a, const struct err *e);

/*
 * Sends a prepared message with these tries. *sum is of the last one, its
 * attempts are those of all. On false *e says what a person may do.
 */
bool attempt_deliver(struct client *c, const struct prepared *p,
    enum route want, const struct log *log, struct send_result *sum,
    struct err *e) __attribute__((warn_unused_result));

#endif
