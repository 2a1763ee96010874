/* SPDX-License-Identifier: MIT */
#include "deliver/worker_job.h"

#include <string.h>

#include "base/os.h"
#include "deliver/worker_account.h"
#include "deliver/worker_event.h"
#include "deliver/worker_tell.h"
#include "deliver/worker_try.h"
#include "store/journal.h"

enum { JOB_ROUNDS = 64 /* requests for one message at a time */ };

int64_t
worker_job_now(const struct worker_job *j)
{
	return clock_wall(j->claim.spool->clock);
}

/* --- the verdict */

/* It was refused before, and other mail of its mailbox was not. */
static bool
job_is_at_fault(const struct worker_job *j)
{
	const struct mailbox_place at =
	    mailbox_place(j->claim.spool, &j->claim.envelope);
	enum err_kind kind = j->result->why.kind;
	struct mailbox m;

	if (kind != ERR_AUTH && kind != ERR_CONFIG)
		return false;
	mailbox_read(&at, &m);
	return strcmp(m.fault, j->claim.id) == 0;
}

static struct verdict
job_judge(struct worker_job *j)
{
	const struct envelope_state *s = &j->claim.state;
	const struct err *why = &j->result->why;
	struct verdict_ask a = {
		.what = j->what,
		.why = why,
		.wait = j->wait,
		.asked = j->result->sent.attempts > 0,
		.draft = s->draft.n > 0,
		.unsure_times = s->unsure_times,
		.fault = job_is_at_fault(j),
		.try = { .attempts = j->attempts + 1,
		    .now = worker_job_now(j),
		    .since = s->since,
		    .hours = s->hours,
		    .max_age = j->account->config.max_age_ms / 1000 },
		.once = worker_try_is_once(j),
	};

	a.search = why->kind == ERR_UNSURE && !a.draft &&
	    j->what == VERDICT_ENDED && worker_try_will_search(j);
	os_random(&a.try.random, sizeof(a.try.random));
	return verdict_of(&a);
}

/* What the file says of how it ended. */
static void
job_describe(struct worker_job *j)
{
	struct envelope_state *s = &j->claim.state;
	struct worker_result *r = j->result;

	if (j->note == NULL || r->why.kind == ERR_NONE)
		j->note = r->sent.inferred != NULL ? r->sent.inferred : j->note;
	s->kind = r->why.kind;
	s->code = str_of(r->why.code);
	s->request = str_of(r->sent.client_request_id);
	s->reason = j->note == NULL || r->why.kind == ERR_NONE ?
	    str_of(j->note != NULL ? j->note : r->why.msg) :
	    arena_fmt(&j->mem, "%s: %s", j->note, r->why.msg);
}

/* What the file says from now on. */
static void
job_settle(struct worker_job *j, const struct verdict *v)
{
	struct envelope_state *s = &j->claim.state;
	struct worker_result *r = j->result;

	if (v->message == VERDICT_DEAD && v->kind == ERR_RETRY)
		err_remedy(&r->why,
		    "Once the cause is gone: post365 queue retry %.*s sends "
		    "it, for the 30 days that it is kept. Or send it again.",
		    STR_ARG(j->claim.envelope.id));
	r->why.kind = v->kind;
	j->note = v->note != NULL ? v->note : j->note;
	j->was = s->kind;
	s->next = r->next = v->next;
	s->unsure_times += v->kind == ERR_UNSURE && j->what == VERDICT_ENDED;
	/* one that is settled, or that nothing is known of, is not asked */
	if (v->message == VERDICT_SENT || j->what == VERDICT_LOST)
		s->draft = STR("");
	s->attempts = j->attempts + v->counts;
	if (s->draft.n > 0)
		s->attempts = j->attempts + 1; /* it is marked, so counted */
	else
		s->unsure_since = 0;
	if (s->draft.n == 0 && s->unsure_times == 0)
		s->asked = 0;
	job_describe(j);
}

/* --- the end */

static bool
job_put(struct worker_job *j, struct err *e)
{
	enum verdict_message m = j->result->message;
	bool ok = m == VERDICT_SENT ? claim_done(&j->claim, e) :
				      claim_put(&j->claim,
					  m == VERDICT_DEAD     ? SPOOL_DEAD :
					      m == VERDICT_HOLD ? SPOOL_HOLD :
								  SPOOL_NEW,
					  e);

	if (ok && (m == VERDICT_SENT || m == VERDICT_DEAD))
		worker_event_removed(j);
	return ok;
}

/* Without a line in the journal what was sent must not look unsent. */
static bool
job_put_unnoted(struct worker_job *j, const struct err *why)
{
	struct err also;

	if (j->result->message == VERDICT_SENT) {
		j->result->message = VERDICT_HOLD;
		j->claim.state.reason = arena_fmt(&j->mem,
		    "it was sent, but the journal has no line of it: %s",
		    why->msg);
	}
	if (!job_put(j, &also))
		log_warn(j->worker->log, "%s", also.msg);
	return false;
}

static bool
job_end(struct worker_job *j, const struct verdict *v, struct err *e)
{
	job_settle(j, v);
	worker_account_note(j, v->mailbox);
	worker_tell(j);
	if (worker_tell_journal(j, verdict_name(j->result->message), e))
		return job_put(j, e);
	return job_put_unnoted(j, e);
}

/* Another one took the turn: as if it had never been touched. */
static bool
job_put_off(struct worker_job *j, const struct verdict *v, struct err *e)
{
	j->result->next = v->next;
	if (v->message == VERDICT_LATER)
		j->claim.state.next = v->next;
	log_trace(j->worker->log, "%.*s: %s", STR_ARG(j->claim.envelope.id),
	    j->result->why.msg);
	return claim_put(&j->claim, SPOOL_NEW, e);
}

/* Its worker died between the journal and its removal. */
static bool
job_is_noted_sent(const struct worker_job *j)
{
	const struct envelope_state *s = &j->claim.state;

	return s->unsure_since != 0 &&
	    journal_says(&j->worker->outbox->journal, j->claim.envelope.id,
		STR("sent"), s->unsure_since);
}

/* --- the attempt */

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
	if ((next != WORKER_PART_REFUSED || worker_tell_part(j, &e)) &&
	    (!sent || worker_tell_sent(j, &e)) &&
	    worker_part_settle(&j->mem, &j->part, next, &j->claim.envelope,
		&j->claim.state) &&
	    claim_save(&j->claim, &e)) {
		prepare_release(&j->prepared);
		j->note = NULL;
		return true;
	}
	/* what went to some, and is not written down, must not go again */
	j->what = sent ? VERDICT_LOST : VERDICT_ENDED;
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
	} while (j->what == VERDICT_ENDED && job_goes_on(j));
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
	int64_t now = worker_job_now(j);
	struct verdict v;
	bool ok;

	/* what was perhaps sent waits for what Sent Items will show */
	if (s->next > now) {
		r->message = VERDICT_LATER;
		r->next = s->next = schedule_due(s->next, s->wait, now);
		return claim_put(&j->claim, SPOOL_NEW, e);
	}
	if (job_is_noted_sent(j))
		return claim_done(&j->claim, e);
	j->started = os_mono_ms();
	/* one that was marked has been counted */
	j->attempts = s->attempts - (s->unsure_since != 0 && s->attempts > 0);
	job_try(j);
	if (j->what == VERDICT_ENDED || j->what == VERDICT_LOST)
		schedule_note(s, j->claim.envelope.arrived, worker_job_now(j));
	v = job_judge(j);
	r->message = v.message;
	r->tried = v.tried;
	ok = v.tried ? job_end(j, &v, e) : job_put_off(j, &v, e);
	claim_leave(&j->claim);
	prepare_release(&j->prepared);
	return ok;
}
