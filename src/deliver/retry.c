/* SPDX-License-Identifier: MIT */
#include "deliver/retry.h"

#include "base/os.h"

enum { RETRY_MEMORY = 2 << 20 /* a head of the most recipients */ };

bool
retry_is_due(const struct claim *c)
{
	struct os_stat st;
	struct err ignored;

	/* where a state could not be written, only the file's time says it */
	return c->where == SPOOL_NEW && c->state.next == 0 &&
	    c->state.hours == 0 && os_stat_fd(c->fd, c->id, &st, &ignored) &&
	    st.mtime <= clock_wall(c->spool->clock);
}

bool
retry_mailbox(const struct claim *c, bool all, struct mailbox *m, struct err *e)
{
	const struct mailbox_place at = mailbox_place(c->spool, &c->envelope);

	return mailbox_release(&at, all, m, e);
}

bool
retry_claim(struct claim *c, bool all, struct mailbox *m, struct err *e)
{
	c->state.next = 0;
	c->state.hours = 0; /* max_age leaves it some tries */
	return retry_mailbox(c, all, m, e) && claim_put(c, SPOOL_NEW, e);
}

bool
retry_message(struct spool *s, const char *id, struct err *e)
{
	struct mailbox m;
	struct arena a;
	struct claim c;
	bool ok;

	arena_init(&a, RETRY_MEMORY);
	ok = claim_take(&c, s, id, SPOOL_IN(SPOOL_NEW), &a, e);
	if (ok && c.spool != NULL && c.state.unsure_times == 0)
		ok = retry_claim(&c, false, &m, e);
	else if (ok && c.spool != NULL)
		ok = claim_put(&c, SPOOL_NEW, e);
	arena_release(&a);
	return ok;
}
