/* SPDX-License-Identifier: MIT */
#include "command/queue/act.h"

#include <unistd.h>

#include "base/os.h"
#include "command/queue/carry.h"
#include "command/queue/text.h"
#include "deliver/retry.h"
#include "store/journal.h"

/* What a person did with it, for whoever looks for it later. */
static bool
act_journal(const struct queue_act *a, const struct claim *c,
    const char *verdict, struct err *e)
{
	const struct envelope *v = &c->envelope;
	const struct journal_line line = {
		.time = os_wall(),
		.id = str_of(c->id),
		.message_id = v->message_id,
		.subject = v->subject,
		.account = v->account,
		.client = v->client,
		.from = v->sender,
		.to = v->recipient,
		.to_n = v->recipients,
		.size = c->body.size,
		.verdict = str_of(verdict),
		.reason = arena_fmt(a->mem, "post365 queue %s, by user %lu",
		    a->name, (unsigned long)getuid()),
	};

	return journal_add(&a->outbox->journal, &line, e);
}

bool
queue_act_hold(struct queue_act *a, struct claim *c, struct err *e)
{
	(void)a;
	return claim_put(c, SPOOL_HOLD, e);
}

/* Who releases it knows better than what we noted of a lost answer. */
bool
queue_act_release(struct queue_act *a, struct claim *c, struct err *e)
{
	a->due = true;
	c->state.next = c->state.unsure_since = 0;
	c->state.unsure_times = c->state.hours = 0;
	c->state.asked = 0;
	return claim_put(c, SPOOL_NEW, e);
}

static bool
act_note_retry(struct queue_act *a, const struct mailbox *m, bool ok)
{
	a->due = true;
	a->until = mailbox_until(m);
	return ok;
}

bool
queue_act_retry(struct queue_act *a, struct claim *c, struct err *e)
{
	struct mailbox m;
	bool ok = retry_claim(c, a->force, &m, e);

	return act_note_retry(a, &m, ok);
}

bool
queue_act_drop(struct queue_act *a, struct claim *c, struct err *e)
{
	return act_journal(a, c, "dropped", e) && claim_done(c, e);
}

bool
queue_act_export(struct queue_act *a, struct claim *c, struct err *e)
{
	if (!queue_carry_out(c, a->folder, e))
		return false;
	if (a->keep)
		return claim_put(c, SPOOL_HOLD, e);
	return act_journal(a, c, "exported", e) && claim_done(c, e);
}

/* Why a message could not be taken. */
static bool
act_not_taken(const struct queue_act *a, const char *id, bool busy,
    struct err *e)
{
	struct claim c;
	struct arena mem;

	if (busy) {
		err_set(e, ERR_RETRY, "%s is being sent", id);
		return err_remedy(e, "try again in a moment");
	}
	arena_init(&mem, QUEUE_WALK_MEMORY);
	err_set(e, ERR_INPUT, "%s is gone: it was sent meanwhile", id);
	if (claim_look(&c, &a->outbox->spool, id, SPOOL_ALL, &mem, e) &&
	    c.spool != NULL) {
		err_set(e, ERR_INPUT, "%s: its state is %s; %s is not for that",
		    id, queue_text_state(&c), a->name);
		if (c.where == SPOOL_HOLD)
			err_remedy(e, "post365 queue release %s", id);
		claim_leave(&c);
	}
	arena_release(&mem);
	return false;
}

/* A file that is not whole: nobody can send it, and a claim cannot end it. */
static bool
act_drop_torn(const struct queue_act *a, const struct claim *c, struct err *e)
{
	const struct dir *d = &a->outbox->spool.dir[c->where];
	bool ok;
	int fd;

	if (!dir_file(d, c->id, DIR_UPDATE, &fd, e))
		return false;
	ok = fd >= 0 && os_try_lock(fd) && dir_has(d, c->id, fd) ?
	    act_journal(a, c, "dropped", e) && dir_remove(d, c->id, e) :
	    err_set(e, ERR_RETRY, "%s is in use", c->id);
	os_close(&fd);
	return ok;
}

/* 100,000 that wait with their mailbox need not be written and synced each. */
static bool
act_is_done(struct queue_act *a, const struct claim *seen)
{
	return a->act == queue_act_retry && seen != NULL && retry_is_due(seen);
}

bool
queue_act_on(struct queue_act *a, const struct queue_seen *seen,
    unsigned folders, struct err *e)
{
	const char *id = seen->id;
	struct mailbox m;
	struct claim c;
	struct arena mem;
	bool ok;

	if (act_is_done(a, seen->claim)) {
		ok = retry_mailbox(seen->claim, a->force, &m, e);
		return act_note_retry(a, &m, ok);
	}
	arena_init(&mem, QUEUE_WALK_MEMORY);
	ok = claim_take(&c, &a->outbox->spool, id, folders, &mem, e);
	if (!ok) {
		if (e->kind == ERR_INPUT && a->act == queue_act_drop)
			ok = act_drop_torn(a, &c, e);
	} else if (c.spool == NULL) {
		ok = act_not_taken(a, id, c.busy, e);
	} else {
		ok = a->act(a, &c, e);
		claim_leave(&c);
	}
	arena_release(&mem);
	return ok;
}
