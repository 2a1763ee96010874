/* SPDX-License-Identifier: MIT */
#include "command/sendmail/queue.h"

#include "command/queue/walk.h"
#include "deliver/background.h"
#include "deliver/pass.h"
#include "deliver/retry.h"
#include "deliver/worker.h"

static bool
run_here(const struct manager_ask *ask, struct err *e)
{
	struct manager_sum sum;

	if (!pass_run(ask, &sum, e))
		return false;
	log_trace(ask->log, "tried %zu: %zu sent", sum.tried,
	    sum.message[VERDICT_SENT]);
	return true;
}

/* --- some, one after the other, while the caller waits */

struct some {
	struct worker worker;
	const struct manager_ask *ask;
};

static bool
is_queued(const struct log *log, const struct queue_seen *seen)
{
	if (seen->claim == NULL) {
		log_warn(log, "%s", seen->why->msg);
		return false;
	}
	if ((SPOOL_IN(seen->claim->where) & SPOOL_QUEUED) != 0)
		return true;
	log_warn(log, "%s is not tried: post365 queue show %s", seen->id,
	    seen->id);
	return false;
}

static bool
make_due(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct some *s = arg;

	return !is_queued(s->ask->log, seen) ||
	    retry_message(&s->ask->outbox->spool, seen->id, e);
}

static bool
try_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct some *s = arg;
	struct worker_result r;

	return !is_queued(s->ask->log, seen) ||
	    (retry_message(&s->ask->outbox->spool, seen->id, e) &&
		worker_message(&s->worker, seen->id, &r, e));
}

static bool
pick_some(struct queue_pick *pick, const char *which, const char **text,
    struct err *e)
{
	*text = which + 1;
	if (*which == 'I') {
		pick->prefix = text;
		pick->n = 1;
	} else if (*which == 'R') {
		pick->to = str_of(*text);
	} else if (*which == 'S') {
		pick->from = str_of(*text);
	} else {
		err_set(e, ERR_USAGE, "unknown -q%.60s", which);
		return err_remedy(e,
		    "-q for all; -qI, -qR or -qS, and an id, recipient or "
		    "sender");
	}
	return true;
}

static bool
run_some(const struct manager_ask *ask, const char *which, struct err *e)
{
	struct queue_pick pick = { 0 };
	struct some some = { .ask = ask };
	const struct queue_walk walk = {
		.spool = &ask->outbox->spool,
		.folders = SPOOL_QUEUED,
		.pick = &pick,
		.log = ask->log,
		.each = which != NULL ? try_one : make_due,
		.arg = &some,
	};
	const char *text;
	bool ok;

	if (which != NULL && !pick_some(&pick, which, &text, e))
		return false;
	worker_open(&some.worker, ask->outbox, ask->path, ask->log,
	    ask->syslog);
	ok = queue_walk(&walk, e);
	worker_close(&some.worker);
	return ok;
}

bool
sendmail_queue_run(struct sendmail_post *d, const struct sendmail_ask *asked,
    struct err *e)
{
	const struct manager_ask ask = sendmail_post_manager(d);
	const char *which = asked->which;

	if (which != NULL && ascii_is_digit(*which))
		return true;
	if (!sendmail_post_queue(d, e) || !run_some(&ask, which, e))
		return false;
	if (which != NULL)
		return true;
	if (asked->wait || asked->verbose)
		return run_here(&ask, e);
	return background_send(&ask, NULL, e);
}
