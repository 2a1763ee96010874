/* SPDX-License-Identifier: MIT */
#include "deliver/tracing.h"

#include "base/clock.h"

enum {
	/* by which the service's clock may differ, and what it rounds */
	TRACING_SLACK_S = 900,
	TRACING_AHEAD_S = 60,
	TRACING_FIRST_MS = 1000,
	TRACING_LONGEST_MS = 30000,
	TRACING_MEMORY = 1 << 20, /* statuses of one message's recipients */
	TRACING_PATIENT_S = 3     /* a longer wait is told */
};

void
tracing_open(struct tracing *t, struct client *client, const struct config *c,
    struct str tenant, int64_t deadline)
{
	*t = (struct tracing){ .graph = &client->graph,
		.log = client->graph.source.log,
		.pace = pace_of(c, &clock_system, client->graph.source.log),
		.deadline = deadline };
	t->pace.mailbox = tenant;
}

static bool
tracing_too_many(int64_t wait, struct err *e)
{
	err_set(e, ERR_RETRY,
	    "message trace: Exchange takes %d questions in 5 minutes, and this "
	    "machine asked as many",
	    TRACE_MOST);
	return err_remedy(e, "ask again in %lld s", (long long)wait);
}

/* For trace_ask: waits for its turn. */
static bool
tracing_may(void *arg, enum trace_kind kind, struct err *e)
{
	static const char *const
	    names[] = { [TRACE_LIST] = "trace", [TRACE_DETAILS] = "details" };
	const struct config_rate most = { .n = TRACE_MOST,
		.seconds = TRACE_MOST_S };
	struct tracing *t = arg;
	const struct clock *clock = t->pace.clock;
	int64_t wait, now;

	while (!pace_count(&t->pace, names[kind], most, &wait, e)) {
		if (wait == 0) {
			log_trace(t->log, "* not counted: %s", e->msg);
			return true;
		}
		now = clock_mono_ms(clock);
		if (now + wait * 1000 > t->deadline)
			return tracing_too_many(wait, e);
		if (wait > TRACING_PATIENT_S)
			log_warn(t->log,
			    "Exchange takes %d questions to its message trace "
			    "in 5 minutes: on in %lld s",
			    TRACE_MOST, (long long)wait);
		clock_sleep_until(clock, now + wait * 1000);
	}
	return true;
}

bool
tracing_list(struct tracing *t, const struct trace_ask *ask,
    trace_each_fn *each, void *arg, struct err *e)
{
	struct trace_ask in_turn = *ask;

	in_turn.may = tracing_may;
	in_turn.arg = t;
	return trace_list(t->graph, &in_turn, each, arg, e);
}

bool
tracing_details(struct tracing *t, const struct trace_item *item,
    trace_detail_fn *each, void *arg, struct err *e)
{
	const struct trace_ask ask = { .may = tracing_may, .arg = t };

	return trace_details(t->graph, &ask, item, each, arg, e);
}

/* --- one message */

struct tracing_seen {
	struct str to, status;
	struct tracing_seen *next;
};

struct tracing_look {
	const struct tracing_watch *watch;
	struct arena mem;
	struct tracing_seen *first;
	size_t final;
};

static void
tracing_note(void *arg, const struct trace_item *item)
{
	struct tracing_look *l = arg;
	struct tracing_seen *s = l->first;

	while (s != NULL && !str_ieq(s->to, item->to))
		s = s->next;
	if (s == NULL) {
		s = arena_alloc(&l->mem, sizeof(*s));
		if (s == NULL)
			return;
		s->to = arena_str(&l->mem, item->to);
		s->next = l->first;
		l->first = s;
	}
	if (str_eq(s->status, item->status))
		return;
	if (trace_is_final(item->status) && !trace_is_final(s->status))
		l->final++;
	s->status = arena_str(&l->mem, item->status);
	l->watch->tell(l->watch->arg, item);
}

bool
tracing_watch(struct tracing *t, const struct tracing_watch *w, bool *done,
    struct err *e)
{
	const struct clock *clock = t->pace.clock;
	struct trace_ask ask = { .message_id = w->message_id,
		.since = w->since - TRACING_SLACK_S };
	struct tracing_look l = { .watch = w };
	int64_t pause = TRACING_FIRST_MS, next;
	bool ok = true;

	*done = false;
	arena_init(&l.mem, TRACING_MEMORY);
	for (;;) {
		ask.until = clock_wall(clock) + TRACING_AHEAD_S;
		ok = tracing_list(t, &ask, tracing_note, &l, e);
		*done = ok && l.final >= w->recipients;
		next = clock_mono_ms(clock) + pause;
		if (*done || (!ok && e->kind != ERR_RETRY) ||
		    next >= t->deadline)
			break;
		clock_sleep_until(clock, next);
		if ((pause *= 2) > TRACING_LONGEST_MS)
			pause = TRACING_LONGEST_MS;
	}
	arena_release(&l.mem);
	return ok;
}
