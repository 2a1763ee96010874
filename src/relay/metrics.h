/* SPDX-License-Identifier: MIT */
/*
 * metrics: the HTTP listener of the setting `metrics`, in reception's loop.
 *
 *	/metrics	base/stats.h, for Prometheus
 *	/healthz	200 while reception and manager live
 *	/readyz		503 with a line of why while mail is not taken
 *
 * None asks Microsoft: its outage must not restart relays.
 *
 * Source: relay.md 4.
 */
#ifndef RELAY_METRICS_H
#define RELAY_METRICS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "net/serve.h"
#include "relay/visit.h"

struct metrics {
	struct serve serve;
	const struct visit_house *house;
	int64_t until;      /* monotonic ms: when to step at the latest */
	size_t connections; /* the loop's, told before each step */
	bool draining;
};

/* Adopts listener, borrows house. NULL: no memory, and it is closed. */
struct metrics *metrics_open(struct arena *a, int listener,
    const struct visit_house *house);
void metrics_close(struct metrics *m); /* NULL is fine */

/* What to poll for; *until becomes earlier. How many there are. */
size_t metrics_wants(struct metrics *m, struct pollfd at[SERVE_FDS],
    int64_t *until);
/* at: those, polled. */
void metrics_step(struct metrics *m, const struct pollfd *at, size_t n,
    int64_t now);

#endif
