/* SPDX-License-Identifier: MIT */
#include "command/queue/mailq.h"

#include "cli/cli.h"
#include "command/queue/open.h"
#include "command/queue/own.h"
#include "command/queue/text.h"
#include "command/queue/walk.h"
#include "deliver/outbox.h"

enum {
	MAILQ_MOST = 4 << 20,  /* a message of 10,000 recipients */
	MAILQ_FLUSH = 64 << 10 /* what is printed at once */
};

struct mailq {
	struct queue_total total;
	struct queue_waits waits;
	const struct log *log;
	struct buf out;
	bool own; /* only what uid handed in */
	uid_t uid;
};

static bool
mailq_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct mailq *m = arg;
	struct queue_wait wait;

	if (seen->claim == NULL) {
		if (!m->own)
			log_warn(m->log, "%s", seen->why->msg);
		return true;
	}
	if (m->own && !queue_own_is(seen->claim->envelope.client, m->uid))
		return true;
	queue_wait_of(&m->waits, seen->claim, &wait);
	queue_text_mailq(&m->out, &m->total, seen->claim, &wait);
	return cli_flush(&m->out, MAILQ_FLUSH, e);
}

static bool
mailq_print(struct mailq *m, struct outbox *o, struct err *e)
{
	static const struct queue_pick all = { 0 };
	const struct queue_walk w = {
		.spool = &o->spool,
		.folders = SPOOL_QUEUED | SPOOL_IN(SPOOL_HOLD),
		.pick = &all,
		.log = m->log,
		.each = mailq_one,
		.arg = m,
	};
	bool ok;

	buf_init(&m->out, MAILQ_MOST);
	ok = queue_walk(&w, e);
	queue_text_mailq_end(&m->out, &m->total);
	ok = ok && cli_flush(&m->out, 0, e);
	buf_release(&m->out);
	return ok;
}

bool
queue_mailq(const struct config_ask *ask, const struct log *log, struct err *e)
{
	struct mailq m = { .log = log };
	struct config config = { 0 };
	struct outbox o = { 0 };
	const struct queue_open open = { &config, &o, log, true };
	bool ok = queue_open(&open, ask, e) ?
	    mailq_print(&m, &o, e) :
	    queue_is_closed(&config) && queue_own_ask(&config);

	outbox_close(&o);
	config_release(&config);
	return ok;
}

bool
queue_mailq_own(const struct config *c, uid_t uid, const struct log *log,
    struct err *e)
{
	struct mailq m = { .log = log, .own = true, .uid = uid };
	struct outbox o = { 0 };
	bool ok = outbox_look(&o, c, e) && mailq_print(&m, &o, e);

	outbox_close(&o);
	return ok;
}
