/* SPDX-License-Identifier: MIT */
#include "command/worker_account.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"

static int64_t
now(const struct worker_job *j)
{
	return clock_wall(j->claim.spool->clock);
}

static void
tell_account(const struct worker_job *j, const struct waiting *w)
{
	const struct str name = j->claim.envelope.account;

	log_warn(j->worker->log, "mail of account \"%.*s\" waits: %s",
	    STR_ARG(name), w->reason);
}

/* After a failure that is the account's, or with a time that was named. */
static void
hold_up(struct worker_job *j, struct waiting *w)
{
	const struct err *why = &j->result->why;
	struct err unsaved;
	uint32_t random;

	os_random(&random, sizeof(random));
	(void)snprintf(w->name, sizeof(w->name), "%.*s",
	    STR_ARG(j->claim.envelope.account));
	(void)snprintf(w->kind, sizeof(w->kind), "%s",
	    err_kind_name(why->kind));
	memcpy(w->code, why->code, sizeof(w->code));
	memcpy(w->reason, why->msg, sizeof(w->reason));
	memcpy(w->settings, j->account->settings, sizeof(w->settings));
	if (why->retry_after_ms > 0)
		w->throttled = now(j) + (why->retry_after_ms + 999) / 1000;
	if (j->result->verdict == SCHEDULE_ACCOUNT) {
		w->since = w->failures++ == 0 ? now(j) : w->since;
		w->next = schedule_probe(w->failures, why->retry_after_ms,
		    now(j), random);
		tell_account(j, w);
		j->account->told = true;
	}
	/* if that fails, each message finds out for itself */
	if (!waiting_write(j->claim.spool, &j->claim.envelope, w, &unsaved))
		log_warn(j->worker->log, "%s", unsaved.msg);
}

void
worker_account_note(struct worker_job *j)
{
	const struct err *why = &j->result->why;
	struct waiting w;
	struct err unsaved;

	waiting_read(j->claim.spool, &j->claim.envelope, &w);
	if (j->result->verdict == SCHEDULE_ACCOUNT ||
	    (why->kind == ERR_RETRY && why->retry_after_ms > 0)) {
		hold_up(j, &w);
	} else if (w.name[0] != '\0' && why->kind == ERR_NONE) {
		/* another worker may have been told to wait meanwhile */
		if (w.throttled <= now(j))
			waiting_end(j->claim.spool, &j->claim.envelope);
		else if (!waiting_release(j->claim.spool, &j->claim.envelope,
			     &unsaved))
			log_warn(j->worker->log, "%s", unsaved.msg);
		if (w.failures > 0)
			syslog_send(j->worker->syslog, SYSLOG_INFO,
			    "account \"%s\" works again", w.name);
	}
}
