/* SPDX-License-Identifier: MIT */
#include "command/relay/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/os.h"
#include "base/record.h"
#include "command/relay/doors.h"
#include "command/relay/drop.h"
#include "command/relay/launch.h"
#include "command/relay/logbook.h"
#include "command/relay/notify.h"
#include "command/relay/plan.h"
#include "command/relay/ready.h"
#include "command/relay/rights.h"
#include "command/relay/window.h"
#include "command/web/web.h"
#include "deliver/bell.h"
#include "deliver/holder.h"
#include "deliver/manager.h"
#include "deliver/outbox.h"
#include "relay/bundle.h"

enum {
	PARENT_OLD = 16, /* receptions that were replaced */
	PARENT_AGAIN_MS = 100,
	PARENT_AGAIN_MOST_MS = 30000,
	PARENT_STEADY_MS = 60000, /* who ran so long ended by chance */
	PARENT_WATCH_MS = 10000,  /* between two looks at files */
	PARENT_LOCK_MS = 200,
	PARENT_START_MS = 10000, /* for reception to begin */
	PARENT_LAST_MS = 1500    /* behind drain */
};

enum { PARENT_WEB, PARENT_MANAGER, PARENT_KEPT };

/* One of those that are kept running. */
struct parent_child {
	pid_t pid; /* 0: it does not run */
	int64_t started, again, delay;
};

struct parent {
	const struct cli *cli; /* its log is the book */
	struct logbook book;
	int stats; /* of its book */
	struct plan plan;
	struct doors doors;
	struct window window;
	int exe, signals;
	int inlet[2];   /* the manager's end, and reception's */
	int control;    /* of the reception that serves */
	int next;       /* of the one that will; -1 */
	pid_t next_pid; /* until it says that it is ready */
	int64_t next_until;
	bool asked;            /* to reload, once more */
	bool reloaded;         /* the next one has new settings */
	bool renew;            /* the one that serves goes by older settings */
	pid_t old[PARENT_OLD]; /* serve those that they have; 0: none */
	struct parent_child reception, kept[PARENT_KEPT];
	bool stopping, ready;
	int64_t until, looked, kept_alive;
	int status;
	sigset_t mask; /* of our caller */
};

static void
parent_say(const struct parent *p, const struct err *e)
{
	log_warn(&p->cli->log, "%s%s%s", e->msg,
	    e->remedy[0] != '\0' ? "; do: " : "", e->remedy);
}

/* Children */

static void
parent_child_begins(const struct parent *p)
{
	(void)sigprocmask(SIG_SETMASK, &p->mask, NULL);
}

static void __attribute__((noreturn)) parent_execute(const struct parent *p,
    int bundle, int control, const struct doors *doors)
{
	int fd[LAUNCH_FDS] = { bundle, p->inlet[1], control, p->book.out,
		p->stats };
	size_t all = LAUNCH_FIRST;

	for (size_t i = 0; i < doors->served; i++)
		fd[all++] = doors->door[i].fd;
	fd[all] = p->exe;
	launch_reception(fd, all, &p->cli->log);
}

/* *control: ours. 0: none could be started. */
static pid_t
parent_start_reception(struct parent *p, const struct plan *plan,
    const struct doors *doors, int *control)
{
	struct err e = { 0 };
	int pair[2], bundle = bundle_open(buf_view(&plan->bundle), &e);
	pid_t pid;

	*control = -1;
	if (bundle < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		os_close(&bundle);
		log_warn(&p->cli->log, "reception cannot be started: %s",
		    strerror(errno));
		return 0;
	}
	pid = fork();
	if (pid == 0) {
		parent_child_begins(p);
		parent_execute(p, bundle, pair[1], doors);
	}
	os_close(&bundle);
	os_close(&pair[1]);
	if (pid < 0)
		os_close(&pair[0]);
	*control = pair[0];
	p->next_until = os_mono_ms() + PARENT_START_MS;
	return pid > 0 ? pid : 0;
}

static struct record_way
parent_way(const struct parent *p, const char *service)
{
	return (struct record_way){ .fd = p->book.out,
		.service = service,
		.stats = p->book.stats };
}

/* Another may hold the lock for now: a `queue run`. */
static int
parent_manage(struct parent *p)
{
	const int keep[] = { p->inlet[0], p->cli->log.fd };
	const struct record_way way = parent_way(p, "qmgr"),
				work = parent_way(p, "smtp");
	const struct log log = { .level = p->cli->log.level,
		.fd = way.fd,
		.way = &way };
	const struct syslog syslog = { .way = &work };
	struct manager_ask ask = { .config = &p->plan.config,
		.path = p->cli->common.config,
		.log = &log,
		.syslog = &syslog,
		.inlet = p->inlet[0] };
	struct manager_sum sum;
	struct outbox outbox;
	struct err e = { 0 };
	int lock = -1;
	bool ok;

	parent_child_begins(p);
	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	ok = outbox_open(&outbox, ask.config, &e);
	ask.outbox = &outbox;
	while (ok && lock < 0) {
		ok = holder_lock(&outbox.spool, &lock, &e);
		if (!ok || lock >= 0)
			break;
		stats_beat(way.stats, os_mono_ms());
		(void)os_poll(NULL, 0, os_mono_ms() + PARENT_LOCK_MS);
	}
	ok = ok && manager_run(&ask, MANAGER_EVER, lock, &sum, &e);
	if (!ok)
		log_warn(&log, "%s", e.msg);
	outbox_close(&outbox);
	return ok ? EX_OK : err_exit(&e);
}

/* It reads its certificate and users by itself: the relay may read both. */
static int
parent_serve_web(struct parent *p)
{
	const int keep[] = { p->doors.door[p->doors.web].fd, p->cli->log.fd };
	const struct record_way way = parent_way(p, "web");
	const struct web_of_relay of = { .conf = &p->plan.conf,
		.listener = keep[0],
		.spool = p->plan.config.spool_dir,
		.stats = p->book.stats,
		.mask = &p->mask };
	struct cli cli = *p->cli;

	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	buf_release(&p->plan.bundle);
	cli.log.way = &way;
	return web_serve_relay(&cli, &of);
}

static const struct {
	const char *name; /* in the log, and of its restarts */
	const char *what;
	int (*run)(struct parent *p);
} parent_rows[PARENT_KEPT] = {
	[PARENT_WEB] = { "web", "the dashboard", parent_serve_web },
	[PARENT_MANAGER] = { "manager", "the manager", parent_manage },
};

/* It should run, and does not. */
static bool
parent_lacks(const struct parent *p, size_t i)
{
	return p->kept[i].pid == 0 && (i != PARENT_WEB || p->doors.web > 0);
}

static void
parent_start(struct parent *p, size_t i)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		_exit(parent_rows[i].run(p));
	}
	p->kept[i].pid = pid > 0 ? pid : 0;
	p->kept[i].started = os_mono_ms();
	if (pid < 0)
		log_warn(&p->cli->log, "%s cannot be started: %s",
		    parent_rows[i].what, strerror(errno));
}

static void
parent_tell_kept(const struct parent *p, int signal)
{
	for (size_t i = 0; i < PARENT_KEPT; i++)
		if (p->kept[i].pid > 0)
			(void)kill(p->kept[i].pid, signal);
}

/* It ended: when is it started again? */
static void
parent_note_end(const struct parent *p, struct parent_child *c,
    const char *what, int status)
{
	int64_t now = os_mono_ms();

	c->pid = 0;
	if (p->stopping)
		return;
	c->delay = now - c->started >= PARENT_STEADY_MS || c->delay == 0 ?
	    PARENT_AGAIN_MS :
	    c->delay * 2;
	if (c->delay > PARENT_AGAIN_MOST_MS)
		c->delay = PARENT_AGAIN_MOST_MS;
	c->again = now + c->delay;
	stats_add(p->book.stats, STATS_RESTARTS, 1, str_of(what), STR(""));
	log_warn(&p->cli->log,
	    "%s ended by %s %d; it is started again in %lld ms", what,
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	    (long long)c->delay);
}

/* How many are there still? */
static size_t
parent_kill_old(const struct parent *p, int signal)
{
	size_t n = 0;

	for (size_t i = 0; i < PARENT_OLD; i++)
		if (p->old[i] > 0) {
			n++;
			(void)kill(p->old[i], signal);
		}
	return n;
}

/* It serves those that it has; where too many do, one hurries. */
static void
parent_retire(struct parent *p, pid_t pid)
{
	size_t i = 0;

	(void)kill(pid, SIGHUP);
	while (i < PARENT_OLD && p->old[i] != 0)
		i++;
	if (i == PARENT_OLD)
		(void)kill(p->old[--i], SIGTERM);
	p->old[i] = pid;
}

static void
parent_begin_stop(struct parent *p)
{
	notify_send("STOPPING=1");
	p->stopping = true;
	p->until = os_mono_ms() + p->plan.conf.drain_ms + PARENT_LAST_MS;
	if (p->reception.pid > 0)
		(void)kill(p->reception.pid, SIGTERM);
	if (p->next_pid > 0)
		(void)kill(p->next_pid, SIGTERM);
	parent_kill_old(p, SIGTERM);
	parent_tell_kept(p, SIGTERM);
}

static void
parent_end_now(struct parent *p, int signal)
{
	if (p->reception.pid > 0)
		(void)kill(p->reception.pid, SIGKILL);
	parent_kill_old(p, SIGKILL);
	if (p->kept[PARENT_WEB].pid > 0)
		(void)kill(p->kept[PARENT_WEB].pid, SIGKILL);
	/* workers write down what was broken off: the manager tells them */
	if (p->kept[PARENT_MANAGER].pid > 0)
		(void)kill(p->kept[PARENT_MANAGER].pid, signal);
}

/* Reload */

/* The settings as they are now, or as they were if these are wrong. */
static void
parent_reload(struct parent *p)
{
	struct doors doors = { 0 };
	struct plan plan;
	struct err e = { 0 };
	bool ok;

	p->asked = p->next_pid > 0; /* one at a time */
	if (p->asked)
		return;
	notify_send("RELOADING=1");
	ok = plan_load(&plan, p->cli, &e) &&
	    doors_open(&p->doors, &plan, &p->cli->log, &doors, &e);
	if (ok)
		p->next_pid =
		    parent_start_reception(p, &plan, &doors, &p->next);
	if (!ok || p->next_pid == 0) {
		if (!ok)
			parent_say(p, &e);
		log_warn(&p->cli->log, "the settings stay as they were");
		doors_give_up(&p->doors, &doors);
		plan_release(&plan);
		notify_send("READY=1");
		return;
	}
	doors_follow(&p->doors, &doors);
	plan_release(&p->plan);
	p->plan = plan;
	p->reloaded = true;
	drop_prepare(&p->plan.config, &p->cli->log);
	p->book.host = p->plan.host;
	if (!logbook_follow(&p->book, &p->plan.conf, &e))
		parent_say(p, &e);
	parent_tell_kept(p, SIGTERM); /* they go by the new ones, too */
}

/* The new reception serves: the old one may go when its clients have. */
static void
parent_is_ready(struct parent *p)
{
	if (p->reception.pid > 0)
		parent_retire(p, p->reception.pid);
	p->renew = false;
	os_close(&p->control);
	p->control = p->next;
	p->next = -1;
	p->reception.pid = p->next_pid;
	p->reception.started = os_mono_ms();
	p->next_pid = 0;
	if (!p->ready || p->reloaded)
		ready_tell(&p->plan, p->cli->log.way,
		    p->ready ? "reload" : "start");
	p->ready = true;
	p->reloaded = false;
	stats_set(p->book.stats, STATS_RELOAD, (unsigned long)os_wall(),
	    STR(""), STR(""));
	notify_send("READY=1");
}

/* Loop */

/* It could not begin. The one that serves, if any, goes on. */
static void
parent_note_next(struct parent *p, int status)
{
	struct parent_child serves = p->reception;

	/* the one that serves may be old: it is not the one that ended */
	p->reception.started = os_mono_ms();
	parent_note_end(p, &p->reception, "the new reception", status);
	p->reception.pid = serves.pid;
	p->reception.started = serves.started;
	p->renew = serves.pid > 0;
}

/* Why it cannot begin, as an exit status; 0: killed, so it may the next time */
static int
parent_status(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) :
							  EX_OSERR;
}

/* False: it is none of them. */
static bool
parent_reap_kept(struct parent *p, pid_t pid, int status)
{
	size_t i = 0;

	while (i < PARENT_KEPT && p->kept[i].pid != pid)
		i++;
	if (i == PARENT_KEPT)
		return false;
	/* it was told to, by us: the dashboard ends, the manager dies of it */
	if (i == PARENT_WEB ?
		WIFEXITED(status) && WEXITSTATUS(status) == EX_OK :
		WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		p->kept[i].pid = 0;
	else
		parent_note_end(p, &p->kept[i], parent_rows[i].name, status);
	return true;
}

static void
parent_reap(struct parent *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (parent_reap_kept(p, pid, status))
			continue;
		if (pid == p->next_pid) {
			p->next_pid = 0;
			os_close(&p->next);
			p->status = parent_status(status);
			parent_note_next(p, status);
		} else if (pid == p->reception.pid) {
			os_close(&p->control);
			parent_note_end(p, &p->reception, "reception", status);
		} else {
			window_ended(&p->window, pid);
			for (size_t i = 0; i < PARENT_OLD; i++)
				p->old[i] = p->old[i] == pid ? 0 : p->old[i];
		}
	}
}

static void
parent_reopen(struct parent *p)
{
	struct err e;

	logbook_write(&p->book);
	if (!logbook_reopen(&p->book, &e))
		parent_say(p, &e);
}

static void
parent_take_signal(struct parent *p)
{
	struct signalfd_siginfo s;

	while (read(p->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		if (s.ssi_signo == SIGCHLD)
			parent_reap(p);
		else if (s.ssi_signo == SIGUSR1)
			parent_reopen(p);
		else if (s.ssi_signo == SIGHUP && !p->stopping)
			parent_reload(p);
		else if (s.ssi_signo != SIGHUP && p->stopping)
			parent_end_now(p, SIGTERM);
		else if (s.ssi_signo != SIGHUP)
			parent_begin_stop(p);
}

static void
parent_start_those_due(struct parent *p, int64_t now)
{
	if (p->stopping)
		return;
	if ((p->reception.pid == 0 || p->renew) && p->next_pid == 0 &&
	    now >= p->reception.again)
		p->next_pid =
		    parent_start_reception(p, &p->plan, &p->doors, &p->next);
	if (p->next_pid > 0 && now >= p->next_until)
		(void)kill(p->next_pid, SIGKILL);
	for (size_t i = 0; p->ready && i < PARENT_KEPT; i++)
		if (parent_lacks(p, i) && now >= p->kept[i].again)
			parent_start(p, i);
}

static void
parent_look_at_files(struct parent *p, int64_t now)
{
	bool due = now >= p->looked + PARENT_WATCH_MS;

	if (due)
		p->looked = now;
	if (!p->stopping && p->next_pid == 0 &&
	    (p->asked || (due && plan_is_old(&p->plan))))
		parent_reload(p);
}

/* Reception answers a ping: then all is well, says systemd's watchdog. */
static void
parent_keep_alive(struct parent *p, int64_t now)
{
	int64_t every = notify_watchdog_ms();
	char word;

	while (p->control >= 0 && recv(p->control, &word, 1, MSG_DONTWAIT) == 1)
		notify_send("WATCHDOG=1");
	if (every == 0 || p->control < 0 || now < p->kept_alive + every)
		return;
	p->kept_alive = now;
	(void)!send(p->control, "p", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int64_t
parent_deadline(const struct parent *p, int64_t now)
{
	int64_t until = now + PARENT_WATCH_MS, every = notify_watchdog_ms();

	if (p->stopping)
		return p->until;
	if (every > 0 && now + every < until)
		until = now + every;
	if (p->window.rest > now && p->window.rest < until)
		until = p->window.rest;
	if ((p->reception.pid == 0 || p->renew) && p->next_pid == 0 &&
	    p->reception.again < until)
		until = p->reception.again;
	for (size_t i = 0; i < PARENT_KEPT; i++)
		if (parent_lacks(p, i) && p->kept[i].again < until)
			until = p->kept[i].again;
	return until;
}

static bool
parent_is_over(const struct parent *p)
{
	if (p->stopping)
		return p->reception.pid == 0 &&
		    p->kept[PARENT_MANAGER].pid == 0 &&
		    p->kept[PARENT_WEB].pid == 0 && parent_kill_old(p, 0) == 0;
	/* it could not begin */
	return !p->ready && p->next_pid == 0 && p->status != 0;
}

/* -1: nobody is answered there now. */
static int
parent_window(const struct parent *p, int64_t now)
{
	return p->doors.window > 0 && window_is_free(&p->window, now) ?
	    p->doors.door[p->doors.window].fd :
	    -1;
}

static void
parent_loop(struct parent *p)
{
	struct pollfd at[5];
	int64_t now = os_mono_ms();
	char word;

	p->looked = now;
	while (!parent_is_over(p)) {
		parent_start_those_due(p, now);
		at[0] = (struct pollfd){ p->signals, POLLIN, 0 };
		at[1] = (struct pollfd){ p->next, POLLIN, 0 };
		at[2] = (struct pollfd){ p->control, POLLIN, 0 };
		at[3] = (struct pollfd){ p->book.in, POLLIN, 0 };
		at[4] = (struct pollfd){ parent_window(p, now), POLLIN, 0 };
		(void)os_poll(at, 5, parent_deadline(p, now));
		now = os_mono_ms();
		logbook_write(&p->book);
		if (at[0].revents != 0)
			parent_take_signal(p);
		if (at[1].revents != 0 && p->next >= 0 &&
		    recv(p->next, &word, 1, MSG_DONTWAIT) == 1)
			parent_is_ready(p);
		if (at[4].revents != 0)
			window_answer(&p->window, at[4].fd, &p->plan.config,
			    &p->cli->log, &p->mask);
		parent_keep_alive(p, now);
		parent_look_at_files(p, now);
		if (p->stopping && now >= p->until) {
			parent_end_now(p, SIGTERM);
			p->until = now + PARENT_LAST_MS;
		}
	}
}

static bool
parent_take_signals(struct parent *p, struct err *e)
{
	static const int which[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
		SIGCHLD };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(which) / sizeof(*which); i++)
		(void)sigaddset(&set, which[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &p->mask);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signals >= 0 || err_sys(e, ERR_RETRY, "cannot take signals");
}

static bool
parent_open(struct parent *p, struct err *e)
{
	struct outbox outbox = { 0 };
	struct doors doors = { 0 };
	bool ok;

	p->exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (p->exe < 0)
		return err_sys(e, ERR_CONFIG,
		    "/proc/self/exe: the relay starts itself by it");
	ok = plan_load(&p->plan, p->cli, e) &&
	    doors_open(&p->doors, &p->plan, &p->cli->log, &doors, e) &&
	    rights_drop(&p->plan, e) &&
	    logbook_follow(&p->book, &p->plan.conf, e) &&
	    outbox_open(&outbox, &p->plan.config, e);
	outbox_close(&outbox);
	if (ok) {
		drop_prepare(&p->plan.config, &p->cli->log);
		doors_follow(&p->doors, &doors);
	}
	p->book.host = p->plan.host;
	return ok &&
	    (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->inlet) ==
		    0 ||
		err_sys(e, ERR_RETRY, "no sockets")) &&
	    parent_take_signals(p, e);
}

int
parent_main(const struct cli *cli)
{
	struct cli own = *cli;
	struct record_way way = { .service = "master" };
	struct parent p = { .cli = &own,
		.exe = -1,
		.signals = -1,
		.inlet = { -1, -1 },
		.control = -1,
		.next = -1 };
	struct err e = { 0 };
	int status;
	struct stats *stats = stats_open(&p.stats);
	bool ok = logbook_open(&p.book, stats, &e);

	way.stats = stats;
	way.fd = own.log.fd = p.book.out;
	own.log.way = &way;
	ok = ok && parent_open(&p, &e);
	if (ok)
		parent_loop(&p);
	status = p.ready ? EX_OK : p.status;
	logbook_close(&p.book);
	if (!ok)
		status = cli_fail(cli, &e);
	plan_release(&p.plan);
	arena_release(&p.doors.names);
	return status;
}
