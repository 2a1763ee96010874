/* SPDX-License-Identifier: MIT */
#include "command/sendmail/queue.h"

#include "command/queue/walk.h"
#include "deliver/background.h"

static bool
run_here(const struct crew_ask *ask, struct err *e)
{
	struct crew crew;
	bool ok;

	if (!crew_open(&crew, ask, e))
		return false;
	ok = crew_pass(&crew, false, e);
	log_trace(ask->log, "tried %zu: %zu sent", crew.sum.tried,
	    crew.sum.verdict[SCHEDULE_SENT]);
	crew_close(&crew);
	return ok;
}

static bool
try_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct worker *w = arg;
	struct worker_result r;

	if (seen->claim == NULL)
		log_warn(w->log, "%s", seen->why->msg);
	else if ((SPOOL_IN(seen->claim->where) & SPOOL_QUEUED) == 0)
		log_warn(w->log, "%s is not tried: post365 queue show %s",
		    seen->id, seen->id);
	else
		return worker_message(w, seen->id, &r, e);
	return true;
}

static bool
run_some(const struct crew_ask *ask, const char *which, struct err *e)
{
	const char *text = which + 1;
	struct queue_pick pick = { 0 };
	struct worker w;
	const struct queue_walk walk = {
		.spool = &ask->outbox->spool,
		.folders = SPOOL_QUEUED,
		.pick = &pick,
		.log = ask->log,
		.each = try_one,
		.arg = &w,
	};
	bool ok;

	if (*which == 'I') {
		pick.prefix = &text;
		pick.n = 1;
	} else if (*which == 'R') {
		pick.to = str_of(text);
	} else if (*which == 'S') {
		pick.from = str_of(text);
	} else {
		err_set(e, ERR_USAGE, "unknown -q%.60s", which);
		return err_remedy(e,
		    "-q for all; -qI, -qR or -qS, and an id, recipient or "
		    "sender");
	}
	worker_open(&w, ask->outbox, ask->path, ask->log, ask->syslog);
	w.eager = true;
	ok = queue_walk(&walk, e);
	worker_close(&w);
	return ok;
}

bool
sendmail_queue_run(struct sendmail_post *d, const struct sendmail_ask *asked,
    struct err *e)
{
	struct crew_ask ask = sendmail_post_crew(d);
	const char *which = asked->which;

	if (which != NULL && ascii_is_digit(*which))
		return true;
	if (!sendmail_post_queue(d, e))
		return false;
	ask.eager = true;
	if (which != NULL)
		return run_some(&ask, which, e);
	if (asked->wait || asked->verbose)
		return run_here(&ask, e);
	return background_start(&ask, e);
}
