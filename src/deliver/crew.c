/* SPDX-License-Identifier: MIT */
#include "deliver/crew.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

/* A worker's answer. */
struct done {
	struct worker_result result;
	bool ok;
	struct err why; /* of not ok: it is the last answer */
};

/* --- the worker's process */

static void
try(struct worker *w, const struct crew_job *job, struct done *d)
{
	memset(d, 0, sizeof(*d));
	w->hasty = !job->wait;
	d->ok = worker_message(w, job->id, &d->result, &d->why);
}

/* Until nobody gives out any more. */
static void
serve(struct worker *w, int fd)
{
	struct crew_job job;
	struct done d;

	do {
		if (recv(fd, &job, sizeof(job), 0) != (ssize_t)sizeof(job))
			return;
		try(w, &job, &d);
	} while (send(fd, &d, sizeof(d), MSG_NOSIGNAL) > 0 && d.ok);
}

/* Locks belong to open files: a worker opens its own. */
static void
work(const struct crew *c, int fd)
{
	const struct crew_ask *ask = &c->ask;
	struct outbox outbox;
	struct worker w;
	struct err e;

	for (size_t i = 0; i < c->hands; i++)
		(void)close(c->hand[i].fd);
	if (ask->lock >= 0)
		(void)close(ask->lock);
	if (!outbox_open(&outbox, ask->config, &e)) {
		log_warn(ask->log, "%s", e.msg);
		return;
	}
	worker_open(&w, &outbox, ask->path, ask->log, ask->syslog);
	w.eager = ask->eager;
	serve(&w, fd);
	worker_close(&w);
	outbox_close(&outbox);
}

/* --- hands */

static bool
hire(struct crew *c)
{
	struct crew_hand *h = &c->hand[c->hands];
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return false;
	*h = (struct crew_hand){ .pid = fork(), .fd = fd[0] };
	if (h->pid == 0) {
		(void)close(fd[0]);
		work(c, fd[1]);
		_exit(0);
	}
	(void)close(fd[1]);
	if (h->pid < 0)
		(void)close(fd[0]);
	else
		c->hands++;
	return h->pid >= 0;
}

/* Its process has ended, or is about to. *h is another one then. */
static void
bury(struct crew *c, struct crew_hand *h)
{
	int status = 0;

	os_close(&h->fd);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (h->busy && !c->failed)
		log_warn(c->ask.log,
		    "the worker that had %s ended by signal %d: what became "
		    "of the message is found out when it is tried again",
		    h->job.id, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	/* it is found out soon, unless the message itself is what kills */
	if (h->busy && ++c->lost <= CREW_LOST_MOST)
		c->held++;
	c->busy -= h->busy;
	*h = c->hand[--c->hands];
}

void
crew_dismiss(struct crew *c)
{
	while (c->hands > 0)
		bury(c, &c->hand[0]);
}

/* --- messages */

/* When the folder of new mail changed; 0: it is gone. */
static int64_t
new_mail(const struct crew *c)
{
	struct os_stat st;

	return dir_stat(&c->ask.outbox->spool.dir[SPOOL_NEW], ".", &st) ?
	    st.mtime :
	    0;
}

static bool
list(struct crew *c, struct spool_list *out, struct err *e)
{
	c->changed = new_mail(c);
	c->listed = os_wall();
	return spool_list(&c->ask.outbox->spool, SPOOL_QUEUED, out, e);
}

static void
note_due(struct crew *c, int64_t due)
{
	if (due > 0 && (c->due == 0 || due < c->due))
		c->due = due;
}

/* Both are by id. */
static bool
is_known(struct crew *c, const char *id)
{
	int order = -1;

	for (; c->before_at < c->before.n; c->before_at++) {
		order = strcmp(c->before.item[c->before_at].id, id);
		if (order >= 0)
			break;
	}
	return order == 0;
}

/* One whose time seems too far has to be looked at: a clock was set. */
static bool
is_later(struct crew *c, const struct spool_entry *i)
{
	int64_t now = os_wall(), due;

	if (i->where != SPOOL_NEW)
		return false;
	due = spool_due(&c->ask.outbox->spool, i);
	if (due > now)
		note_due(c, due);
	return due > now && due - now <= SCHEDULE_LONGEST_S;
}

static bool
next_job(struct crew *c, struct crew_job *out)
{
	const struct spool_entry *i;

	while (c->at < c->list.n) {
		i = &c->list.item[c->at++];
		if (is_known(c, i->id) || (!c->ask.eager && is_later(c, i)))
			continue;
		memset(out, 0, sizeof(*out));
		memcpy(out->id, i->id, sizeof(out->id));
		return true;
	}
	if (c->put_at >= c->put_off.n)
		return false;
	memcpy(out, c->put_off.p + c->put_at, sizeof(*out));
	c->put_at += sizeof(*out);
	return true;
}

static void
put_off(struct crew *c, const struct crew_job *job)
{
	struct crew_job again = *job;

	again.wait = true;
	/* without memory for it, it stays for the next pass */
	buf_add(&c->put_off, &again, sizeof(again));
}

static void
count(struct crew *c, const struct crew_job *job, const struct done *d)
{
	const struct worker_result *r = &d->result;

	if (!d->ok && !c->failed) {
		c->failed = true;
		c->why = d->why;
	}
	c->held += r->held;
	note_due(c, r->next);
	if (r->full) {
		put_off(c, job);
	} else if (r->tried) {
		c->sum.tried++;
		c->sum.verdict[r->verdict]++;
	} else if (r->verdict == SCHEDULE_ACCOUNT && r->why.kind != ERR_NONE) {
		c->sum.waiting++;
	}
}

static void
take(struct crew *c, struct crew_hand *h)
{
	struct done d;

	if (recv(h->fd, &d, sizeof(d), 0) != (ssize_t)sizeof(d)) {
		bury(c, h);
		return;
	}
	h->busy = false;
	c->busy--;
	count(c, &h->job, &d);
}

/* --- waiting */

static void
take_signal(struct crew *c)
{
	struct signalfd_siginfo s;

	if (read(c->signals, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return;
	if (c->caught == 0 && c->busy > 0)
		log_warn(c->ask.log,
		    "stopping: %zu on their way are finished (the same once "
		    "more: without waiting for them)",
		    c->busy);
	if (c->caught != 0) { /* workers record by themselves how it ends */
		(void)sigprocmask(SIG_SETMASK, &c->mask, NULL);
		(void)raise((int)s.ssi_signo);
	}
	c->caught = (int)s.ssi_signo;
}

/* Until an answer, a signal or the deadline. */
static void
wait_until(struct crew *c, int64_t deadline)
{
	struct pollfd at[CREW_MOST + 1];

	for (size_t i = 0; i < c->hands; i++)
		at[i] = (struct pollfd){ c->hand[i].fd, POLLIN, 0 };
	at[c->hands] = (struct pollfd){ c->signals, POLLIN, 0 };
	if (os_poll(at, c->hands + 1, deadline) <= 0)
		return;
	if (at[c->hands].revents != 0)
		take_signal(c);
	/* backwards: one that is buried gives its place to the last */
	for (size_t i = c->hands; i-- > 0;)
		if (at[i].revents != 0)
			take(c, &c->hand[i]);
}

/* --- giving out */

/*
 * One worker finds out what six need not find out at the same time: a wrong
 * secret, a service that is away. Each success takes on one more, and so do
 * some seconds, for others may do better than what takes long.
 */
static size_t
wanted(const struct crew *c)
{
	size_t n = 1 + c->sum.verdict[SCHEDULE_SENT] +
	    (size_t)((os_mono_ms() - c->began) / CREW_GROW_MS);

	return n < c->most ? n : c->most;
}

static struct crew_hand *
free_hand(struct crew *c)
{
	for (size_t i = 0; i < c->hands; i++)
		if (!c->hand[i].busy)
			return &c->hand[i];
	if (hire(c))
		return &c->hand[c->hands - 1];
	c->most = c->hands; /* no more to be had */
	return NULL;
}

static void
do_it_here(struct crew *c, struct crew_job *job)
{
	struct done d;

	job->wait = true; /* there is nobody else to get on meanwhile */
	try(&c->own, job, &d);
	count(c, job, &d);
	wait_until(c, 0); /* a signal may have come */
}

static void
give(struct crew *c, struct crew_job *job)
{
	struct crew_hand *h = free_hand(c);

	if (h == NULL && c->hands == 0) {
		do_it_here(c, job);
	} else if (h == NULL) {
		put_off(c, job);
	} else if (send(h->fd, job, sizeof(*job), MSG_NOSIGNAL) < 0) {
		bury(c, h);
		put_off(c, job);
	} else {
		h->job = *job;
		h->busy = true;
		c->busy++;
	}
}

/*
 * Whole seconds: in the one when we looked, rather once too often. A clock
 * that is set back changes nothing.
 */
static bool
has_changed(const struct crew *c)
{
	return new_mail(c) != c->changed || c->changed == c->listed;
}

/*
 * Has the time come of something that this pass left or put back? A pass goes
 * on for as long as new mail comes, and that must not wait for its end.
 */
static bool
is_due_again(const struct crew *c)
{
	return !c->ask.eager && c->due != 0 && os_wall() >= c->due &&
	    os_mono_ms() >= c->looked + CREW_AGAIN_MS;
}

/* All of them, for the first time or anew. */
static void
look_at_all(struct crew *c)
{
	spool_list_release(&c->list);
	c->looked = os_mono_ms();
	c->due = 0;
}

static bool
is_over(const struct crew *c)
{
	return c->caught != 0 || c->failed;
}

bool
crew_has_new(struct crew *c)
{
	struct spool_list fresh;
	struct crew_job job;
	struct err e;

	if (!list(c, &fresh, &e)) {
		log_warn(c->ask.log, "%s", e.msg);
		return false;
	}
	spool_list_release(&c->before);
	if (is_due_again(c))
		look_at_all(c);
	c->before = c->list;
	c->list = fresh;
	c->at = c->before_at = 0;
	if (!next_job(c, &job))
		return false;
	c->at--;
	return true;
}

/* All is given out: what came meanwhile? */
static void
look_again(struct crew *c)
{
	bool over = c->at >= c->list.n && c->put_at >= c->put_off.n;

	if (c->watch && over && !is_over(c) &&
	    (has_changed(c) || is_due_again(c)))
		(void)crew_has_new(c); /* give_out finds out */
}

/* --- a pass */

static void
give_out(struct crew *c)
{
	struct crew_job job;

	while (!is_over(c) &&
	    (c->busy < c->hands || c->hands < wanted(c) || c->most == 0) &&
	    next_job(c, &job))
		give(c, &job);
}

bool
crew_pass(struct crew *c, bool watch, struct err *e)
{
	c->sum = (struct worker_sum){ 0 };
	c->watch = watch;
	c->began = os_mono_ms();
	c->held = 0;
	c->failed = false;
	c->at = c->before_at = c->put_at = 0;
	buf_reset(&c->put_off);
	spool_list_release(&c->before);
	look_at_all(c);
	worker_clean(&c->own);
	if (!list(c, &c->list, e))
		return false;
	if (c->list.foreign > 0)
		log_warn(c->ask.log,
		    "%zu files in the queue are none of ours, one is %s",
		    c->list.foreign, c->list.foreign_name);
	for (;;) {
		give_out(c);
		if (c->busy == 0 && (!watch || is_over(c) || !crew_has_new(c)))
			break;
		if (c->busy > 0) {
			wait_until(c, os_mono_ms() + CREW_LOOK_MS);
			look_again(c);
		}
	}
	if (c->failed)
		*e = c->why;
	return !c->failed;
}

int64_t
crew_next(struct crew *c)
{
	int64_t now = os_wall(), next = c->due, due;
	struct spool_list l;
	struct err e;

	if (!spool_list(&c->ask.outbox->spool, SPOOL_IN(SPOOL_NEW), &l, &e))
		return 0;
	for (size_t i = 0; i < l.n; i++) {
		due = spool_due(&c->ask.outbox->spool, &l.item[i]);
		if (due > now && (next == 0 || due < next))
			next = due;
	}
	spool_list_release(&l);
	return next;
}

void
crew_wait(struct crew *c, int64_t until)
{
	/* a clock that is set meanwhile makes it no longer */
	int64_t deadline = os_mono_ms() + (until - os_wall()) * 1000;

	do
		wait_until(c, os_mono_ms() + CREW_LOOK_MS);
	while (c->caught == 0 && os_mono_ms() < deadline && !has_changed(c));
}

/* How many accounts there may be mail of. */
static size_t
accounts(const struct config *c)
{
	struct str rest = c->accounts, name;
	size_t n = 1;

	while (str_next(&rest, ',', &name))
		n += name.n > 0;
	return n;
}

bool
crew_open(struct crew *c, const struct crew_ask *ask, struct err *e)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	sigset_t set;

	*c = (struct crew){ .ask = *ask };
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		(void)sigaddset(&set, ends[i]);
	c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signals < 0)
		return err_sys(e, ERR_RETRY, "workers: no place for signals");
	(void)sigprocmask(SIG_BLOCK, &set, &c->mask);
	c->most = accounts(ask->config) * CREW_EACH;
	if (c->most > CREW_MOST)
		c->most = CREW_MOST;
	buf_init(&c->put_off, SIZE_MAX / 2);
	worker_open(&c->own, ask->outbox, ask->path, ask->log, ask->syslog);
	c->own.eager = ask->eager;
	return true;
}

void
crew_close(struct crew *c)
{
	int caught = c->caught;

	crew_dismiss(c);
	worker_close(&c->own);
	spool_list_release(&c->before);
	spool_list_release(&c->list);
	buf_release(&c->put_off);
	os_close(&c->signals);
	(void)sigprocmask(SIG_SETMASK, &c->mask, NULL);
	*c = (struct crew){ 0 };
	if (caught != 0)
		(void)raise(caught);
}
