/* SPDX-License-Identifier: MIT */
#include "command/relay/window.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/os.h"
#include "command/queue/mailq.h"

enum { WINDOW_SECONDS = 60, WINDOW_WRITE_SECONDS = 5 };

bool
window_is_free(const struct window *w, int64_t now)
{
	for (size_t i = 0; now >= w->rest && i < WINDOW_MOST; i++)
		if (w->one[i].pid == 0)
			return true;
	return false;
}

/* A place for this user; WINDOW_MOST: none, or it has one. */
static size_t
window_place(const struct window *w, uid_t uid)
{
	size_t place = WINDOW_MOST;

	for (size_t i = 0; i < WINDOW_MOST; i++)
		if (w->one[i].pid == 0)
			place = i;
		else if (w->one[i].uid == uid)
			return WINDOW_MOST;
	return place;
}

static void __attribute__((noreturn))
window_print(int fd, uid_t uid, const struct config *c, const struct log *log)
{
	const struct timeval most = { .tv_sec = WINDOW_WRITE_SECONDS };
	const int keep[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO,
		log->fd };
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	if (dup2(fd, STDOUT_FILENO) < 0)
		_exit(1);
	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	(void)alarm(WINDOW_SECONDS);
	if (!queue_mailq_own(c, uid, log, &e)) {
		log_warn(log, "mailq of uid %lu: %s", (unsigned long)uid,
		    e.msg);
		_exit(1);
	}
	_exit(0);
}

void
window_answer(struct window *w, int fd, const struct config *c,
    const struct log *log, const sigset_t *mask)
{
	int asks = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred who;
	socklen_t n = sizeof(who);
	size_t i;
	pid_t pid;

	if (asks < 0) {
		w->rest = os_accept_rest(os_mono_ms());
		return;
	}
	i = getsockopt(asks, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 ?
	    window_place(w, who.uid) :
	    WINDOW_MOST;
	if (i < WINDOW_MOST) {
		pid = fork();
		if (pid == 0) {
			(void)sigprocmask(SIG_SETMASK, mask, NULL);
			window_print(asks, who.uid, c, log);
		}
		w->one[i].pid = pid > 0 ? pid : 0;
		w->one[i].uid = who.uid;
	}
	os_close(&asks);
}

void
window_ended(struct window *w, pid_t pid)
{
	for (size_t i = 0; i < WINDOW_MOST; i++)
		if (w->one[i].pid == pid)
			w->one[i].pid = 0;
}
