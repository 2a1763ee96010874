/* SPDX-License-Identifier: MIT */
/*
 * tracing: the message trace as this machine may ask it: 100 times in 5
 * minutes for a tenant, lists and details apart, counted with all processes
 * that use one spool (deliver/pace.h). Where nothing can be counted (no
 * folder), it asks all the same, and the service says when it is too much.
 *
 * Source: facts.md 11.
 */
#ifndef DELIVER_TRACING_H
#define DELIVER_TRACING_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "deliver/client.h"
#include "graph/trace.h"

struct tracing {
	struct graph *graph;
	const struct log *log;
	struct pace pace;
	int64_t deadline; /* monotonic ms: nobody waits for a turn longer */
};

/*
 * Borrows all. tenant: any text that is the same for all who share the limit.
 * deadline: as in the struct.
 */
void tracing_open(struct tracing *t, struct client *client,
    const struct config *c, struct str tenant, int64_t deadline);

/* trace_list and trace_details, in turn. ask->may is set here. */
bool tracing_list(struct tracing *t, const struct trace_ask *ask,
    trace_each_fn *each, void *arg, struct err *e)
    __attribute__((warn_unused_result));
bool tracing_details(struct tracing *t, const struct trace_item *item,
    trace_detail_fn *each, void *arg, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Follows one message until all of its recipients have a status that stays, or
 * until the deadline of t. Asks after 1, 2, 4, ... seconds, 30 at the most:
 * traces come some minutes after the mail (facts.md 11). What was just sent by
 * `post365 test --wait` is followed so:
 *
 *	tracing_open(&t, &client, &config, access.tenant_id,
 *	    os_mono_ms() + wait_ms);
 *	ok = tracing_watch(&t, &watch, &done, &e);
 */
struct tracing_watch {
	struct str message_id; /* with its angle brackets */
	size_t recipients;     /* so many must have such a status */
	int64_t since;         /* wall clock: when it was sent */
	trace_each_fn *tell;   /* of a recipient whose status is a new one */
	void *arg;
};

/*
 * True: *done says whether it came to its end before the deadline. False: as
 * trace_list, but for what passes by itself: that is asked again.
 */
bool tracing_watch(struct tracing *t, const struct tracing_watch *w, bool *done,
    struct err *e) __attribute__((warn_unused_result));

#endif
