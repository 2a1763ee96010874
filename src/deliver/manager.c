/* SPDX-License-Identifier: MIT */
#include "deliver/manager.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/os.h"
#include "base/sorted.h"
#include "deliver/asking.h"
#include "deliver/bell.h"
#include "deliver/hands.h"
#include "deliver/heads.h"
#include "deliver/holder.h"
#include "deliver/index.h"
#include "deliver/mailbox.h"
#include "deliver/pickup.h"
#include "deliver/watch.h"
#include "deliver/worker.h"
#include "deliver/worker_returns.h"

enum {
	MANAGER_LOOK_S = 60, /* a ring may have been missed */
	MANAGER_SOON_S = 10, /* at first: by who rang the one before us */
	MANAGER_GROW_MS = 1000,
	MANAGER_FREE_MS = 2000 /* workers without work stay so long */
};

struct manager {
	struct manager_ask ask;
	enum manager_life life;
	struct index index;
	struct hands hands;
	struct worker own; /* where there can be no other process */
	struct heads heads;
	struct spool_list list; /* what is read in now */
	size_t at;              /* of it */
	bool loaded;
	struct pickup pickup;
	bool read_all;   /* rang for: the list is read anew */
	struct buf rung; /* ids of what came meanwhile */
	int64_t listed;  /* monotonic ms */
	unsigned lists;  /* how many there were */
	bool single;     /* there can be no other process */
	struct manager_sum sum;
	struct asking asking;
	size_t lost; /* workers that died with a message */
	bool failed;
	struct err why;
	int lock, signals; /* descriptors */
	int caught;        /* 0: no signal */
	sigset_t mask;     /* of the caller */
};

/* --- reading in */

static struct spool *
manager_spool(const struct manager *m)
{
	return &m->ask.outbox->spool;
}

static void
manager_note_next(struct manager *m, int64_t due)
{
	if (due > 0 && (m->sum.next == 0 || due < m->sum.next))
		m->sum.next = due;
}

static void
manager_add(struct manager *m, const struct index_item *item, int64_t due)
{
	/* without memory for it, it stays for the next pass */
	if (!index_add(&m->index, item, due))
		manager_note_next(m, os_wall() + MANAGER_RECHECK_S);
}

static void
manager_read_head(struct manager *m, const char *id)
{
	const struct index_item item = heads_read(&m->heads, id, &m->index);

	if (item.box != INDEX_NO_BOX)
		manager_add(m, &item, 0);
}

/* By the folder alone. A time too far: a clock was set, it is looked at. */
static bool
manager_is_later(const struct manager *m, const struct spool_entry *entry,
    int64_t *due)
{
	int64_t now = os_wall();

	*due = 0;
	if (entry->where == SPOOL_NEW)
		*due = spool_due(manager_spool(m), entry);
	return *due > now && *due - now <= SCHEDULE_LONGEST_S;
}

static void
manager_take_entry(struct manager *m, const struct spool_entry *entry)
{
	struct index_item item = { .id = hands_number(entry->id),
		.box = INDEX_NO_BOX };
	int64_t due;

	if (hands_has(&m->hands, item.id))
		return;
	if (!manager_is_later(m, entry, &due)) {
		manager_read_head(m, entry->id);
		return;
	}
	m->sum.later++;
	manager_note_next(m, due);
	if (m->life != MANAGER_PASS)
		manager_add(m, &item, due);
}

/* All of them, or all anew. */
static bool
manager_list(struct manager *m, struct err *e)
{
	spool_list_release(&m->list);
	index_clear(&m->index);
	buf_reset(&m->rung);
	m->at = 0;
	m->sum.later = 0;
	m->sum.next = 0;
	/* without the lock there may be another one */
	m->read_all = m->lock >= 0 && pickup_run(&m->pickup);
	m->listed = os_mono_ms();
	m->lists++;
	if (!spool_list(manager_spool(m), SPOOL_QUEUED, &m->list, e))
		return false;
	if (m->list.foreign > 0 && !m->loaded)
		log_warn(m->ask.log,
		    "%zu files in the queue are none of ours, one is %s",
		    m->list.foreign, m->list.foreign_name);
	m->loaded = true;
	return true;
}

static bool
manager_has_unread(const struct manager *m)
{
	return m->at < m->list.n;
}

static void
manager_read_some(struct manager *m)
{
	char id[ENVELOPE_ID_SIZE];
	uint64_t due;

	for (size_t i = 0; i < MANAGER_HEADS && manager_has_unread(m); i++)
		manager_take_entry(m, &m->list.item[m->at++]);
	/* what was left unread until its time came */
	for (size_t i = MANAGER_HEADS;
	     i-- > 0 && index_next_unread(&m->index, os_wall(), &due);) {
		hands_id(due, id);
		manager_read_head(m, id);
	}
}

/* --- answers */

static void
manager_hold_up(struct manager *m, struct index_box *b,
    const struct worker_result *r)
{
	int64_t now = os_wall(), longest = now + MANAGER_RECHECK_S;
	/* not switched off, of other settings or closed to this user */
	bool ours = r->tried || r->next > now;

	if (!ours && m->life == MANAGER_IDLE) /* who can, needs the lock */
		longest = now + 2 * MANAGER_STAY_S;
	b->until = r->next > now ? r->next : longest;
	manager_note_next(m, r->next);
	if (m->life != MANAGER_PASS && b->until > longest)
		b->until = longest;
	b->works = false;
	b->began_ms = 0;
	b->probe = r->why.kind == ERR_AUTH || r->why.kind == ERR_CONFIG;
	if (b->probe && ours)
		m->sum.waits = r->why.kind;
}

/* The message stays as it was, and perhaps with it all of its mailbox. */
static void
manager_put_back(struct manager *m, const struct hands_answer *a)
{
	struct index_box *b = index_box(&m->index, a->item.box);
	const struct worker_result *r = &a->result;

	if (r->tried)
		b->last = a->item.id;
	if (r->message == VERDICT_WAITS)
		manager_hold_up(m, b, r);
	manager_add(m, &a->item, 0);
}

/* By itself. A pass waits for nothing but who stores a message. */
static void
manager_put_later(struct manager *m, const struct hands_answer *a)
{
	const struct worker_result *r = &a->result;
	bool soon = !r->tried && r->next <= os_wall() + WORKER_STORING_S;

	manager_note_next(m, r->next);
	if (m->life != MANAGER_PASS || soon)
		manager_add(m, &a->item, r->next);
}

static void
manager_count(struct manager *m, const struct hands_answer *a)
{
	struct index_box *b = index_box(&m->index, a->item.box);
	const struct worker_result *r = &a->result;

	m->sum.tried++;
	m->sum.message[r->message]++;
	if (r->message == VERDICT_SENT) {
		b->works = true;
		b->probe = false;
		b->until = 0;
	} else if (r->message == VERDICT_ALONE) {
		m->sum.waits = r->why.kind;
	}
}

static void
manager_died(struct manager *m, const struct hands_answer *a)
{
	char id[ENVELOPE_ID_SIZE];

	hands_id(a->item.id, id);
	if (!m->failed)
		log_warn(m->ask.log,
		    "the worker that had %s ended by signal %d: what became "
		    "of the message is found out when it is tried again",
		    id, a->signal);
	/* it is found out soon, unless the message itself is what kills; by
	   a pass that had its try, in the next one */
	if (m->life != MANAGER_PASS && ++m->lost <= MANAGER_LOST_MOST)
		manager_add(m, &a->item, os_wall() + WORKER_STORING_S);
}

static void
manager_note(struct manager *m, const struct hands_answer *a)
{
	const struct worker_result *r = &a->result;

	index_done(&m->index, &a->item);
	if (a->died) {
		manager_died(m, a);
		return;
	}
	if (!a->ok && !m->failed)
		m->why = a->why;
	m->failed = m->failed || !a->ok;
	if (r->tried)
		manager_count(m, a);
	if (r->message == VERDICT_WAITS || r->message == VERDICT_AGAIN)
		manager_put_back(m, a);
	else if (r->message == VERDICT_LATER || r->message == VERDICT_ALONE)
		manager_put_later(m, a);
}

/* --- who rings */

/* The folder has the last word. */
static void
manager_take_new(struct manager *m, const char *id)
{
	struct spool_entry entry = { .where = SPOOL_NEW };
	uint64_t number;

	if (!envelope_is_id(str_of(id)))
		return;
	memcpy(entry.id, id, sizeof(entry.id));
	number = hands_number(id);
	buf_add(&m->rung, &number, sizeof(number));
	manager_take_entry(m, &entry);
}

static void
manager_look_again(struct manager *m)
{
	struct index_box *b;

	m->read_all = true;
	for (size_t i = 0; i < index_boxes(&m->index); i++) {
		b = index_box(&m->index, (int)i);
		b->until = 0;
		b->works = false; /* a probe stays one: not the same again */
		b->began_ms = 0;
	}
	m->sum.waits = ERR_NONE;
}

/* asking_rang */
static void
manager_take_ring(void *arg, const struct bell_ring *ring)
{
	struct manager *m = arg;

	if (ring->what == BELL_NEW)
		manager_take_new(m, ring->id);
	else
		manager_look_again(m);
}

static void
manager_take_inlet(struct manager *m)
{
	struct bell_ring ring;

	for (int n = MANAGER_HEADS; n > 0 && bell_read(m->ask.inlet, &ring);
	     n--)
		manager_take_new(m, ring.id);
}

/* What those who asked still wait for: nothing that may go is left. */
static bool
manager_is_done(struct manager *m)
{
	return !m->read_all && !manager_has_unread(m) &&
	    hands_busy(&m->hands) == 0 && !index_may_go(&m->index, os_wall());
}

static void
manager_answer(struct manager *m)
{
	struct manager_sum sum = m->sum;

	sum.waiting = index_ready(&m->index);
	asking_answer(&m->asking, &sum);
}

/* --- waiting */

static void
manager_take_signal(struct manager *m)
{
	struct signalfd_siginfo s;

	if (read(m->signals, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return;
	if (m->caught == 0 && hands_busy(&m->hands) > 0)
		log_warn(m->ask.log,
		    "stopping: %zu on their way are finished (the same once "
		    "more: without waiting for them)",
		    hands_busy(&m->hands));
	if (m->caught != 0) { /* workers record by themselves how it ends */
		(void)sigprocmask(SIG_SETMASK, &m->mask, NULL);
		(void)raise((int)s.ssi_signo);
	}
	m->caught = (int)s.ssi_signo;
}

static void
manager_take_ready(struct manager *m, const struct pollfd *at)
{
	const struct asking_take rang = { &m->sum, manager_take_ring, m };
	struct hands_answer a;

	if (at->fd == m->signals)
		manager_take_signal(m);
	else if (at->fd == m->ask.inlet)
		manager_take_inlet(m);
	else if (hands_take(&m->hands, at->fd, &a))
		manager_note(m, &a);
	else
		asking_ready(&m->asking, at->fd, &rang);
}

/* Until an answer, a ring, a signal or the deadline (monotonic ms). */
static void
manager_wait(struct manager *m, int64_t deadline)
{
	struct pollfd at[HANDS_MOST + ASKING_FDS + 2];
	size_t n = hands_poll(&m->hands, at);

	n += asking_poll(&m->asking, at + n, &deadline);
	at[n++] = (struct pollfd){ m->signals, POLLIN, 0 };
	if (m->ask.inlet > 0)
		at[n++] = (struct pollfd){ m->ask.inlet, POLLIN, 0 };
	if (os_poll(at, n, deadline) <= 0) {
		/* the next ones read their settings anew */
		if (hands_busy(&m->hands) == 0 && !manager_has_unread(m))
			hands_close(&m->hands);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (at[i].revents != 0)
			manager_take_ready(m, &at[i]);
}

/* A clock that is set meanwhile makes it no longer. */
static int64_t
manager_deadline(struct manager *m)
{
	int64_t now = os_wall(), due = index_due(&m->index, now), wait;

	if (manager_has_unread(m) || m->read_all) /* the drop folder has more */
		return 0;
	if (index_may_go(&m->index, now)) /* a hand, or one more, soon */
		return m->single ? 0 : os_mono_ms() + MANAGER_GROW_MS;
	if (m->hands.n > 0 && hands_busy(&m->hands) == 0)
		return os_mono_ms() + MANAGER_FREE_MS;
	wait = due > now ? due - now : due > 0 ? 0 : WATCH_WAKE_S;
	return os_mono_ms() +
	    (wait < WATCH_WAKE_S ? wait : WATCH_WAKE_S) * 1000;
}

/* --- handing out */

static void
manager_do_here(struct manager *m, const struct index_item *item)
{
	struct hands_answer a = { .item = *item };
	char id[ENVELOPE_ID_SIZE];

	hands_id(item->id, id);
	a.ok = worker_message(&m->own, id, &a.result, &a.why);
	manager_note(m, &a);
}

/* False: no more now. */
static bool
manager_give(struct manager *m, const struct index_item *item)
{
	switch (hands_give(&m->hands, item)) {
	case HANDS_GIVEN:
		return true;
	case HANDS_BUSY:
		index_done(&m->index, item);
		manager_add(m, item, 0);
		m->index.most = m->hands.n;
		return false;
	case HANDS_NONE:
		break;
	}
	m->single = true;
	manager_do_here(m, item);
	return false; /* a signal or a ring may have come */
}

static bool
manager_is_over(const struct manager *m)
{
	return m->caught != 0 || m->failed;
}

static void
manager_hand_out(struct manager *m)
{
	struct index_item item;
	struct index_when when = { os_wall(), os_mono_ms() };

	while (!manager_is_over(m) && index_next(&m->index, when, &item) &&
	    manager_give(m, &item))
		continue;
}

/* A ring that was missed; a clock that was set; a message left by others. */
static bool
manager_should_list(const struct manager *m)
{
	return m->read_all ||
	    (m->life != MANAGER_PASS &&
		os_mono_ms() >= m->listed +
			(m->lists > 1 ? MANAGER_LOOK_S : MANAGER_SOON_S) *
			    1000);
}

/* Nothing is under way, and nothing can be handed out now. */
static bool
manager_may_end(struct manager *m)
{
	int64_t now = os_wall(), due;

	if (hands_busy(&m->hands) > 0)
		return false;
	if (manager_is_over(m))
		return true;
	if (m->life == MANAGER_EVER || !manager_is_done(m))
		return false;
	due = index_due(&m->index, now);
	if (m->life == MANAGER_PASS)
		return due == 0 || due > now + WORKER_STORING_S;
	return due == 0 || due > now + MANAGER_STAY_S;
}

static bool
manager_loop(struct manager *m, struct err *e)
{
	if (!manager_list(m, e))
		return false;
	for (;;) {
		manager_read_some(m);
		watch_queue(m->ask.log, &m->index, &m->hands, m->list.n - m->at,
		    manager_spool(m));
		manager_hand_out(m);
		if (manager_is_done(m))
			manager_answer(m);
		if (manager_may_end(m))
			break;
		manager_wait(m, manager_deadline(m));
		if (!manager_has_unread(m) && !manager_is_over(m) &&
		    manager_should_list(m) && !manager_list(m, e))
			return false;
	}
	return true;
}

static bool
manager_open(struct manager *m, struct err *e)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	const struct manager_ask *ask = &m->ask;
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		(void)sigaddset(&set, ends[i]);
	m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals < 0)
		return err_sys(e, ERR_RETRY, "workers: no place for signals");
	(void)sigprocmask(SIG_BLOCK, &set, &m->mask);
	asking_init(&m->asking);
	index_init(&m->index, HANDS_MOST);
	heads_open(&m->heads, manager_spool(m), ask->config->mime_limit);
	buf_init(&m->rung, SIZE_MAX / 2);
	worker_open(&m->own, ask->outbox, ask->path, ask->log, ask->syslog);
	return true;
}

static void
manager_shut(struct manager *m)
{
	int caught = m->caught;

	hands_close(&m->hands);
	worker_close(&m->own);
	asking_close(&m->asking);
	spool_list_release(&m->list);
	index_release(&m->index);
	heads_close(&m->heads);
	buf_release(&m->rung);
	os_close(&m->signals);
	(void)sigprocmask(SIG_SETMASK, &m->mask, NULL);
	if (caught != 0)
		(void)raise(caught);
}

/* Messages that were listed or rung for, as numbers in order. */
static void
manager_list_known(const struct manager *m, struct buf *known)
{
	uint64_t id;

	buf_init(known, SIZE_MAX / 2);
	buf_adds(known, buf_view(&m->rung));
	for (size_t i = 0; i < m->list.n; i++) {
		id = hands_number(m->list.item[i].id);
		buf_add(known, &id, sizeof(id));
	}
	sorted_make(known);
}

/*
 * Nobody is reached any more, so what was stored before is in the folder now,
 * and who stores later takes the lock itself, in a moment.
 */
static bool
manager_missed_some(struct manager *m)
{
	struct spool_list l;
	struct err ignored;
	struct buf known;
	int64_t due;
	bool some = false;

	if (manager_is_over(m) ||
	    !spool_list(manager_spool(m), SPOOL_IN(SPOOL_NEW), &l, &ignored))
		return false;
	manager_list_known(m, &known);
	for (size_t i = 0; i < l.n && !some; i++)
		some = !sorted_has(&known, hands_number(l.item[i].id)) &&
		    !manager_is_later(m, &l.item[i], &due);
	buf_release(&known);
	spool_list_release(&l);
	return some;
}

/* Without it new mail is found by looking: on a full disk, say. */
static void
manager_open_bell(struct manager *m)
{
	struct err why;

	if (m->lock >= 0 && !bell_open(manager_spool(m), &m->asking.bell, &why))
		log_trace(m->ask.log, "%s", why.msg);
}

bool
manager_run(const struct manager_ask *ask, enum manager_life life, int lock,
    struct manager_sum *sum, struct err *e)
{
	struct manager m = { .ask = *ask,
		.life = life,
		.lock = lock,
		.signals = -1,
		.pickup = { .outbox = ask->outbox,
		    .config = ask->config,
		    .path = ask->path,
		    .log = ask->log,
		    .syslog = ask->syslog } };
	struct hands_ask hands = { .outbox = ask->outbox,
		.config = ask->config,
		.path = ask->path,
		.log = ask->log,
		.syslog = ask->syslog };
	bool ok;

	if (life == MANAGER_EVER)
		worker_returns_start(ask->config, ask->path, ask->log);
	if (!manager_open(&m, e))
		return false;
	hands_open(&m.hands, &hands);
	worker_clean(&m.own);
	if (lock >= 0)
		holder_write_number(lock);
	do {
		manager_open_bell(&m);
		ok = manager_loop(&m, e);
		bell_close(manager_spool(&m), &m.asking.bell);
	} while (ok && manager_missed_some(&m));
	if (lock >= 0)
		os_unlock(lock);
	m.sum.waiting = index_ready(&m.index);
	*sum = m.sum;
	if (ok && m.failed) {
		*e = m.why;
		ok = false;
	}
	manager_shut(&m);
	return ok;
}
