/* SPDX-License-Identifier: MIT */
/*
 * pace: when the next message may go from a mailbox, and its bytes.
 *
 *	rate-HASH	messages, where the setting `rate` limits them; one
 *			that fails counts, too
 *	upload-HASH	bytes of large requests, of which Exchange takes 150
 *			MB in 5 minutes
 *	trace-HASH	questions to the message trace (deliver/tracing.h),
 *	details-HASH	for a tenant
 *
 * Counted for all processes that use one spool, in these files of its folder,
 * each changed under its lock. They are not synced: after a power cut the
 * count may begin anew.
 *
 * Source: facts.md 5.1 (an app and a mailbox: 150 MB in 5 minutes), 4.4 (30
 * messages a minute).
 */
#ifndef DELIVER_PACE_H
#define DELIVER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

enum {
	PACE_BYTES = 150000000, /* the smaller reading of "150 MB" */
	PACE_BYTES_S = 300,
	/* Requests with less are not counted: at four at a time they do not
	   come to half a MB a second. */
	PACE_SMALL = 16384,
	/* for a message that is on its way; then it goes on all the same */
	PACE_LONGEST_S = 2 * PACE_BYTES_S
};

struct pace {
	struct str folder, mailbox; /* borrowed; folder empty: none */
	const struct clock *clock;
	const struct log *log;
	struct config_rate rate;
	uint64_t mine; /* bytes counted for the message at hand */
};

/* Borrows all three. */
struct pace pace_of(const struct config *c, const struct clock *clock,
    const struct log *log);

/* Seconds until the next message may go; 0: now. Takes nothing. */
int64_t pace_look(const struct pace *p);

/* The same of a message of about so many bytes, and what Exchange takes. */
int64_t pace_room(const struct pace *p, uint64_t bytes);

/*
 * Takes the turn of a message. False with *wait > 0: `rate` allows none for so
 * many seconds, and e (ERR_RETRY) says so. False with 0: it is set and cannot
 * be counted; ERR_CONFIG, ERR_RETRY.
 */
bool pace_take(struct pace *p, int64_t *wait, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The same of one request of the kind `what` (a word for the file's name), of
 * which `most` are allowed.
 */
bool pace_count(const struct pace *p, const char *what, struct config_rate most,
    int64_t *wait, struct err *e) __attribute__((warn_unused_result));

/*
 * For struct meter: waits until so many bytes may go, and counts them.
 * A message never waits for its own. What cannot be counted goes uncounted.
 */
void pace_bytes(void *pace, uint64_t bytes);

#endif
