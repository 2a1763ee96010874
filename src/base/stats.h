/* SPDX-License-Identifier: MIT */
/*
 * stats: the numbers of a relay, in memory that all of its processes share,
 * and as the text that Prometheus reads. Who counts never waits, and no
 * process can make another one fail by what it writes there.
 *
 * The table in stats.c has each name, its kind and the names of its labels.
 * No label is an address.
 *
 * Source: relay.md 4; Prometheus' text format 0.0.4.
 */
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum stats_what {
	STATS_BUILD,
	STATS_CONNECTIONS,
	STATS_CONNECTIONS_TOTAL,
	STATS_HANDSHAKES,
	STATS_AUTH,
	STATS_MESSAGES,
	STATS_BYTES,
	STATS_RECIPIENTS,
	STATS_REJECTS,
	STATS_ACCEPT_SECONDS,
	STATS_COMMIT_SECONDS,
	STATS_COMMIT_MESSAGES,
	STATS_DELIVERIES,
	STATS_DELAY,
	STATS_REQUEST,
	STATS_RESPONSES,
	STATS_QUEUE,
	STATS_OLDEST,
	STATS_WAITING,
	STATS_THROTTLED,
	STATS_TOKEN,
	STATS_SECRET,
	STATS_CERTIFICATE,
	STATS_FREE_BYTES,
	STATS_FREE_INODES,
	STATS_RESTARTS,
	STATS_LOST_LINES,
	STATS_RELOAD
};

enum {
	STATS_SERIES = 256, /* of all names; what comes then is not counted */
	STATS_LABELS = 104, /* bytes of the labels of one */
	STATS_BUCKETS = 16,
	STATS_ALIVE_S = 30
};

struct stats {
	unsigned long alive; /* the manager: monotonic seconds */
	struct stats_series {
		int state;
		unsigned what;
		char labels[STATS_LABELS]; /* a="x",b="y" */
		/* of a histogram: how many in each bucket, and above; a sum in
		   thousandths. Else the value */
		unsigned long n[STATS_BUCKETS + 2];
	} series[STATS_SERIES];
};

/*
 * Memory for it, all zero, and a descriptor for stats_map of another process;
 * that cannot make it smaller. NULL, or -1: there is none; all functions take
 * a NULL.
 */
struct stats *stats_open(int *fd);
struct stats *stats_map(int fd);

/* a, b: values of its labels, in their order; empty where it has none. */
void stats_add(struct stats *m, enum stats_what what, unsigned long n,
    struct str a, struct str b);
void stats_set(struct stats *m, enum stats_what what, unsigned long n,
    struct str a, struct str b);
/* thousandths: of a second, or of what is counted. */
void stats_observe(struct stats *m, enum stats_what what, int64_t thousandths,
    struct str a);

/* The manager lives; did it within s seconds? now: monotonic ms. */
void stats_beat(struct stats *m, int64_t now);
bool stats_beats(const struct stats *m, int64_t now, int64_t s);

/* All there is. */
void stats_print(struct stats *m, struct buf *out);

#endif
