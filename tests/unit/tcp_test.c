/* SPDX-License-Identifier: MIT */
#include "net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "peer.h"
#include "t.h"

enum { SOON_MS = 5000 };

/* Steps until it is decided, or for ms. */
static enum tcp_state
run(struct tcp *t, int64_t ms, struct err *e)
{
	int64_t deadline = os_mono_ms() + ms, wake;
	struct pollfd fds[TCP_ADDRS];
	enum tcp_state s;
	size_t n;

	while ((s = tcp_step(t, e)) == TCP_OPENING && os_mono_ms() < deadline) {
		wake = deadline;
		n = tcp_wants(t, fds, &wake);
		(void)os_poll(fds, n, wake);
	}
	return s;
}

__attribute__((format(printf, 2, 3))) static bool
has(const struct err *e, const char *fmt, ...)
{
	char part[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	return str_find(str_of(e->msg), str_of(part)) < str_of(e->msg).n;
}

static bool
no_child_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void
test_literal(void)
{
	struct tcp t = { 0 };
	struct err e = { 0 };
	uint16_t port = 0;
	int server = peer_listen("127.0.0.1", 4, &port), fd, flags;

	T_CHECK(tcp_start(&t, STR("127.0.0.1"), port, true, &e), "%s", e.msg);
	T_CHECK(t.child == 0, "a child for a literal");
	T_CHECK(run(&t, SOON_MS, &e) == TCP_OPEN, "%s", e.msg);
	fd = tcp_take(&t);
	flags = fcntl(fd, F_GETFL);
	T_CHECK(flags >= 0 && (flags & O_NONBLOCK) != 0, "it would block");
	T_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	tcp_release(&t);
	T_CHECK(fcntl(fd, F_GETFD) >= 0, "taken, and closed all the same");
	(void)close(fd);
	(void)close(server);
}

static void
test_name(void)
{
	struct tcp t = { 0 };
	struct err e = { 0 };
	uint16_t port = 0;
	int server = peer_listen("127.0.0.1", 4, &port);

	/* the resolver takes a number for a name, and needs no network for it
	 */
	T_CHECK(tcp_start(&t, STR("2130706433"), port, true, &e), "%s", e.msg);
	T_CHECK(t.child > 0, "no child for a name");
	T_CHECK(run(&t, SOON_MS, &e) == TCP_OPEN, "%s", e.msg);
	tcp_release(&t);
	T_CHECK(tcp_start(&t, STR("LocalHost."), port, true, &e), "%s", e.msg);
	T_CHECK(t.child == 0, "localhost was looked up");
	T_CHECK(t.found.n == 2, "localhost has %zu addresses", t.found.n);
	T_CHECK(run(&t, SOON_MS, &e) == TCP_OPEN, "%s", e.msg);
	tcp_release(&t);
	T_CHECK(no_child_left(), "a child is left");
	(void)close(server);
}

/* A look-up by a child that does what it is told, in place of the real one. */
static void
start_with(struct tcp *t, uint16_t port, void (*child)(int out, void *arg),
    void *arg)
{
	struct err e;
	int ends[2];

	T_CHECK(tcp_start(t, STR("127.0.0.1"), port, true, &e), "%s", e.msg);
	T_CHECK(pipe2(ends, O_NONBLOCK) == 0, "pipe");
	t->found = (struct tcp_found){ 0 };
	t->pipe = ends[0];
	t->child = fork();
	if (t->child == 0) {
		child(ends[1], arg);
		_exit(0);
	}
	(void)close(ends[1]);
}

static void
silent_child(int out, void *arg)
{
	(void)out;
	(void)arg;
	for (;;)
		(void)pause();
}

static void
mute_child(int out, void *arg)
{
	(void)out;
	(void)arg;
}

/* A child that does not answer is ended with us, whatever it does. */
static void
test_child_ends(void)
{
	struct tcp t = { 0 };
	struct err e = { 0 };

	tcp_release(&t); /* a zeroed one */
	start_with(&t, 1, silent_child, NULL);
	T_CHECK(run(&t, 50, &e) == TCP_OPENING, "decided");
	T_CHECK(!tcp_give_up(&t, &e) && e.kind == ERR_RETRY &&
		has(&e, "look-up got no answer in time"),
	    "%s", e.msg);
	tcp_release(&t);
	T_CHECK(no_child_left(), "a child is left");
	start_with(&t, 1, mute_child, NULL);
	T_CHECK(run(&t, SOON_MS, &e) == TCP_FAILED &&
		has(&e, "ended without answer"),
	    "%s", e.msg);
	tcp_release(&t);
	T_CHECK(no_child_left(), "a child is left");
}

static const struct {
	const char *name;
	struct str host;
} bad_names[] = {
	{ "empty", STR_INIT("") },
	{ "NUL", STR_INIT("local\0host") },
	{ "too long",
	    STR_INIT(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") },
	{ "empty label", STR_INIT("a..b") },
};

static void
test_bad_names(void)
{
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++) {
		struct tcp t = { 0 };
		struct err e = { 0 };
		bool ok = tcp_start(&t, bad_names[i].host, 9, true, &e) &&
		    run(&t, SOON_MS, &e) == TCP_OPEN;

		T_CHECK(!ok && e.kind == ERR_RETRY, "%s: %s", bad_names[i].name,
		    e.msg);
		T_CHECK(e.remedy[0] != '\0', "%s: no remedy",
		    bad_names[i].name);
		tcp_release(&t);
	}
	T_CHECK(no_child_left(), "a child is left");
}

/* What a look-up child might send, and what comes of it. */
static const struct {
	const char *name;
	const char *ip[6]; /* in the resolver's order */
	const char *order; /* families as they are tried: 4, 6 */
} orders[] = {
	{ "one family", { "127.0.0.1", "127.0.0.2" }, "44" },
	{ "6 first", { "::1", "::1", "127.0.0.1", "127.0.0.2" }, "6464" },
	{ "4 first", { "127.0.0.1", "127.0.0.2", "::1" }, "464" },
	{ "one 6 late", { "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1" },
	    "4644" },
	{ "many 6", { "::1", "::1", "::1", "::1", "127.0.0.1" }, "64666" },
};

static void
put_addr(struct tcp_addr *a, const char *ip)
{
	int family = strchr(ip, ':') != NULL ? AF_INET6 : AF_INET;

	*a = (struct tcp_addr){ .size = family == AF_INET6 ? 16 : 4 };
	(void)inet_pton(family, ip, a->ip);
}

static void
found_child(int out, void *arg)
{
	ssize_t ignored = write(out, arg, sizeof(struct tcp_found));

	(void)ignored;
}

static void
start_found(struct tcp *t, const char *const *ip, uint16_t port)
{
	struct tcp_found found = { 0 };

	while (found.n < 6 && ip[found.n] != NULL) {
		put_addr(&found.addr[found.n], ip[found.n]);
		found.n++;
	}
	start_with(t, port, found_child, &found);
}

static void
test_order(void)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct tcp t = { 0 };
		struct err e = { 0 };
		char got[8] = { 0 };

		start_found(&t, orders[i].ip, 1); /* nobody listens there */
		T_CHECK(run(&t, SOON_MS, &e) == TCP_FAILED, "%s",
		    orders[i].name);
		for (size_t k = 0; k < t.found.n; k++)
			got[k] = t.found.addr[k].size == 4 ? '4' : '6';
		T_CHECK(strcmp(got, orders[i].order) == 0, "%s: %s",
		    orders[i].name, got);
		T_CHECK(t.begun == t.found.n, "%s: %zu tried", orders[i].name,
		    t.begun);
		T_CHECK(has(&e, "127.0.0.1: %s", peer_refused()), "%s: %s",
		    orders[i].name, e.msg);
		tcp_release(&t);
	}
	T_CHECK(no_child_left(), "a child is left");
}

/* More addresses than a message names. */
static void
test_many_refuse(void)
{
	static const char *const ip[7] = { "127.0.0.1", "127.0.0.2",
		"127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6" };
	struct tcp t = { 0 };
	struct err e = { 0 };

	start_found(&t, ip, 1);
	T_CHECK(run(&t, SOON_MS, &e) == TCP_FAILED, "port 1 is open");
	T_CHECK(has(&e, "127.0.0.4: %s; and 2 more", peer_refused()), "%s",
	    e.msg);
	tcp_release(&t);
}

/*
 * A listener that nobody accepts from and whose queue is full: further
 * connections hang, as with a host that a firewall hides.
 */
static int
dead_listener(const char *ip, uint16_t *port, int *fill, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = peer_listen(ip, 0, port);

	(void)inet_pton(AF_INET, ip, &a.sin_addr);
	a.sin_port = htons(*port);
	for (size_t i = 0; i < n; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&a, sizeof(a));
	}
	(void)os_poll(NULL, 0, os_mono_ms() + 20);
	return fd;
}

static void
test_dead_first(void)
{
	/* dead; refuses, after which the next begins at once; alive */
	static const char *const ip[7] = { "127.0.0.2", "127.0.0.3",
		"127.0.0.1" };
	struct tcp t = { 0 };
	struct err e = { 0 };
	uint16_t port = 0;
	int fill[4], live, dead;
	int64_t began, took;

	live = peer_listen("127.0.0.1", 4, &port);
	dead = dead_listener("127.0.0.2", &port, fill, 4);
	T_CHECK(live >= 0 && dead >= 0, "cannot listen");
	began = os_mono_ms();
	start_found(&t, ip, port);
	T_CHECK(run(&t, SOON_MS, &e) == TCP_OPEN, "%s", e.msg);
	took = os_mono_ms() - began;
	T_CHECK(t.winner == 2, "number %zu won", t.winner);
	T_CHECK(took >= TCP_STAGGER_MS && took < 2 * TCP_STAGGER_MS, "%d ms",
	    (int)took);
	tcp_release(&t);
	(void)close(live);
	/* without the live one: gives up, and says of each what it did */
	start_found(&t, ip, port);
	T_CHECK(run(&t, TCP_STAGGER_MS + 100, &e) == TCP_OPENING, "decided");
	T_CHECK(!tcp_give_up(&t, &e), "gave up");
	T_CHECK(has(&e,
		    "127.0.0.2: no answer in time; 127.0.0.3: %s; "
		    "127.0.0.1: %s",
		    peer_refused(), peer_refused()),
	    "%s", e.msg);
	T_CHECK(e.remedy[0] != '\0', "no remedy");
	tcp_release(&t);
	for (size_t i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(dead);
}

/* One that refuses does not cost the stagger. */
static void
test_refused_first(void)
{
	static const char *const ip[7] = { "127.0.0.2", "127.0.0.1" };
	struct tcp t = { 0 };
	struct err e = { 0 };
	uint16_t port = 0;
	int live = peer_listen("127.0.0.1", 4, &port);
	int64_t began = os_mono_ms();

	start_found(&t, ip, port);
	T_CHECK(run(&t, SOON_MS, &e) == TCP_OPEN, "%s", e.msg);
	T_CHECK(os_mono_ms() - began < TCP_STAGGER_MS, "waited");
	tcp_release(&t);
	(void)close(live);
}

/* What the child found out by getaddrinfo's codes. */
static const struct {
	int code, sys;
	const char *told;
} codes[] = {
	{ EAI_NONAME, 0, "the name is not known" },
	{ EAI_AGAIN, 0, "the name server does not answer" },
	{ EAI_SYSTEM, EMFILE, "the name look-up failed: " },
	{ EAI_MEMORY, 0, "out of memory" },
	{ 12345, 0, "code 12345" },
};

static void
test_codes(void)
{
	if (access("/etc/resolv.conf", R_OK) < 0) {
		t_skip("no /etc/resolv.conf, which comes first");
		return;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct tcp_found found = { .code = codes[i].code,
			.sys = codes[i].sys };
		struct tcp t = { 0 };
		struct err e = { 0 };

		start_with(&t, 1, found_child, &found);
		T_CHECK(run(&t, SOON_MS, &e) == TCP_FAILED &&
			e.kind == ERR_RETRY && has(&e, "%s", codes[i].told) &&
			(found.sys == 0 || has(&e, "%s", strerror(found.sys))),
		    "%s: %s", codes[i].told, e.msg);
		tcp_release(&t);
	}
}

static const struct t_test tests[] = {
	{ "literal", test_literal },
	{ "name", test_name },
	{ "child_ends", test_child_ends },
	{ "bad_names", test_bad_names },
	{ "order", test_order },
	{ "many_refuse", test_many_refuse },
	{ "dead_first", test_dead_first },
	{ "refused_first", test_refused_first },
	{ "codes", test_codes },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
