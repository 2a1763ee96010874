/* SPDX-License-Identifier: MIT */
/* Who gets a place when there are none. */
#include "net/serve.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "serve_play.h"
#include "t.h"

#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

enum { SILENT = 1000, FILES = SILENT + 200 };

static bool
is_open(int fd)
{
	char one;

	return recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* The first of the silent ones goes, but not at once. */
static void
test_silent(void)
{
	int fd[SERVE_CLIENTS], other;
	struct play t;

	play_begin(&t, false, NULL);
	for (size_t i = 0; i < SERVE_CLIENTS; i++, t.now++) {
		fd[i] = play_connect(&t);
		play_check(&t, fd[i], STR(""), "");
	}
	other = play_connect(&t);
	play_check(&t, other, STR(GET("/")), "");
	t.now += SERVE_GRACE_MS - SERVE_CLIENTS - 1;
	play_check(&t, other, STR(""), "");
	T_CHECK(is_open(fd[0]), "too early");
	t.now++;
	play_check(&t, other, STR(""), "~ GET|/||;");
	T_CHECK(!is_open(fd[0]) && is_open(fd[1]), "who had to go");
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		(void)close(fd[i]);
	(void)close(other);
	play_end(&t);
}

/* In the middle of something nobody goes; the newcomer waits for them. */
static void
test_busy(void)
{
	static const struct str busy[] = {
		STR_INIT("G"),
		STR_INIT(
		    "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n"),
		STR_INIT("POST / HTTP/1.1\r\n" HOST
			 "Transfer-Encoding: chunked\r\n\r\n1"),
		STR_INIT(GET("/later")),
	};
	int fd[SERVE_CLIENTS], other;
	struct play t;

	play_begin(&t, true, NULL);
	for (size_t i = 0; i < SERVE_CLIENTS; i++) {
		fd[i] = play_connect(&t);
		play_check(&t, fd[i], busy[i % 4], "");
	}
	other = play_connect(&t);
	play_check(&t, other, STR(GET("/")), "");
	t.now += SERVE_HEAD_MS - 1;
	play_check(&t, other, STR(""), "");
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		T_CHECK(is_open(fd[i]), "%zu had to go", i);
	t.now++; /* slow heads end */
	play_check(&t, other, STR(""), "~ GET|/||;");
	for (size_t i = 0; i < SERVE_CLIENTS; i++) {
		T_CHECK(is_open(fd[i]) == (i % 4 > 0), "%zu", i);
		(void)close(fd[i]);
	}
	(void)close(other);
	play_end(&t);
}

static bool
may_open(rlim_t n)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return false;
	if (l.rlim_cur < n && l.rlim_max >= n)
		l.rlim_cur = n;
	return l.rlim_cur >= n && setrlimit(RLIMIT_NOFILE, &l) == 0;
}

/* 1,000 who say nothing, and one behind them: it is served within seconds. */
static void
test_many(void)
{
	int fd[SILENT], good;
	struct play t;
	struct buf out;
	int64_t start;

	if (!may_open(FILES)) {
		t_skip("not so many descriptors here");
		return;
	}
	play_begin(&t, false, NULL);
	buf_init(&out, 65536);
	start = t.now;
	for (size_t i = 0; i < SILENT; i++)
		fd[i] = play_connect(&t);
	good = play_connect(&t);
	(void)play_talk(&t, good, STR(GET("/")), 999, &out);
	for (; out.n == 0 && t.now < start + 60000; t.now += 50)
		(void)play_talk(&t, good, STR(""), 999, &out);
	T_CHECK(t.now - start < 5000, "after %lld ms",
	    (long long)(t.now - start));
	for (size_t i = 0; i < SILENT; i++)
		(void)close(fd[i]);
	buf_release(&out);
	(void)close(good);
	play_end(&t);
}

/* So many steps in a second where there is one when something is to do. */
static unsigned
steps_of_a_second(struct play *t)
{
	struct pollfd fds[SERVE_FDS];
	int64_t end = os_mono_ms() + 1000, wake;
	unsigned n = 0;

	for (; os_mono_ms() < end; n++) {
		wake = end;
		(void)os_poll(fds, serve_wants(&t->s, fds, &wake), wake);
		serve_step(&t->s, os_mono_ms(), PLAY_WALL);
	}
	return n;
}

/* Without a descriptor for them newcomers wait, and nobody spins. */
static void
test_descriptors(void)
{
	struct pollfd fds[SERVE_FDS];
	struct rlimit had, few;
	struct play t;
	int64_t wake;
	unsigned n;
	int fd[2];

	play_begin(&t, false, NULL);
	t.now = os_mono_ms();
	T_CHECK(getrlimit(RLIMIT_NOFILE, &had) == 0, "getrlimit");
	fd[0] = play_connect(&t);
	fd[1] = play_connect(&t);
	few = had;
	few.rlim_cur = (rlim_t)fd[1] + 1;
	T_CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
	play_check(&t, fd[0], STR(GET("/")), "");
	wake = INT64_MAX;
	T_CHECK(serve_wants(&t.s, fds, &wake) == 0 &&
		wake == t.now + OS_REST_MS,
	    "it rests until %lld", (long long)(wake - t.now));
	n = steps_of_a_second(&t);
	T_CHECK(n > 0 && n < 100, "%u steps", n);
	T_CHECK(setrlimit(RLIMIT_NOFILE, &had) == 0, "setrlimit");
	t.now = os_mono_ms() + OS_REST_MS;
	play_check(&t, fd[0], STR(""), "~ GET|/||;");
	play_check(&t, fd[1], STR(GET("/2")), "~ GET|/2||;");
	(void)close(fd[0]);
	(void)close(fd[1]);
	play_end(&t);
}

/* A network of our own, where this machine has another address. */
static bool
make_network(const char *ip)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct ifreq addr = { .ifr_name = "lo:1" };
	struct sockaddr_in a = { .sin_family = AF_INET };
	bool ok;
	int fd;

	if (unshare(CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	(void)inet_pton(AF_INET, ip, &a.sin_addr);
	memcpy(&addr.ifr_addr, &a, sizeof(a));
	ok = ioctl(fd, SIOCSIFFLAGS, &up) == 0 &&
	    ioctl(fd, SIOCSIFADDR, &addr) == 0;
	(void)close(fd);
	return ok;
}

/* One peer has half of the places, however many it wants. */
static void
test_peer(void)
{
	int fd[SERVE_CLIENTS], more, other;
	struct play t;
	struct play away;

	if (!make_network("10.9.8.7")) {
		t_skip("no network of one's own here");
		return;
	}
	play_begin(&t, true, NULL);
	away = t;
	(void)inet_pton(AF_INET, "10.9.8.7", &away.at.sin_addr);
	(void)close(t.listener);
	t.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	t.at.sin_addr.s_addr = htonl(INADDR_ANY);
	T_CHECK(bind(t.listener, (struct sockaddr *)&t.at, sizeof(t.at)) == 0 &&
		listen(t.listener, 256) == 0,
	    "listen");
	t.s.listener = t.listener;
	t.at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < SERVE_PEER_CLIENTS; i++) {
		fd[i] = play_connect(&away);
		play_check(&t, fd[i], i == 0 ? STR(GET("/")) : STR("G"),
		    i == 0 ? "~ GET|/||;" : "");
	}
	T_CHECK(strcmp(t.peer, "10.9.8.7") == 0, "peer %s", t.peer);
	/* its own one that is spare has to go, then the newcomer itself */
	more = play_connect(&away);
	play_check(&t, more, STR("G"), "");
	T_CHECK(is_open(more) && !is_open(fd[0]), "its own");
	(void)close(fd[0]);
	fd[0] = play_connect(&away);
	play_check(&t, fd[0], STR(""), "");
	T_CHECK(!is_open(fd[0]), "one too many");
	/* others, and this machine, have the rest */
	for (size_t i = SERVE_PEER_CLIENTS; i < SERVE_CLIENTS; i++) {
		fd[i] = play_connect(&t);
		play_check(&t, fd[i], STR(GET("/")), "~ GET|/||;");
	}
	other = play_connect(&t);
	play_check(&t, other, STR(GET("/2")), "~ GET|/2||;");
	T_CHECK(!is_open(fd[SERVE_PEER_CLIENTS]), "who was served first");
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		(void)close(fd[i]);
	(void)close(more);
	(void)close(other);
	play_end(&t);
}

static const struct t_test tests[] = {
	{ "silent ones", test_silent },
	{ "busy ones", test_busy },
	{ "1,000 silent ones", test_many },
	{ "no descriptors", test_descriptors },
	{ "one peer", test_peer },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
