/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

enum { LIFE_S = 110, HEAD_SIZE = 128 * 1024 };

struct server {
	struct serve_seen *seen;
	int listener, fd; /* fd: the connection, or -1 */
	uint32_t body_sum;
	size_t owed; /* bytes of a body that were not read yet */
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
note(struct serve_seen *seen, const char *p, size_t n)
{
	size_t at = atomic_load(&seen->n);

	if (n > SERVE_SEEN - at)
		n = SERVE_SEEN - at;
	memcpy(seen->text + at, p, n);
	atomic_store(&seen->n, at + n);
}

static void
hang_up(struct server *s, bool reset)
{
	struct linger now = { 1, 0 };

	if (s->fd < 0)
		return;
	if (reset)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	(void)close(s->fd);
	s->fd = -1;
	atomic_fetch_add(&s->seen->closed, 1);
}

static size_t
length_of(struct str head)
{
	struct str name = STR("\r\nContent-Length: ");
	struct str s = str_from(head, str_find(head, name) + name.n);
	uint64_t n = 0;

	(void)str_u64(str_first(s, str_chr(s, '\r')), UINT32_MAX, &n);
	return (size_t)n;
}

uint32_t
serve_sum(uint32_t sum, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		sum = sum * 31 + (unsigned char)bytes.p[i];
	return sum;
}

static void
take_body(struct server *s, struct str piece)
{
	s->body_sum = serve_sum(s->body_sum, piece);
	s->owed -= piece.n;
	if (s->owed == 0)
		atomic_store(&s->seen->body_sum, s->body_sum);
}

static bool
read_body(struct server *s)
{
	char piece[65536];
	size_t want;
	ssize_t got;

	while (s->owed > 0) {
		want = s->owed < sizeof(piece) ? s->owed : sizeof(piece);
		got = read(s->fd, piece, want);
		if (got <= 0)
			return false;
		note(s->seen, piece, (size_t)got);
		take_body(s, (struct str){ piece, (size_t)got });
	}
	return true;
}

/* False: the peer ended before the end of a head. */
static bool
read_head(struct server *s, size_t most)
{
	static const struct str end = STR_INIT("\r\n\r\n");
	char head[HEAD_SIZE];
	struct str in = { head, 0 };
	unsigned reads = 0;
	size_t at;
	ssize_t got;

	while ((at = str_find(in, end)) == in.n) {
		if (in.n + most > sizeof(head))
			return false;
		got = read(s->fd, head + in.n, most);
		if (got <= 0)
			return false;
		note(s->seen, head + in.n, (size_t)got);
		in.n += (size_t)got;
		reads++;
	}
	s->owed = length_of(in);
	s->body_sum = 0;
	take_body(s, str_from(in, at + 4));
	atomic_fetch_add(&s->seen->requests, 1);
	if (reads == 1 && s->owed == 0)
		atomic_fetch_add(&s->seen->at_once, 1);
	return true;
}

/* Byte by byte where the rest is to stay in the socket. */
static bool
read_request(struct server *s, enum serve_read what)
{
	switch (what) {
	case SERVE_ALL:
		return read_head(s, 8192) && read_body(s);
	case SERVE_HEAD:
		return read_head(s, 1);
	case SERVE_BODY:
		return read_body(s);
	case SERVE_PAUSE:
		(void)os_poll(NULL, 0, os_mono_ms() + 20);
		break;
	case SERVE_NOTHING:
		break;
	}
	return true;
}

static bool
say(struct server *s, struct str text)
{
	ssize_t n;

	for (; text.n > 0; text = str_from(text, (size_t)n)) {
		n = send(s->fd, text.p, text.n, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
	}
	return true;
}

static void
hang(struct server *s)
{
	char sink[65536];

	while (read(s->fd, sink, sizeof(sink)) > 0)
		continue;
}

static void
drip(struct server *s, struct str text)
{
	for (; text.n > 0 && say(s, str_first(text, 1));
	     text = str_from(text, 1))
		(void)os_poll(NULL, 0, os_mono_ms() + 10);
}

static void
answer(struct server *s, const struct serve_step *step)
{
	size_t cut = step->cut;

	if (step->then == SERVE_DRIP)
		drip(s, step->answer);
	else if (cut > 0) {
		(void)say(s, str_first(step->answer, cut));
		(void)os_poll(NULL, 0, os_mono_ms() + 1);
		(void)say(s, str_from(step->answer, cut));
	} else
		(void)say(s, step->answer);
	while (step->then == SERVE_REPEAT && say(s, step->answer))
		continue;
	while (step->then == SERVE_STALL)
		(void)pause();
	if (step->then == SERVE_HANG || step->then == SERVE_DRIP)
		hang(s);
	if (step->then != SERVE_KEEP)
		hang_up(s, step->then == SERVE_RESET);
}

static void
do_step(struct server *s, const struct serve_step *step)
{
	int on = 1;

	for (;;) {
		if (s->fd < 0) {
			s->fd = accept(s->listener, NULL, NULL);
			if (s->fd < 0)
				die("accept");
			(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof(on));
			atomic_fetch_add(&s->seen->connections, 1);
		}
		if (read_request(s, step->read))
			break;
		hang_up(s, false);
	}
	answer(s, step);
}

static int
listen_here(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		die("listen");
	*port = ntohs(a.sin_port);
	return fd;
}

void
serve_start(struct serve *s, const struct serve_step *step, size_t n,
    bool again)
{
	struct server here = { .fd = -1 };

	s->seen = mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->seen == MAP_FAILED)
		die("mmap");
	here.seen = s->seen;
	here.listener = listen_here(&s->port);
	s->pid = fork();
	if (s->pid < 0)
		die("fork");
	if (s->pid > 0) {
		(void)close(here.listener);
		return;
	}
	/* Whatever happens to the test, this process ends. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(LIFE_S * t_slow());
	t_fail_allocation(0);
	do
		for (size_t i = 0; i < n; i++)
			do_step(&here, &step[i]);
	while (again);
	_exit(0);
}

void
serve_stop(struct serve *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)munmap(s->seen, sizeof(*s->seen));
	*s = (struct serve){ 0 };
}

bool
serve_wait_closed(const struct serve *s, unsigned n)
{
	int64_t deadline = os_mono_ms() + 5000;

	while (atomic_load(&s->seen->closed) < n && os_mono_ms() < deadline)
		(void)os_poll(NULL, 0, os_mono_ms() + 1);
	return atomic_load(&s->seen->closed) >= n;
}

struct str
serve_text(const struct serve *s)
{
	return (struct str){ s->seen->text, atomic_load(&s->seen->n) };
}

bool
serve_saw(const struct serve *s, struct str needle)
{
	struct str text = serve_text(s);

	return str_find(text, needle) < text.n;
}
