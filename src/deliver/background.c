/* SPDX-License-Identifier: MIT */
#include "deliver/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

enum { PATH_SIZE = 4096, FIRST = STDERR_FILENO + 1 };

/* True with *fd -1: another process has it. */
static bool
open_lock(const struct spool *s, int *fd, struct err *e)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/worker", s->path);

	*fd = -1;
	if (n <= 0 || n >= (int)sizeof(path))
		return err_set(e, ERR_CONFIG, "%s: too long", s->path);
	*fd = os_open_or_make(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW,
	    s->dir[SPOOL_NEW].mode);
	if (*fd < 0)
		return err_sys(e, ERR_RETRY, "%s: cannot open", path);
	if (os_try_lock(*fd))
		return true;
	if (errno != EWOULDBLOCK)
		err_sys(e, ERR_RETRY, "%s: cannot lock", path);
	else
		e = NULL;
	os_close(fd);
	return e == NULL;
}

/* For people. */
static void
write_number(int fd)
{
	struct os_at to = { .name = "worker", .fd = fd };
	char text[32];
	struct err ignored;
	bool ok;

	(void)snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	ok = os_cut(fd, to.name, 0, &ignored) &&
	    os_write_at(to, str_of(text), &ignored);
	(void)ok;
}

static void
close_all(unsigned from, unsigned to)
{
	unsigned most = (unsigned)getdtablesize();

	if (from > to)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, from, to, 0) == 0)
		return;
#endif
	for (; from <= to && from < most; from++)
		(void)close((int)from);
}

/* A caller may wait until nobody holds its pipe or its lock any more. */
static void
let_go(int lock, int log)
{
	int a = lock < log ? lock : log, b = lock < log ? log : lock, null;

	a = a < FIRST ? FIRST - 1 : a;
	b = b < FIRST ? FIRST - 1 : b;
	close_all(FIRST, (unsigned)a - 1);
	close_all((unsigned)a + 1, (unsigned)b - 1);
	close_all((unsigned)b + 1, ~0U);
	/* now there is room for it */
	null = os_open_nothing();
	for (int fd = 0; fd < FIRST && null >= 0; fd++)
		(void)dup2(null, fd);
	os_close(&null);
}

/* Is it worth waiting for? */
static bool
waits_soon(struct crew *c)
{
	int64_t next = c->held > 0 ? os_wall() + 1 : crew_next(c);

	if (next == 0 || next > os_wall() + BACKGROUND_STAY_S)
		return false;
	crew_dismiss(c);
	crew_wait(c, next);
	return true;
}

static bool
deliver(struct crew *c, struct err *e)
{
	int lock = c->ask.lock;

	for (;;) {
		if (!crew_pass(c, true, e))
			return false;
		if (c->caught != 0 || lock < 0)
			return true;
		if (waits_soon(c))
			continue;
		os_unlock(lock);
		if (!crew_has_new(c) || !os_try_lock(lock))
			return true;
		write_number(lock);
	}
}

static void
stay(const struct crew_ask *from, int lock)
{
	struct crew_ask ask = *from;
	struct outbox outbox;
	struct crew crew;
	struct err e;
	bool ok;

	(void)setsid();
	/* of the caller's folder too, unless the settings mean it */
	if (!ask.config->relative)
		(void)!chdir("/");
	let_go(lock, ask.log->fd);
	if (lock >= 0)
		write_number(lock);
	ok = outbox_open(&outbox, ask.config, &e);
	ask.outbox = &outbox;
	ask.lock = lock;
	if (ok && crew_open(&crew, &ask, &e)) {
		ok = deliver(&crew, &e);
		crew_close(&crew);
	} else {
		ok = false;
	}
	if (!ok) {
		log_warn(ask.log, "%s", e.msg);
		syslog_send(ask.syslog, SYSLOG_ERR, "the queue waits: %s",
		    e.msg);
	}
	outbox_close(&outbox);
}

bool
background_start(const struct crew_ask *ask, struct err *e)
{
	pid_t pid;
	int lock = -1;

	if (!ask->eager) {
		if (!open_lock(&ask->outbox->spool, &lock, e))
			return false;
		if (lock < 0)
			return true;
	}
	/* those that ended: who speaks SMTP starts one after the other */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	pid = fork();
	if (pid == 0) {
		stay(ask, lock);
		_exit(0);
	}
	os_close(&lock);
	return pid > 0 || err_sys(e, ERR_RETRY, "start a process to send it");
}
