/* SPDX-License-Identifier: MIT */
#include "command/queue/wait.h"

#include <stdio.h>
#include <string.h>

#include "graph/fault.h"

/* The mailbox of this message, as it stood when it was first asked for. */
static const struct mailbox *
wait_mailbox(struct queue_waits *w, const struct claim *c)
{
	const char *key = mailbox_known_key(&w->known, &c->envelope);
	size_t i;

	for (i = 0; i < w->n && i < QUEUE_WAIT_KEPT; i++)
		if (strcmp(w->at[i].key, key) == 0)
			return &w->mailbox[i];
	i = w->n++ % QUEUE_WAIT_KEPT;
	w->at[i] = mailbox_place(c->spool, &c->envelope);
	mailbox_read(&w->at[i], &w->mailbox[i]);
	return &w->mailbox[i];
}

void
queue_wait_for(const struct mailbox *m, int64_t now, struct queue_wait *out)
{
	out->until = mailbox_until(m);
	out->reason = str_of(m->reason);
	out->remedy = str_of(m->remedy);
	(void)snprintf(out->act, sizeof(out->act),
	    "post365 queue retry --all%s",
	    m->throttled > now ? " --force" : "");
}

static void
wait_alone(const struct claim *c, int64_t now, struct queue_wait *out)
{
	const struct envelope_state *s = &c->state;
	const struct fault *f = fault_find(s->code);
	bool retry = c->where == SPOOL_DEAD || s->next > now;

	out->until = s->next > now ? s->next : 0;
	if (f != NULL && s->code.n > 0)
		out->remedy = str_of(f->remedy);
	if (retry || c->where == SPOOL_HOLD)
		(void)snprintf(out->act, sizeof(out->act),
		    "post365 queue %s %s", retry ? "retry" : "release", c->id);
}

void
queue_wait_of(struct queue_waits *w, const struct claim *c,
    struct queue_wait *out)
{
	int64_t now = clock_wall(c->spool->clock);
	const struct mailbox *m;

	*out = (struct queue_wait){ .reason = c->state.reason };
	if (c->busy)
		return;
	if ((SPOOL_IN(c->where) & SPOOL_QUEUED) != 0) {
		m = wait_mailbox(w, c);
		if (mailbox_until(m) > now &&
		    mailbox_until(m) >= c->state.next) {
			queue_wait_for(m, now, out);
			out->mailbox = m;
			out->key = w->at[m - w->mailbox].key;
			return;
		}
	}
	wait_alone(c, now, out);
}
