/* SPDX-License-Identifier: MIT */
/*
 * log_days: the journal day by day of this machine's clock: how the attempts
 * ended, and how long they took. Pure, but for the zone of local time.
 */
#ifndef COMMAND_LOG_DAYS_H
#define COMMAND_LOG_DAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "store/journal_filter.h"

enum {
	LOG_DAYS = 30, /* where nothing else is said */
	LOG_DAYS_MOST = 3660,
	LOG_DAYS_ENDS = 8
};

struct log_days {
	int64_t first; /* when_day */
	size_t n;
	struct log_day {
		int64_t attempts, throttled, bytes;
		int64_t end[LOG_DAYS_ENDS]; /* attempts that ended so */
	} * day;
	struct buf ms; /* of each attempt, with its day: uint64_t */
};

/*
 * The days of f, up to the one that is now; f->since is set where it was not.
 * Release with log_days_release. ERR_USAGE: too many days, or none.
 */
bool log_days_begin(struct log_days *d, struct journal_filter *f, int64_t now,
    struct arena *mem, struct err *e) __attribute__((warn_unused_result));
void log_days_release(struct log_days *d);

/* A line of the journal. */
void log_days_add(struct log_days *d, const struct json *tree);

/* Appends a line a day, the oldest first; json: an object each. */
bool log_days_print(struct log_days *d, bool json, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
