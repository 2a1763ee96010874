/* SPDX-License-Identifier: MIT */
#include "deliver/worker_account.h"

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

	log_warn(j->worker->log, "mail%s%.*s waits: %s",
	    name.n > 0 ? " of account " : "", STR_ARG(name), w->reason);
}

/* What went wrong, and for whom. */
static void
describe(const struct worker_job *j, struct waiting *w)
{
	const struct err *why = &j->result->why;

	(void)snprintf(w->name, sizeof(w->name), "%.*s",
	    STR_ARG(j->claim.envelope.account));
	(void)snprintf(w->kind, sizeof(w->kind), "%s",
	    err_kind_name(why->kind));
	memcpy(w->last, j->claim.id, sizeof(w->last));
	memcpy(w->code, why->code, sizeof(w->code));
	memcpy(w->reason, why->msg, sizeof(w->reason));
	/* with the secret that a command gave meanwhile */
	waiting_hash(&j->account->config, j->account->settings);
	memcpy(w->settings, j->account->settings, sizeof(w->settings));
}

/* The service was not reached, or another message fared the same before. */
static bool
is_away(const struct worker_job *j, const struct waiting *w)
{
	const struct err *why = &j->result->why;

	return why->away ||
	    (why->retry_after_ms == 0 && w->last[0] != '\0' &&
		strcmp(w->last, j->claim.id) != 0 &&
		strcmp(w->kind, err_kind_name(why->kind)) == 0 &&
		strcmp(w->code, why->code) == 0);
}

static void
fail(struct worker_job *j)
{
	const struct err *why = &j->result->why;
	bool refused = j->result->verdict == SCHEDULE_ACCOUNT, away;
	struct err unsaved;
	struct waiting w;
	uint32_t random;

	os_random(&random, sizeof(random));
	waiting_read(j->claim.spool, &j->claim.envelope, &w);
	away = !refused && is_away(j, &w);
	describe(j, &w);
	if (why->retry_after_ms > 0)
		w.throttled = now(j) + (why->retry_after_ms + 999) / 1000;
	if (away)
		w.rest = schedule_rest(++w.rests, now(j), random);
	if (why->rest_ms > 0 && why->retry_after_ms == 0)
		w.rest = now(j) + why->rest_ms / 1000;
	if (refused) {
		w.since = w.failures++ == 0 ? now(j) : w.since;
		w.next = schedule_probe(w.failures, why->retry_after_ms, now(j),
		    random);
		tell_account(j, &w);
		j->account->told = true;
	}
	/* if that fails, each message finds out for itself */
	if (!waiting_write(j->claim.spool, &j->claim.envelope, &w, &unsaved))
		log_warn(j->worker->log, "%s", unsaved.msg);
}

/* It answers: not before a time that another worker was told meanwhile. */
static void
work(struct worker_job *j)
{
	struct waiting w;
	struct err unsaved;

	waiting_read(j->claim.spool, &j->claim.envelope, &w);
	/* a message that is refused says little about a setting */
	if ((w.reason[0] == '\0' && w.last[0] == '\0' && w.fault[0] == '\0') ||
	    (w.failures > 0 && j->result->why.kind != ERR_NONE))
		return;
	if (!(j->result->why.kind == ERR_NONE ? waiting_works :
						waiting_release)(j->claim.spool,
		&j->claim.envelope, &unsaved))
		log_warn(j->worker->log, "%s", unsaved.msg);
	if (w.failures > 0)
		syslog_send(j->worker->syslog, SYSLOG_INFO,
		    "mail%s%s goes again",
		    w.name[0] != '\0' ? " of account " : "", w.name);
}

void
worker_account_note(struct worker_job *j)
{
	const struct err *why = &j->result->why;
	bool asked = j->result->sent.attempts > 0;

	if (j->result->verdict == SCHEDULE_ACCOUNT)
		fail(j);
	else if (why->kind == ERR_RETRY || why->kind == ERR_UNSURE) {
		if (asked || why->away || why->retry_after_ms > 0)
			fail(j);
	} else if (asked || why->kind == ERR_NONE) {
		work(j);
	}
}
