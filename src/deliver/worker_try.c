/* SPDX-License-Identifier: MIT */
#include "deliver/worker_try.h"

#include <string.h>

#include "base/os.h"
#include "compose/names.h"
#include "deliver/options.h"
#include "deliver/submit.h"
#include "graph/draft.h"
#include "graph/permit.h"
#include "graph/sent.h"
#include "mail/reconcile.h"

/* Makes it durable that a request goes out now. */
static bool
try_mark(struct worker_job *j, struct str draft, struct err *e)
{
	struct envelope_state *s = &j->claim.state;

	s->attempts = j->attempts + 1;
	s->unsure_since = worker_job_now(j);
	if (s->asked == 0)
		s->asked = s->unsure_since;
	s->draft = draft;
	return claim_save(&j->claim, e);
}

/* Nothing of it is out, and a draft that is gone would pass for sent. */
static bool
try_forget_draft(struct worker_job *j, struct err *e)
{
	struct envelope_state *s = &j->claim.state, was = *s;

	s->unsure_since = 0;
	s->draft = STR("");
	if (!claim_save(&j->claim, e)) {
		*s = was;
		return false;
	}
	return true;
}

/* outgoing_progress's keep: the mark of a draft has its id. */
static bool
try_keep_draft(void *arg, struct str id, struct err *e)
{
	struct worker_job *j = arg;

	if (id.n == 0)
		return try_forget_draft(j, e);
	/* an id that the file would cut could not be asked */
	id = id.n <= ENVELOPE_DRAFT_MOST ? arena_str(&j->mem, id) : STR("");
	return arena_ok(&j->mem, e) && try_mark(j, id, e);
}

/* As they are in the envelope: names and aliases may stand among them. */
static bool
try_read_addresses(struct worker_job *j, struct prepare_envelope *v,
    struct err *e)
{
	const struct envelope *from = &j->claim.envelope;
	struct addr *list = NULL, **tail = &list, *sender = NULL;

	for (size_t i = 0; i < j->part.n; i++) {
		if (!addr_parse(&j->mem, j->part.rcpt[i], true, tail, e))
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

/* Whose copy of it is looked for: the same, by the aliases of now. */
static bool
try_expand(struct worker_job *j, const struct addr **out, struct err *e)
{
	struct prepare_envelope v = { 0 };
	struct prepare_names names;
	struct reconciled once;
	struct addr *list;

	if (!try_read_addresses(j, &v, e))
		return false;
	*out = v.rcpt;
	if (!options_read(j->claim.envelope.options).raw)
		return true;
	if (!prepare_names_load(&names, &j->mem, &j->account->config,
		j->worker->log, e) ||
	    !alias_expand(&j->mem, &names.rules, v.rcpt, &list, e) ||
	    !reconcile(&j->mem, list, NULL, NULL, &once, e))
		return false;
	*out = once.bcc;
	return true;
}

/*
 * To apply the From policy to its own result would lose what `from` was then,
 * so what was prepared before it was stored keeps what it has. mime_limit
 * 0: the setting's.
 */
static bool
try_prepare(struct worker_job *j, uint64_t mime_limit, enum route *want,
    struct err *e)
{
	struct options o = options_read(j->claim.envelope.options);
	struct prepare_envelope v = { .again = !o.raw, .want = o.via };
	bool ok;

	j->config = j->account->config;
	if (!o.raw)
		j->config.from_policy = STR("keep");
	if (mime_limit > 0)
		j->config.mime_limit = mime_limit;
	if (o.no_save)
		j->config.save_to_sent = false;
	*want = o.via;
	v.no_save_asked = o.no_save;
	/* aliases may stand for more people than go at a time */
	for (;; j->part.n = (j->part.n + 1) / 2) {
		ok = try_read_addresses(j, &v, e) &&
		    prepare_raw(&j->prepared, &j->config, &j->claim.body, &v,
			j->worker->log, e);
		if (!ok || j->part.n == 1 ||
		    j->prepared.n_rcpt <= WORKER_PART_MOST)
			return ok;
		prepare_release(&j->prepared);
	}
}

static bool
try_connect(struct worker_job *j, struct err *e)
{
	struct worker_account *a = j->account;

	if (a->why.kind != ERR_NONE) {
		*e = a->why;
		return false;
	}
	if (!a->connected)
		a->connected = client_open(&a->client, &a->config, &a->access,
		    j->worker->log, e);
	if (!a->connected)
		client_close(&a->client);
	else
		turn_open(&a->client.turn, &a->pace, a->access.timeout_ms);
	return a->connected;
}

/* By sendMail the mark comes first; a draft may be made without. */
static bool
try_send_prepared(struct worker_job *j, enum route want, struct err *e)
{
	struct client *c = &j->account->client;
	struct route_choice choice;
	bool ok;

	j->prepared.progress =
	    (struct outgoing_progress){ .keep = try_keep_draft, .arg = j };
	if (!submit_route(c, &j->prepared, want, &choice, e))
		return false;
	if (choice.route != ROUTE_DRAFT && !try_mark(j, STR(""), e))
		return false;
	ok = submit_send(c, &j->prepared, &choice, j->worker->log,
	    &j->result->sent, e);
	if (ok && choice.loses != NULL)
		j->note = arena_fmt(&j->mem, "sent without %s", choice.loses).p;
	return ok;
}

/* Something on the way takes less than mime_limit: by another route, then. */
static bool
try_smaller(struct worker_job *j, enum route want, struct err *e)
{
	struct route_choice choice;
	uint64_t size = j->prepared.out.facts.mime_size;
	struct err why = *e;
	bool other;

	if (want != ROUTE_AUTO || j->result->sent.via == NULL ||
	    strcmp(j->result->sent.via, "mime") != 0 ||
	    (strcmp(e->code, "413") != 0 &&
		strcmp(e->code, "RequestEntityTooLarge") != 0))
		return false;
	prepare_release(&j->prepared);
	other = try_prepare(j, size - 1, &want, e) &&
	    submit_route(&j->account->client, &j->prepared, want, &choice, e) &&
	    choice.route != ROUTE_MIME;
	if (other)
		return try_send_prepared(j, want, e);
	*e = why;
	return false;
}

/* An old file does not say it; then no copy is older than the message. */
static int64_t
try_asked_since(const struct worker_job *j)
{
	return j->claim.state.asked > 0 ? j->claim.state.asked :
					  j->claim.envelope.arrived;
}

/* The draft of an earlier attempt decides, not the message in the file. */
static bool
try_resume(struct worker_job *j, struct err *e)
{
	static const char *const notes[] = {
		[DRAFT_NOT_ASKED] = "its draft could not be asked",
		[DRAFT_UNSENT] = "its draft was still there",
		[DRAFT_LOST] = "perhaps sent",
	};
	const struct outgoing_progress progress = { .keep = try_keep_draft,
		.arg = j };
	struct draft_kept kept = { .mailbox = j->account->config.mailbox,
		.message_id = j->claim.envelope.message_id,
		.id = j->claim.state.draft,
		.since = try_asked_since(j),
		.progress = &progress };
	enum draft_found found;
	bool ok;

	if (!try_expand(j, &kept.rcpt, e))
		return false;
	ok = draft_resume(&j->account->client.graph, &kept, &j->result->sent,
	    &found, e);
	j->note = notes[found];
	/* Sent Items shows it by then, or never */
	if (!ok && found == DRAFT_LOST &&
	    worker_job_now(j) >=
		j->claim.state.unsure_since + SCHEDULE_UNSURE_S)
		j->what = VERDICT_LOST;
	return ok;
}

bool
worker_try_is_once(const struct worker_job *j)
{
	return str_eq(j->account->config.delivery, STR("once"));
}

static bool
try_saves_copy(const struct worker_job *j)
{
	return j->account->config.save_to_sent &&
	    !options_read(j->claim.envelope.options).no_save;
}

bool
worker_try_will_search(struct worker_job *j)
{
	struct err ignored;

	return try_saves_copy(j) &&
	    (j->searched ||
		(try_connect(j, &ignored) &&
		    permit_read(&j->account->client.graph) == ROUTE_MAY));
}

static bool
try_take_slot(struct worker_job *j, struct err *e)
{
	if (turn_take(&j->account->client.turn, e))
		return true;
	j->what = VERDICT_NO_SLOT;
	return false;
}

static bool
try_find_copy(struct worker_job *j, enum sent_found *found, struct err *e)
{
	struct sent_ask ask = { .mailbox = j->account->config.mailbox,
		.message_id = j->claim.envelope.message_id,
		.since = try_asked_since(j) };
	struct client *c = &j->account->client;

	if (!try_expand(j, &ask.rcpt, e) || !try_take_slot(j, e))
		return false;
	*found = sent_find(&c->graph, &ask, &j->result->sent, e);
	turn_give(&c->turn);
	return true;
}

/*
 * Of what was perhaps sent. *sent: it was. True without: once more. False: not
 * now, or never again.
 */
static bool
try_is_sent(struct worker_job *j, bool *sent, struct err *e)
{
	uint64_t times = j->claim.state.unsure_times;
	enum sent_found found = SENT_CANNOT;

	*sent = false;
	if (times == 0)
		return true;
	err_set(e, ERR_UNSURE, "no answer came");
	if (try_saves_copy(j) &&
	    permit_read(&j->account->client.graph) != ROUTE_MAY_NOT &&
	    !try_find_copy(j, &found, e))
		return false;
	*sent = found == SENT_FOUND;
	j->searched = found == SENT_NOT_FOUND;
	if (*sent)
		j->note = "its copy is in Sent Items, so it was sent";
	else if (found == SENT_NOT_NOW)
		j->note = "perhaps sent, and Sent Items could not be searched";
	else if (times > 1 || worker_try_is_once(j))
		j->what = VERDICT_LOST;
	return found != SENT_NOT_NOW && j->what != VERDICT_LOST;
}

/* False: j->what may say that it was not tried. */
static bool
try_take_turn(struct worker_job *j, struct err *e)
{
	struct pace *pace = &j->account->client.turn.pace;

	j->wait = pace_room(pace, j->prepared.out.facts.mime_size);
	if (j->wait > 0) {
		j->what = VERDICT_NO_BYTES;
		return err_set(e, ERR_RETRY,
		    "Exchange takes 150 MB in 5 minutes, which went");
	}
	if (pace_take(pace, &j->wait, e))
		return true;
	j->what = j->wait > 0 ? VERDICT_NO_RATE : VERDICT_ENDED;
	return false;
}

static bool
try_send(struct worker_job *j, enum route want, struct err *e)
{
	return try_take_turn(j, e) &&
	    (try_send_prepared(j, want, e) || try_smaller(j, want, e));
}

/* What a request is made for: the draft of an earlier attempt, or all of it. */
static bool
try_ask(struct worker_job *j, enum route want, struct err *e)
{
	bool ok;

	if (!try_take_slot(j, e))
		return false;
	ok = j->claim.state.draft.n > 0 ? try_resume(j, e) :
					  try_send(j, want, e);
	turn_give(&j->account->client.turn);
	return ok;
}

/* How the attempt ended is in j->result->why. */
bool
worker_try(struct worker_job *j, struct err *e)
{
	const struct envelope_state *s = &j->claim.state;
	enum route want = ROUTE_AUTO;
	bool has_draft = s->draft.n > 0, sent = false;

	j->what = VERDICT_ENDED;
	if (s->unsure_since != 0 && !has_draft)
		return err_set(e, ERR_UNSURE,
		    "the process that sent it ended before its outcome was "
		    "known");
	if (!try_connect(j, e))
		return false;
	if (!has_draft) { /* one decides, and nothing is prepared */
		if (!try_is_sent(j, &sent, e))
			return false;
		if (sent)
			return true;
		if (!try_prepare(j, 0, &want, e))
			return false;
	}
	return try_ask(j, want, e);
}
