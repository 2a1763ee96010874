/* SPDX-License-Identifier: MIT */
#include "deliver/worker_tell.h"

#include "base/os.h"
#include "config/alert.h"
#include "deliver/bounce.h"
#include "deliver/note.h"
#include "deliver/worker_event.h"
#include "store/journal.h"

enum { TELL_REPORT_AGAIN_S = 300 /* after one that could not be stored */ };

static struct journal_line
tell_line(const struct worker_job *j, const char *verdict)
{
	const struct envelope *v = &j->claim.envelope;
	const struct envelope_state *s = &j->claim.state;
	const struct worker_result *r = j->result;
	return (struct journal_line){
		.time = worker_job_now(j),
		.id = v->id,
		.message_id = v->message_id,
		.subject = v->subject,
		.account = v->account,
		.client = v->client,
		.from = v->sender,
		.to = j->part.rcpt,
		.to_n = j->part.n,
		.size = j->claim.body.size,
		.via = str_of(r->sent.via),
		.status = r->sent.status,
		.code = s->code,
		.request_id = str_of(r->sent.request_id),
		.client_request_id = str_of(r->sent.client_request_id),
		.ms = os_mono_ms() - j->started,
		.attempt = j->attempts + 1,
		.next = r->next,
		.verdict = str_of(verdict),
		.reason = s->reason,
	};
}

bool
worker_tell_journal(const struct worker_job *j, const char *verdict,
    struct err *e)
{
	const struct journal_line line = tell_line(j, verdict);

	return journal_add(&j->worker->outbox->journal, &line, e);
}

static void
tell_logs(const struct worker_job *j)
{
	const char *verdict = verdict_name(j->result->message);
	const struct journal_line line = tell_line(j, verdict);

	worker_event(j, j->result->message);
	if (j->result->message == VERDICT_WAITS)
		return; /* worker_account did, and the alert does */
	if (j->worker->syslog->way == NULL)
		note_syslog(j->worker->syslog, &line);
	log_trace(j->worker->log, "%.*s: %s%s%.*s", STR_ARG(line.id), verdict,
	    line.reason.n > 0 ? ": " : "", STR_ARG(line.reason));
}

static bool
tell_make_report(struct worker_job *j, struct bounce *b, struct err *e)
{
	const struct bounce_about about = {
		.config = &j->account->config,
		.envelope = &j->claim.envelope,
		.recipient = j->part.rcpt,
		.recipients = j->part.n,
		.body = &j->claim.body,
		.why = &j->result->why,
		.now = worker_job_now(j),
		.log = j->worker->log,
	};
	char id[ENVELOPE_ID_SIZE];

	if (!bounce_make(&about, &j->mem, b, e))
		return false;
	if (b->whom == BOUNCE_NOBODY)
		return true;
	if (!bounce_add(j->claim.spool, b, id, e))
		return false;
	worker_event_report(j, b, id);
	return true;
}

/* Who wants to hear of it (NOTIFY=SUCCESS); the mail is out in any case. */
static void
tell_success(struct worker_job *j)
{
	struct bounce b = { 0 };
	struct err why;

	if (j->worker->told || j->claim.envelope.notify == NULL)
		return;
	if (!tell_make_report(j, &b, &why))
		log_warn(j->worker->log, "%.*s: it was sent, but: %s",
		    STR_ARG(j->claim.envelope.id), why.msg);
	bounce_release(&b);
}

/*
 * Who sent what is given up hears of it, or it is not given up yet: the
 * report is durable before the message leaves the queue.
 */
static void
tell_report(struct worker_job *j)
{
	struct envelope_state *s = &j->claim.state;
	struct bounce b = { 0 };
	struct err why;

	if (j->result->message == VERDICT_SENT)
		tell_success(j);
	if (j->result->message != VERDICT_DEAD)
		return;
	if (j->worker->told) {
		j->told = "who sent it was told";
		return;
	}
	if (tell_make_report(j, &b, &why)) {
		j->told = b.note;
		s->reason =
		    arena_fmt(&j->mem, "%.*s; %s", STR_ARG(s->reason), b.note);
	} else {
		j->result->message = VERDICT_LATER;
		j->result->next = s->next =
		    worker_job_now(j) + TELL_REPORT_AGAIN_S;
		s->reason = arena_fmt(&j->mem,
		    "%.*s; there can be no report of it now: %s",
		    STR_ARG(s->reason), why.msg);
	}
	bounce_release(&b);
}

/* A person hears of what no machine mends. */
static void
tell_alert(struct worker_job *j)
{
	static const enum alert_what what[] = {
		[VERDICT_WAITS] = ALERT_WAITS,
		[VERDICT_ALONE] = ALERT_ALONE,
		[VERDICT_HOLD] = ALERT_HELD,
		[VERDICT_DEAD] = ALERT_DEAD,
	};
	enum verdict_message v = j->result->message;
	struct alert a = {
		.config = &j->account->config,
		.access = &j->account->access,
		.clock = j->claim.spool->clock,
		.syslog = j->worker->syslog,
		.log = j->worker->log,
		.told = j->account->alerted,
	};
	const struct alert_about about = {
		.what = what[v],
		.id = v == VERDICT_WAITS ? STR("") : j->claim.envelope.id,
		.why = &j->result->why,
		.note = j->told,
	};

	if (v == VERDICT_SENT || v == VERDICT_LATER)
		return;
	if (v == VERDICT_ALONE && j->was == j->result->why.kind)
		return; /* once: it is tried every hour */
	(void)alert_tell(&a, &about);
	j->account->alerted = a.told;
}

bool
worker_tell_part(struct worker_job *j, struct err *e)
{
	struct worker_part all = j->part;
	struct bounce b = { 0 };
	bool ok;

	j->part.n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (all.bad[i])
			all.rcpt[j->part.n++] = all.rcpt[i];
	ok = tell_make_report(j, &b, e) && worker_tell_journal(j, "refused", e);
	worker_event(j, VERDICT_DEAD);
	syslog_send(j->worker->syslog, SYSLOG_WARNING,
	    "%.*s: %zu of %zu recipients refused: %s",
	    STR_ARG(j->claim.envelope.id), j->part.n, all.left,
	    j->result->why.msg);
	bounce_release(&b);
	j->part.n = all.n;
	return ok;
}

bool
worker_tell_sent(struct worker_job *j, struct err *e)
{
	tell_success(j);
	worker_event(j, VERDICT_SENT);
	return worker_tell_journal(j, "part", e);
}

void
worker_tell(struct worker_job *j)
{
	tell_report(j);
	tell_logs(j);
	tell_alert(j);
}
