/* SPDX-License-Identifier: MIT */
/*
 * when: times as a person gives and reads them, by this machine's clock.
 *
 * One form for all commands: what --since and --until take, and what screens
 * show. JSON has UTC (codec/date.h).
 */
#ifndef COMMAND_WHEN_H
#define COMMAND_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
	WHEN_SIZE = 20,     /* "2026-11-29 14:00:05" and a NUL */
	WHEN_SPAN_SIZE = 12 /* "55s", "4000000d", and a NUL */
};

/*
 * 90s 15m 10min 1h 5d 2w before now; now, today, yesterday (they begin at
 * 00:00); 14:00 or 14:00:05 (the last that was); 2026-11-29, "2026-11-29
 * 14:00" with or without seconds, T for the blank; the same with seconds and
 * a zone (Z, +01:00). Local time where no zone stands. False: none of these.
 */
bool when_parse(struct str text, int64_t now, int64_t *when);
/* The same of an option's value. ERR_USAGE names option and forms. */
struct when_option {
	const char *name; /* "since" */
	const char *value;
	int64_t now;
	bool end; /* a day alone is meant to its last second: --until */
};
bool when_take(struct when_option o, int64_t *when, struct err *e)
    __attribute__((warn_unused_result));

/* The day of a time, as days since 1970 of the local calendar. */
int64_t when_day(int64_t when);
int64_t when_day_begin(int64_t day);
void when_day_text(int64_t day, char out[WHEN_SIZE]); /* "2026-11-29" */

/* Local time: "2026-11-29 14:00:05". */
void when_text(int64_t when, char out[WHEN_SIZE]);
/* "14:00" on the day that is now, else "2026-11-30 14:00". */
void when_short(int64_t when, int64_t now, char out[WHEN_SIZE]);
/* In one unit, rounded down: "55s", "2m", "5h", "3d"; less than 0 is 0. */
void when_span(int64_t seconds, char out[WHEN_SPAN_SIZE]);

#endif
