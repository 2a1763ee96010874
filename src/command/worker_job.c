/* SPDX-License-Identifier: MIT */
#include "command/worker_job.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "command/alert.h"
#include "command/bounce.h"
#include "command/enqueue.h"
#include "command/slot.h"
#include "command/worker_account.h"
#include "graph/draft.h"
#include "graph/permit.h"
#include "graph/sent.h"
#include "store/journal.h"

enum {
	REPORT_AGAIN_S = 300,  /* after a report that could not be stored */
	WORKER_HASTE_MS = 1000 /* for a slot, where others could get on */
};

static int64_t
now(const struct worker_job *j)
{
	return clock_wall(j->claim.spool->clock);
}

/* The attempt */

/* Makes it durable that a request goes out now. */
static bool
mark(struct worker_job *j, struct str draft, struct err *e)
{
	struct envelope_state *s = &j->claim.state;

	s->attempts = j->attempts + 1;
	s->unsure_since = now(j);
	s->draft = draft;
	return claim_save(&j->claim, e);
}

/* Nothing of it is out, and a draft that is gone would pass for sent. */
static bool
forget_draft(struct worker_job *j, struct err *e)
{
	struct envelope_state *s = &j->claim.state, was = *s;

	s->unsure_since = 0;
	s->draft = STR("");
	if (!claim_save(&j->claim, e)) {
		*s = was;
		return false;
	}
	j->asks_draft = false;
	return true;
}

/* outgoing_progress's keep: the mark of a draft has its id. */
static bool
keep_draft(void *arg, struct str id, struct err *e)
{
	struct worker_job *j = arg;

	if (id.n == 0)
		return forget_draft(j, e);
	/* an id that the file would cut could not be asked */
	j->asks_draft = id.n <= ENVELOPE_DRAFT_MOST;
	id = j->asks_draft ? arena_str(&j->mem, id) : STR("");
	return arena_ok(&j->mem, e) && mark(j, id, e);
}

static bool
read_addresses(struct worker_job *j, struct prepare_envelope *v, struct err *e)
{
	const struct envelope *from = &j->claim.envelope;
	struct addr *list = NULL, **tail = &list, *sender = NULL;

	for (size_t i = 0; i < from->recipients; i++) {
		if (!addr_parse(&j->mem, from->recipient[i], true, tail, e))
			return err_wrap(e, "recipient");
		tail = &(*tail)->next;
	}
	if (from->sender.n > 0 &&
	    !addr_parse(&j->mem, from->sender, true, &sender, e))
		return err_wrap(e, "sender");
	v->rcpt = list;
	v->sender = sender;
	return true;
}

/*
 * The From policy was applied when it was queued: to apply it again to its
 * own result would lose what `from` was then.
 */
static bool
prepare(struct worker_job *j, enum route *want, struct err *e)
{
	struct enqueue_options o =
	    enqueue_options_read(j->claim.envelope.options);
	struct prepare_envelope v = { .again = true, .want = o.via };

	j->config = j->account->config;
	j->config.from_policy = STR("keep");
	if (o.no_save)
		j->config.save_to_sent = false;
	*want = o.via;
	return read_addresses(j, &v, e) &&
	    prepare_raw(&j->prepared, &j->config, &j->claim.body, &v,
		j->worker->log, e);
}

static bool
connect_client(struct worker_job *j, struct err *e)
{
	struct worker_account *a = j->account;

	if (a->why.kind != ERR_NONE) {
		*e = a->why;
		return false;
	}
	if (!a->connected)
		a->connected =
		    client_open(&a->client, &a->config, j->worker->log, e);
	if (!a->connected)
		client_close(&a->client);
	else
		a->client.pace = a->pace;
	return a->connected;
}

/* By sendMail the mark comes first; a draft may be made without. */
static bool
send_prepared(struct worker_job *j, enum route want, struct err *e)
{
	struct client *c = &j->account->client;
	struct route_choice choice;

	j->prepared.progress =
	    (struct outgoing_progress){ .keep = keep_draft, .arg = j };
	if (!prepare_route(c, &j->prepared, want, &choice, e))
		return false;
	if (choice.route != ROUTE_DRAFT && !mark(j, STR(""), e))
		return false;
	return prepare_send(c, &j->prepared, choice.route, j->worker->log,
	    &j->result->sent, e);
}

/* The draft of an earlier attempt decides, not the message in the file. */
static bool
resume(struct worker_job *j, struct err *e)
{
	static const char *const notes[] = {
		[DRAFT_NOT_ASKED] = "its draft could not be asked",
		[DRAFT_UNSENT] = "its draft was still there",
		[DRAFT_SENT] = "its draft was found to be sent",
		[DRAFT_MISSING] = "its draft is gone, so it was sent",
		[DRAFT_LOST] = "perhaps sent",
	};
	struct prepare_envelope v = { 0 };
	const struct outgoing_progress progress = { .keep = keep_draft,
		.arg = j };
	struct draft_kept kept = { .mailbox = j->account->config.mailbox,
		.message_id = j->claim.envelope.message_id,
		.id = j->claim.state.draft,
		.progress = &progress };
	enum draft_found found;
	bool ok;

	if (!read_addresses(j, &v, e))
		return false;
	kept.rcpt = v.rcpt;
	j->asks_draft = true;
	ok = draft_resume(&j->account->client.graph, &kept, &j->result->sent,
	    &found, e);
	j->note = notes[found];
	/* Sent Items shows it by then, or never */
	if (!ok && found == DRAFT_LOST &&
	    now(j) >= j->claim.state.unsure_since + SCHEDULE_UNSURE_S) {
		j->asks_draft = false;
		j->given_up = true;
	}
	return ok;
}

static bool
is_once(const struct worker_job *j)
{
	return str_eq(j->account->config.delivery, STR("once"));
}

static bool
saves_copy(const struct worker_job *j)
{
	return j->account->config.save_to_sent &&
	    !enqueue_options_read(j->claim.envelope.options).no_save;
}

static bool
find_copy(struct worker_job *j, enum sent_found *found, struct err *e)
{
	struct prepare_envelope v = { 0 };
	struct sent_ask ask = { .mailbox = j->account->config.mailbox,
		.message_id = j->claim.envelope.message_id };
	struct graph *g = &j->account->client.graph;
	struct slot slot;

	if (!read_addresses(j, &v, e) ||
	    !slot_take(&slot, ask.mailbox, os_mono_ms() + g->timeout_ms, e))
		return false;
	ask.rcpt = v.rcpt;
	*found = sent_find(g, &ask, &j->result->sent, e);
	slot_free(&slot);
	return true;
}

/*
 * Of what was perhaps sent. *sent: it was. True without: once more. False: not
 * now, or never again.
 */
static bool
is_sent(struct worker_job *j, bool *sent, struct err *e)
{
	uint64_t times = j->claim.state.unsure_times;
	enum sent_found found = SENT_CANNOT;

	*sent = false;
	if (times == 0)
		return true;
	err_set(e, ERR_UNSURE, "no answer came");
	if (saves_copy(j) &&
	    permit_read(&j->account->client.graph) != ROUTE_MAY_NOT &&
	    !find_copy(j, &found, e))
		return false;
	*sent = found == SENT_FOUND;
	j->searched = found == SENT_NOT_FOUND;
	if (*sent)
		j->note = "its copy is in Sent Items, so it was sent";
	else if (found == SENT_NOT_NOW)
		j->note = "perhaps sent, and Sent Items could not be searched";
	else if (times > 1 || is_once(j))
		j->given_up = true;
	return found != SENT_NOT_NOW && !j->given_up;
}

/* False with j->put_off: another time. */
static bool
take_turn(struct worker_job *j, struct err *e)
{
	struct pace *pace = &j->account->client.pace;

	j->put_off = pace_room(pace, j->prepared.out.facts.mime_size);
	if (j->put_off > 0)
		return err_set(e, ERR_RETRY,
		    "Exchange takes 150 MB in 5 minutes, which went");
	return pace_take(pace, &j->put_off, e);
}

static bool
use_slot(struct worker_job *j, enum route want, struct err *e)
{
	bool hasty = j->worker->hasty;
	int64_t deadline = os_mono_ms() +
	    (hasty ? WORKER_HASTE_MS : j->account->client.graph.timeout_ms);
	struct slot slot;
	bool ok;

	if (!slot_take(&slot, j->account->config.mailbox, deadline, e)) {
		j->result->full = hasty;
		return false;
	}
	ok = j->claim.state.draft.n > 0 ?
	    resume(j, e) :
	    take_turn(j, e) && send_prepared(j, want, e);
	slot_free(&slot);
	return ok;
}

/* How the attempt ended is in j->result->why. */
static bool
attempt(struct worker_job *j, struct err *e)
{
	const struct envelope_state *s = &j->claim.state;
	enum route want = ROUTE_AUTO;
	bool sent = false;

	j->asks_draft = s->draft.n > 0;
	if (s->unsure_since != 0 && s->draft.n == 0)
		return err_set(e, ERR_UNSURE,
		    "the process that sent it ended before its outcome was "
		    "known");
	if (!connect_client(j, e) || (s->draft.n == 0 && !is_sent(j, &sent, e)))
		return false;
	return sent ||
	    ((s->draft.n > 0 || prepare(j, &want, e)) && use_slot(j, want, e));
}

/* The verdict */

/* Will Sent Items tell, before it is sent once more or given up? */
static bool
will_search(struct worker_job *j)
{
	struct err ignored;

	return saves_copy(j) &&
	    (j->searched ||
		(connect_client(j, &ignored) &&
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
	if (is_once(j)) {
		j->note = "perhaps sent; delivery = once: a person decides";
		return SCHEDULE_HOLD;
	}
	v = schedule_next(t, next);
	j->note = v == SCHEDULE_LATER ?
	    "perhaps sent; once more after a while, with the same Message-ID" :
	    "perhaps sent, and more than once: a person decides";
	return v;
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
		.retry_after_ms = why->retry_after_ms,
		.now = now(j),
		.since = s->since,
		.hours = s->hours,
		.max_age = j->account->config.max_age_ms / 1000,
	};
	enum schedule_verdict v;

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
	j->note = "no success within max_age";
	/* perhaps it was sent */
	return j->asks_draft || s->unsure_times > 0 ? SCHEDULE_HOLD : v;
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
	r->next = r->verdict == SCHEDULE_LATER ? s->next : 0;
	s->next = r->next; /* due: it waits for its account, or for a person */
	/* a probe for its account is no attempt of the message */
	s->attempts = j->attempts + (r->verdict != SCHEDULE_ACCOUNT);
	if (!j->asks_draft || r->verdict == SCHEDULE_SENT)
		s->draft = STR("");
	if (s->draft.n > 0)
		s->attempts = j->attempts + 1; /* it is marked, so counted */
	else
		s->unsure_since = 0;
	s->kind = r->why.kind;
	s->code = str_of(r->why.code);
	s->request = str_of(r->sent.client_request_id);
	s->reason = j->note == NULL || r->why.kind == ERR_NONE ?
	    str_of(j->note != NULL ? j->note : r->why.msg) :
	    arena_fmt(&j->mem, "%s: %s", j->note, r->why.msg);
}

static bool
note(const struct worker_job *j, struct err *e)
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
		.to = v->recipient,
		.to_n = v->recipients,
		.size = j->claim.body.size,
		.via = str_of(r->sent.via),
		.status = r->why.kind == ERR_NONE ? 202 : 0,
		.code = s->code,
		.request_id = str_of(r->sent.request_id),
		.client_request_id = str_of(r->sent.client_request_id),
		.ms = os_mono_ms() - j->started,
		.attempt = j->attempts + 1,
		.next = r->next,
		.verdict = str_of(schedule_name(r->verdict)),
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
		.done = (size_t)j->claim.state.done,
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

/* A person hears of what no machine mends. */
static void
alert(struct worker_job *j)
{
	static const enum alert_what what[] = {
		[SCHEDULE_ACCOUNT] = ALERT_WAITS,
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

	if (v == SCHEDULE_SENT || v == SCHEDULE_LATER)
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

	return s->next <= now(j) || (j->worker->eager && s->unsure_times == 0);
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
	if (pace_look(&j->account->pace) == 0)
		j->claim.state.next = r->next;
	log_trace(j->worker->log, "%.*s: %s", STR_ARG(j->claim.envelope.id),
	    r->why.msg);
	return claim_put(&j->claim, SPOOL_NEW, e);
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
	if (attempt(j, &r->why))
		r->why = (struct err){ 0 };
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
	ok = note(j, e);
	ok = ok ? put(j, e) : put_unnoted(j, e);
	claim_leave(&j->claim);
	prepare_release(&j->prepared);
	return ok;
}
