/* SPDX-License-Identifier: MIT */
#include "deliver/worker_job.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "config/alert.h"
#include "deliver/bounce.h"
#include "deliver/enqueue.h"
#include "deliver/worker_account.h"
#include "deliver/worker_try.h"
#include "graph/permit.h"
#include "store/journal.h"

enum {
	REPORT_AGAIN_S = 300, /* after a report that could not be stored */
	JOB_ROUNDS = 64       /* requests for one message at a time */
};

static int64_t
now(const struct worker_job *j)
{
	return clock_wall(j->claim.spool->clock);
}

/* The verdict */

/* Will Sent Items tell, before it is sent once more or given up? */
static bool
will_search(struct worker_job *j)
{
	struct err ignored;

	return worker_try_saves_copy(j) &&
	    (j->searched ||
		(worker_try_connect(j, &ignored) &&
		    permit_read(&j->account->client.graph) == ROUTE_MAY));
}

static enum schedule_verdict
decide_unsure(struct worker_job *j, struct schedule_try *t)
{
	int64_t *next = &j->claim.state.next;
	enum schedule_verdict v;

	if (will_search(j)) {
		t->unsure_times = 1;
		v = schedule_next(t, next);
		j->note = v == SCHEDULE_LATER ?
		    "perhaps sent; Sent Items will tell, after a while" :
		    "perhaps sent: a person decides";
		return v;
	}
	if (worker_try_is_once(j)) {
		j->note = "perhaps sent; delivery = once: a person decides";
		return SCHEDULE_HOLD;
	}
	v = schedule_next(t, next);
	j->note = v == SCHEDULE_LATER ?
	    "perhaps sent; once more after a while, with the same Message-ID" :
	    "perhaps sent, and more than once: a person decides";
	return v;
}

/* It was refused before, and other mail of its account was not. */
static bool
job_is_at_fault(const struct worker_job *j)
{
	enum err_kind kind = j->result->why.kind;
	const struct mailbox_place at = mailbox_place(j->claim.spool);
	char key[MAILBOX_KEY_SIZE];
	struct mailbox m;

	if (kind != ERR_AUTH && kind != ERR_CONFIG)
		return false;
	mailbox_key(&j->claim.envelope, key);
	mailbox_read(&at, key, &m);
	return strcmp(m.fault, j->claim.id) == 0;
}

/* It could be tried again, and is not: of age, or for its last try. */
static void
job_give_up(struct worker_job *j, bool old)
{
	struct err *why = &j->result->why;

	if (!old) {
		why->kind = ERR_REFUSED;
		return;
	}
	j->note = "no success within max_age";
	err_remedy(why,
	    "Once the cause is gone: post365 queue retry %.*s sends it, for "
	    "the 30 days that it is kept. Or send it again.",
	    STR_ARG(j->claim.envelope.id));
}

static enum schedule_verdict
decide(struct worker_job *j)
{
	struct envelope_state *s = &j->claim.state;
	const struct err *why = &j->result->why;
	struct schedule_try t = {
		.kind = why->kind,
		.attempts = j->attempts + 1,
		.unsure_times = s->unsure_times + 1,
		.tries = why->tries,
		.alone = why->alone,
		.retry_after_ms = why->retry_after_ms,
		.now = now(j),
		.since = s->since,
		.hours = s->hours,
		.max_age = j->account->config.max_age_ms / 1000,
	};
	enum schedule_verdict v;

	if (job_is_at_fault(j))
		t.alone = j->result->why.alone = true;
	os_random(&t.random, sizeof(t.random));
	if (j->given_up) {
		j->note = "perhaps sent: a person decides";
		return SCHEDULE_HOLD;
	}
	if (t.kind == ERR_UNSURE)
		s->unsure_times++;
	/* to ask a draft as often as it takes makes no second copy */
	if (t.kind == ERR_UNSURE && j->asks_draft)
		t.kind = ERR_RETRY;
	if (t.kind == ERR_UNSURE)
		return decide_unsure(j, &t);
	v = schedule_next(&t, &s->next);
	if (v != SCHEDULE_DEAD || why->kind == ERR_REFUSED ||
	    why->kind == ERR_INPUT)
		return v;
	job_give_up(j, t.tries == 0 || t.attempts < t.tries);
	/* perhaps it was sent */
	return j->asks_draft || s->unsure_times > 0 ? SCHEDULE_HOLD : v;
}

static bool
job_is_counted(const struct worker_job *j)
{
	const struct err *why = &j->result->why;

	/* neither a probe for its account nor what need not pass soon */
	return j->result->verdict != SCHEDULE_ACCOUNT && !why->uncounted &&
	    !(j->result->verdict == SCHEDULE_LATER && why->alone);
}

/* What the file says from now on. */
static void
settle(struct worker_job *j)
{
	struct envelope_state *s = &j->claim.state;
	struct worker_result *r = j->result;

	r->tried = true;
	schedule_note(s, j->claim.envelope.arrived, now(j));
	r->verdict = decide(j);
	j->was = s->kind;
	r->next = r->verdict == SCHEDULE_LATER ? s->next : 0;
	s->next = r->next; /* due: it waits for its account, or for a person */
	s->attempts = j->attempts + job_is_counted(j);
	if (!j->asks_draft || r->verdict == SCHEDULE_SENT)
		s->draft = STR("");
	if (s->draft.n > 0)
		s->attempts = j->attempts + 1; /* it is marked, so counted */
	else
		s->unsure_since = 0;
	if (s->draft.n == 0 && s->unsure_times == 0)
		s->asked = 0;
	if (j->note == NULL || r->why.kind == ERR_NONE)
		j->note = r->sent.inferred != NULL ? r->sent.inferred : j->note;
	s->kind = r->why.kind;
	s->code = str_of(r->why.code);
	s->request = str_of(r->sent.client_request_id);
	s->reason = j->note == NULL || r->why.kind == ERR_NONE ?
	    str_of(j->note != NULL ? j->note : r->why.msg) :
	    arena_fmt(&j->mem, "%s: %s", j->note, r->why.msg);
}

static bool
note(const struct worker_job *j, const char *verdict, struct err *e)
{
	const struct envelope *v = &j->claim.envelope;
	const struct envelope_state *s = &j->claim.state;
	const struct worker_result *r = j->result;
	struct journal_line line = {
		.time = now(j),
		.id = v->id,
		.message_id = v->message_id,
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

	return journal_add(&j->worker->outbox->journal, &line, e);
}

/* The end */

/* As Postfix says it, for those who read logs by program. */
static void
tell(const struct worker_job *j)
{
	const struct envelope *v = &j->claim.envelope;
	const struct worker_result *r = j->result;
	bool sent = r->verdict == SCHEDULE_SENT;

	if (r->verdict == SCHEDULE_ACCOUNT)
		return; /* tell_account did, and alert does */
	syslog_send(j->worker->syslog, sent ? SYSLOG_INFO : SYSLOG_WARNING,
	    "%.*s: message-id=%.*s, from=<%.*s>, nrcpt=%zu, status=%s (%.*s)",
	    STR_ARG(v->id), STR_ARG(v->message_id), STR_ARG(v->sender),
	    v->recipients, schedule_name(r->verdict),
	    STR_ARG(j->claim.state.reason));
	log_trace(j->worker->log, "%.*s: %s%s%.*s", STR_ARG(v->id),
	    schedule_name(r->verdict), j->claim.state.reason.n > 0 ? ": " : "",
	    STR_ARG(j->claim.state.reason));
}

static bool
make_report(struct worker_job *j, struct bounce *b, struct err *e)
{
	const struct bounce_about about = {
		.config = &j->account->config,
		.envelope = &j->claim.envelope,
		.recipient = j->part.rcpt,
		.recipients = j->part.n,
		.body = &j->claim.body,
		.why = &j->result->why,
		.now = now(j),
		.log = j->worker->log,
	};
	char id[ENVELOPE_ID_SIZE];

	return bounce_make(&about, &j->mem, b, e) &&
	    (b->whom == BOUNCE_NOBODY || bounce_add(j->claim.spool, b, id, e));
}

/*
 * Who sent what is given up hears of it, or it is not given up yet: the
 * report is durable before the message leaves the queue.
 */
static void
report(struct worker_job *j)
{
	struct envelope_state *s = &j->claim.state;
	struct bounce b = { 0 };
	struct err why;

	if (j->result->verdict != SCHEDULE_DEAD)
		return;
	if (j->worker->told) {
		j->told = "who sent it was told";
		return;
	}
	if (make_report(j, &b, &why)) {
		j->told = b.note;
		s->reason =
		    arena_fmt(&j->mem, "%.*s; %s", STR_ARG(s->reason), b.note);
	} else {
		j->result->verdict = SCHEDULE_LATER;
		j->result->next = s->next = now(j) + REPORT_AGAIN_S;
		s->reason = arena_fmt(&j->mem,
		    "%.*s; there can be no report of it now: %s",
		    STR_ARG(s->reason), why.msg);
	}
	bounce_release(&b);
}

/* Once: it is tried every hour. */
static bool
job_tells_alone(const struct worker_job *j)
{
	const struct err *why = &j->result->why;

	return why->alone && j->was != why->kind;
}

/* A person hears of what no machine mends. */
static void
alert(struct worker_job *j)
{
	static const enum alert_what what[] = {
		[SCHEDULE_ACCOUNT] = ALERT_WAITS,
		[SCHEDULE_LATER] = ALERT_ALONE,
		[SCHEDULE_HOLD] = ALERT_HELD,
		[SCHEDULE_DEAD] = ALERT_DEAD,
	};
	enum schedule_verdict v = j->result->verdict;
	struct alert a = {
		.config = &j->account->config,
		.clock = j->claim.spool->clock,
		.syslog = j->worker->syslog,
		.log = j->worker->log,
		.told = j->account->alerted,
	};
	const struct alert_about about = {
		.what = what[v],
		.id = v == SCHEDULE_ACCOUNT ? STR("") : j->claim.envelope.id,
		.why = &j->result->why,
		.note = j->told,
	};

	if (v == SCHEDULE_SENT || (v == SCHEDULE_LATER && !job_tells_alone(j)))
		return;
	(void)alert_tell(&a, &about);
	j->account->alerted = a.told;
}

static bool
put(struct worker_job *j, struct err *e)
{
	switch (j->result->verdict) {
	case SCHEDULE_SENT:
		return claim_done(&j->claim, e);
	case SCHEDULE_DEAD:
		return claim_put(&j->claim, SPOOL_DEAD, e);
	case SCHEDULE_HOLD:
		return claim_put(&j->claim, SPOOL_HOLD, e);
	case SCHEDULE_LATER:
	case SCHEDULE_ACCOUNT:
		break;
	}
	return claim_put(&j->claim, SPOOL_NEW, e);
}

/* Without a line in the journal what was sent must not look unsent. */
static bool
put_unnoted(struct worker_job *j, const struct err *why)
{
	struct err also;

	if (j->result->verdict == SCHEDULE_SENT) {
		j->result->verdict = SCHEDULE_HOLD;
		j->claim.state.reason = arena_fmt(&j->mem,
		    "it was sent, but the journal has no line of it: %s",
		    why->msg);
	}
	if (!put(j, &also))
		log_warn(j->worker->log, "%s", also.msg);
	return false;
}

/* What was perhaps sent waits for what Sent Items will show. */
static bool
is_due(const struct worker_job *j)
{
	const struct envelope_state *s = &j->claim.state;

	return s->next <= now(j);
}

/* Its worker died between the journal and its removal. */
static bool
is_noted_sent(const struct worker_job *j)
{
	const struct envelope_state *s = &j->claim.state;

	return s->unsure_since != 0 &&
	    journal_says(&j->worker->outbox->journal, j->claim.envelope.id,
		STR("sent"), s->unsure_since);
}

/* Another one took the turn: as if it had never been touched. */
static bool
put_off(struct worker_job *j, struct err *e)
{
	struct worker_result *r = j->result;

	r->verdict = SCHEDULE_ACCOUNT;
	r->next = now(j) + j->put_off;
	/* `rate` holds up all of them, bytes this one */
	r->alone = pace_look(&j->account->pace) == 0;
	if (r->alone)
		j->claim.state.next = r->next;
	log_trace(j->worker->log, "%.*s: %s", STR_ARG(j->claim.envelope.id),
	    r->why.msg);
	return claim_put(&j->claim, SPOOL_NEW, e);
}

/* A report on those who are bad, before they count as settled. */
static bool
job_report_part(struct worker_job *j, struct err *e)
{
	struct worker_part all = j->part;
	struct bounce b = { 0 };
	bool ok;

	j->part.n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (all.bad[i])
			all.rcpt[j->part.n++] = all.rcpt[i];
	ok = make_report(j, &b, e) && note(j, "refused", e);
	syslog_send(j->worker->syslog, SYSLOG_WARNING,
	    "%.*s: %zu of %zu recipients refused: %s",
	    STR_ARG(j->claim.envelope.id), j->part.n, all.left,
	    j->result->why.msg);
	bounce_release(&b);
	j->part.n = all.n;
	return ok;
}

/* True: the file says who is settled, and the others are next. */
static bool
job_goes_on(struct worker_job *j)
{
	enum worker_part_next next =
	    worker_part_next(&j->part, &j->result->why);
	bool sent = next == WORKER_PART_SENT;
	struct envelope_state *s = &j->claim.state;
	struct err e = { 0 };

	if (next == WORKER_PART_OVER)
		return false;
	s->code = arena_str(&j->mem, str_of(j->result->why.code));
	s->reason = sent ? STR("sent to some of its recipients") :
			   arena_str(&j->mem, str_of(j->result->why.msg));
	if ((next != WORKER_PART_REFUSED || job_report_part(j, &e)) &&
	    (!sent || note(j, "part", &e)) &&
	    worker_part_settle(&j->mem, &j->part, next, &j->claim.envelope,
		&j->claim.state) &&
	    claim_save(&j->claim, &e)) {
		prepare_release(&j->prepared);
		j->note = NULL;
		return true;
	}
	/* what went to some, and is not written down, must not go again */
	j->given_up = sent;
	err_set(&j->result->why, sent ? ERR_UNSURE : ERR_RETRY,
	    "the mail goes to some of its recipients, which cannot be noted: "
	    "%s",
	    e.msg);
	return false;
}

/* Until all have it who can have it; how that ended is in j->result->why. */
static void
job_try(struct worker_job *j)
{
	struct worker_result *r = j->result;
	unsigned rounds = 0;

	do {
		if (rounds++ == JOB_ROUNDS) {
			err_set(&r->why, ERR_RETRY,
			    "Graph refuses many recipients: it goes on later");
			return;
		}
		if (worker_part_list(&j->mem, &j->claim.envelope,
			&j->claim.state, false, &j->part, &r->why) &&
		    worker_try(j, &r->why))
			r->why = (struct err){ 0 };
	} while (!r->full && j->put_off == 0 && job_goes_on(j));
	/* the outcome is that of all who are left */
	if (!worker_part_list(&j->mem, &j->claim.envelope, &j->claim.state,
		true, &j->part, &r->why))
		r->why.kind = ERR_RETRY;
}

bool
worker_job_run(struct worker_job *j, struct err *e)
{
	struct envelope_state *s = &j->claim.state;
	struct worker_result *r = j->result;
	bool ok;

	if (!is_due(j)) {
		r->next = s->next = schedule_due(s->next, s->wait, now(j));
		return claim_put(&j->claim, SPOOL_NEW, e);
	}
	if (is_noted_sent(j))
		return claim_done(&j->claim, e);
	j->started = os_mono_ms();
	/* one that was marked has been counted */
	j->attempts = s->attempts - (s->unsure_since != 0 && s->attempts > 0);
	job_try(j);
	if (r->full || j->put_off > 0) {
		ok = r->full ? claim_put(&j->claim, SPOOL_NEW, e) :
			       put_off(j, e);
		prepare_release(&j->prepared);
		return ok;
	}
	settle(j);
	worker_account_note(j);
	report(j);
	tell(j);
	alert(j);
	ok = note(j, schedule_name(r->verdict), e);
	ok = ok ? put(j, e) : put_unnoted(j, e);
	claim_leave(&j->claim);
	prepare_release(&j->prepared);
	return ok;
}
