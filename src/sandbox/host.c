/* SPDX-License-Identifier: MIT */
#include "sandbox/host.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/os.h"
#include "sandbox/serve.h"

enum { KEPT_AT_ONCE = 64, REST_MS = 50 };

struct host {
	struct sandbox *s;
	int listener, signals, kept; /* descriptors; kept: the reading end */
	sigset_t before;             /* the signal mask that children get */
	pid_t child[SANDBOX_CONNECTIONS];
	size_t n;
	uint32_t answered; /* kept messages */
	bool end;
};

/*
 * Signals come by a descriptor: no handler, no global. SIGCHLD is among
 * them, so that a child's end wakes the loop.
 */
static bool
open_signals(struct host *h, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, &h->before);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return h->signals >= 0 || err_sys(e, ERR_RETRY, "signalfd");
}

static bool
open_pipe(struct host *h, struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, ERR_RETRY, "pipe");
	h->kept = ends[0];
	h->s->kept_fd = ends[1];
	return true;
}

static void
reap(struct host *h)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < h->n; i++)
			if (h->child[i] == pid)
				h->child[i--] = h->child[--h->n];
}

static void
take_signals(struct host *h)
{
	struct signalfd_siginfo info;

	while (read(h->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			h->end = true;
	reap(h);
}

static void
take_kept(struct host *h, uint64_t exit_after)
{
	char piece[KEPT_AT_ONCE];
	ssize_t got;

	while ((got = read(h->kept, piece, sizeof(piece))) > 0)
		h->answered += (uint32_t)got;
	if (exit_after > 0 && h->answered >= exit_after)
		h->end = true;
}

static _Noreturn void
serve_and_exit(struct host *h, int fd, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it went before we said so */
		_exit(1);
	(void)sigprocmask(SIG_SETMASK, &h->before, NULL);
	os_close(&h->listener);
	os_close(&h->signals);
	os_close(&h->kept);
	sandbox_serve(h->s, fd);
	_exit(0);
}

static void
take_connection(struct host *h)
{
	pid_t parent = getpid(), pid;
	int fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);

	pid = fd < 0 ? -1 : fork();
	if (pid == 0)
		serve_and_exit(h, fd, parent);
	if (pid > 0)
		h->child[h->n++] = pid;
	else /* the machine is full: closed at once, and not too often */
		(void)os_poll(NULL, 0, os_mono_ms() + REST_MS);
	os_close(&fd);
}

static void
turn(struct host *h, uint64_t exit_after)
{
	struct pollfd f[] = {
		{ .fd = h->signals, .events = POLLIN },
		{ .fd = h->kept, .events = POLLIN },
		{ .fd = h->n < SANDBOX_CONNECTIONS ? h->listener : -1,
		    .events = POLLIN },
	};

	(void)os_poll(f, sizeof(f) / sizeof(f[0]), OS_FOREVER);
	if (f[0].revents != 0)
		take_signals(h);
	if (f[1].revents != 0)
		take_kept(h, exit_after);
	if (f[2].revents != 0 && !h->end)
		take_connection(h);
}

static void
end_children(struct host *h)
{
	for (size_t i = 0; i < h->n; i++)
		(void)kill(h->child[i], SIGKILL);
	for (size_t i = 0; i < h->n; i++)
		(void)child_wait(h->child[i]);
}

bool
sandbox_host(struct sandbox *s, int listener, uint64_t exit_after,
    struct err *e)
{
	struct host h = { .s = s,
		.listener = listener,
		.signals = -1,
		.kept = -1 };
	bool ok = open_signals(&h, e) && open_pipe(&h, e);

	while (ok && !h.end)
		turn(&h, exit_after);
	end_children(&h);
	os_close(&s->kept_fd);
	os_close(&h.kept);
	os_close(&h.signals);
	return ok;
}
