/* SPDX-License-Identifier: MIT */
#include "deliver/background.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/os.h"
#include "deliver/bell.h"
#include "deliver/holder.h"
#include "deliver/worker_returns.h"

/* The manager that ends lets go of its lock soon. */
enum { BACKGROUND_ENDS_MS = 2000, BACKGROUND_LOOK_MS = 5 };

static void
background_stay(const struct manager_ask *from, int lock)
{
	const int keep[] = { lock, from->log->fd };
	struct manager_ask ask = *from;
	struct manager_sum sum;
	struct outbox outbox;
	struct err e;
	bool ok;

	(void)setsid();
	/* of the caller's folder too, unless the settings mean it */
	if (!ask.config->relative)
		(void)!chdir("/");
	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	fds_leave_standard();
	ok = outbox_open(&outbox, ask.config, &e);
	ask.outbox = &outbox;
	if (ok)
		ok = manager_run(&ask, MANAGER_IDLE, lock, &sum, &e);
	if (!ok) {
		log_warn(ask.log, "%s", e.msg);
		syslog_send(ask.syslog, SYSLOG_ERR, "the queue waits: %s",
		    e.msg);
	}
	if (ok)
		worker_returns(ask.config, ask.path, &outbox.journal, ask.log);
	outbox_close(&outbox);
}

static bool
background_start(const struct manager_ask *ask, int lock, struct err *e)
{
	pid_t pid;

	/* those that ended: who speaks SMTP starts one after the other */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	pid = fork();
	if (pid == 0) {
		background_stay(ask, lock);
		_exit(0);
	}
	return pid > 0 || err_sys(e, ERR_RETRY, "start a process to send it");
}

bool
background_send(const struct manager_ask *ask, const char *id, struct err *e)
{
	const struct spool *s = &ask->outbox->spool;
	int64_t deadline = os_mono_ms() + BACKGROUND_ENDS_MS;
	int lock = -1;
	bool ok;

	while (!bell_ring(s, id != NULL ? BELL_NEW : BELL_AGAIN, id)) {
		if (!holder_lock(s, &lock, e))
			return false;
		if (lock >= 0)
			break;
		if (os_mono_ms() >= deadline)
			return err_set(e, ERR_RETRY,
			    "%s: who holds the file \"worker\" does not "
			    "answer",
			    s->path);
		(void)os_poll(NULL, 0, os_mono_ms() + BACKGROUND_LOOK_MS);
	}
	if (lock < 0)
		return true;
	ok = background_start(ask, lock, e);
	os_close(&lock);
	return ok;
}
