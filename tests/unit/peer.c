/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

enum { LIFE_S = 60, BACKLOG = 16, WAIT_MS = 10000 };

int
peer_listen(const char *ip, int backlog, uint16_t *port)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	bool v6 = strchr(ip, ':') != NULL;
	socklen_t n = v6 ? sizeof(a.v6) : sizeof(a.v4);
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    on = 1;

	if (v6)
		a.v6.sin6_port = htons(*port);
	else
		a.v4.sin_port = htons(*port);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	a.sa.sa_family = v6 ? AF_INET6 : AF_INET;
	(void)inet_pton(a.sa.sa_family, ip,
	    v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr);
	if (fd >= 0 && bind(fd, &a.sa, n) == 0 && listen(fd, backlog) == 0 &&
	    getsockname(fd, &a.sa, &n) == 0) {
		*port = ntohs(v6 ? a.v6.sin6_port : a.v4.sin_port);
		return fd;
	}
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

__attribute__((noreturn)) static void
serve_all(int fd, void (*serve)(int fd, void *arg), void *arg)
{
	int got;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(LIFE_S * t_slow());
	for (;;) {
		got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (got >= 0)
			serve(got, arg);
		else if (errno != EINTR && errno != ECONNABORTED)
			_exit(1);
	}
}

bool
peer_start(struct peer *p, const char *ip, void (*serve)(int fd, void *arg),
    void *arg)
{
	int fd = peer_listen(ip, BACKLOG, &p->port);

	p->pid = 0;
	if (fd < 0)
		return false;
	p->pid = fork();
	if (p->pid == 0)
		serve_all(fd, serve, arg);
	(void)close(fd);
	return p->pid > 0;
}

void
peer_stop(struct peer *p)
{
	if (p->pid <= 0)
		return;
	(void)kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, NULL, 0);
	p->pid = 0;
}

const char *
peer_refused(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(error);

	(void)inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);
	(void)connect(fd, (struct sockaddr *)&a, sizeof(a));
	(void)os_poll(&p, 1, os_mono_ms() + WAIT_MS);
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
	(void)close(fd);
	T_CHECK(error == ECONNREFUSED || t_slow() > 1, "refused: %d", error);
	return strerror(error);
}
