/* SPDX-License-Identifier: MIT */
/* Connections and requests through a proxy, which may behave badly. */
#include "net/http.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "net/tcp.h"
#include "pair.h"
#include "peer.h"
#include "site.h"
#include "t.h"

enum { SERVER_MS = 30000, SOON_MS = 300 };

#define YES   "HTTP/1.1 200 Connection established\r\n\r\n"
#define BASIC "Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n"

/* How the proxy answers CONNECT. */
enum way { WHOLE, DRIP, HANG, CLOSE, RESET, NOBODY };

/* clang-format off */
static const struct {
	const char *name, *user; /* "user:password@" */
	struct str answer;
	enum way way;
	int status; /* 0: the request fails */
	enum err_kind kind;
	const char *says;
} rows[] = {
	{ "tunnel", "", STR_INIT(YES), WHOLE, 202, ERR_NONE,
	  NULL },
	{ "drips", "", STR_INIT(YES), DRIP, 202, ERR_NONE,
	  NULL },
	{ "password", "u:p@", STR_INIT(YES), WHOLE, 202,
	  ERR_NONE, NULL },
	{ "407", "", STR_INIT("HTTP/1.1 407 No\r\n" BASIC),
	  HANG, 0, ERR_CONFIG, "wants a user name and a password" },
	{ "403 until close", "",
	  STR_INIT("HTTP/1.1 403 No\r\n\r\nby rule 7"), CLOSE, 0, ERR_CONFIG,
	  "403 No (\"by rule 7\")" },
	{ "403 and no end", "",
	  STR_INIT("HTTP/1.1 403 No\r\n\r\nby rule 7"), HANG, 0, ERR_CONFIG,
	  "403 No (\"by rule 7\")" },
	{ "502", "",
	  STR_INIT("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"), HANG, 0,
	  ERR_RETRY, "502 No" },
	{ "web server", "",
	  STR_INIT("HTTP/1.1 200 OK\r\n\r\n<html>"), HANG, 0, ERR_CONFIG,
	  "not answer as an HTTP proxy" },
	{ "mail server", "", STR_INIT("220 mail\r\n"), HANG,
	  0, ERR_CONFIG, "not answer as an HTTP proxy" },
	{ "silent", "", STR_INIT(""), HANG, 0, ERR_RETRY,
	  "gave no answer in time before it connected to graph.test:" },
	{ "closes", "", STR_INIT(""), CLOSE, 0, ERR_RETRY,
	  "closed the connection before it connected to graph.test:" },
	{ "resets", "", STR_INIT("HTTP/1.1"), RESET, 0,
	  ERR_RETRY, "closed the connection before" },
	{ "nobody there", "", STR_INIT(""), NOBODY, 0,
	  ERR_RETRY, "through the proxy 127.0.0.1:1 (from HERE)" },
	{ "closes after yes", "", STR_INIT(YES), CLOSE, 0,
	  ERR_RETRY, "TLS with graph.test:" },
};
/* clang-format on */

static struct scene {
	struct site site;
	struct peer server, proxy;
	size_t row; /* that the proxy plays */
} scene;

/* --- the server behind the proxy: 202 to everything --- */

static bool
serve_one(struct conn *c)
{
	struct conn_write how = { os_mono_ms() + SERVER_MS, false };
	static char in[1 << 16];
	struct str head = { in, 0 };
	size_t got, left;
	struct err e;

	do {
		if (!conn_read(c, in + head.n, sizeof(in) - head.n, &got,
			os_mono_ms() + SERVER_MS, &e) ||
		    got == 0)
			return false;
		head.n += got;
	} while (str_find(head, STR("\r\n\r\n")) + 4 + SMALL > head.n);
	return conn_write(c, STR(ACCEPTED), how, &left, &e);
}

static void
serve(int fd, void *arg)
{
	struct conn c = { 0 };
	struct err e;

	(void)arg;
	if (conn_accept(&c, fd, &scene.site.cert, os_mono_ms() + SERVER_MS,
		&e) &&
	    conn_open(&c, &e))
		while (serve_one(&c))
			continue;
	conn_close(&c);
}

/* --- the proxy --- */

static bool
pass(int from, int to)
{
	char piece[16384];
	ssize_t n = recv(from, piece, sizeof(piece), 0);

	return n > 0 && send(to, piece, (size_t)n, MSG_NOSIGNAL) == n;
}

static void
splice_both(int fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN } };
	struct tcp tcp = { 0 };
	struct err e;

	if (!tcp_start(&tcp, STR("127.0.0.1"), scene.server.port, true, &e))
		return;
	while (tcp_step(&tcp, &e) == TCP_OPENING)
		(void)os_poll(NULL, 0, os_mono_ms() + 1);
	p[1] = (struct pollfd){ .fd = tcp_take(&tcp), .events = POLLIN };
	while (p[1].fd >= 0 && os_poll(p, 2, os_mono_ms() + SERVER_MS) > 0 &&
	    !(p[0].revents != 0 && !pass(p[0].fd, p[1].fd)) &&
	    !(p[1].revents != 0 && !pass(p[1].fd, p[0].fd)))
		continue;
	os_close(&p[1].fd);
	tcp_release(&tcp);
}

static void
say(int fd, struct str s, bool drip)
{
	size_t n = drip ? 1 : s.n;

	for (; s.n > 0; s = str_from(s, n)) {
		if (send(fd, s.p, n, MSG_NOSIGNAL) < 0)
			return;
		if (drip)
			(void)os_poll(NULL, 0, os_mono_ms() + 1);
	}
}

/* Reads CONNECT; true if it is what it has to be. */
static bool
take_connect(int fd)
{
	char text[4096], want[512];
	struct str head = { text, 0 };
	ssize_t n;

	do {
		n = recv(fd, text + head.n, sizeof(text) - head.n, 0);
		head.n += n > 0 ? (size_t)n : 0;
	} while (n > 0 && !str_ends(head, STR("\r\n\r\n")));
	(void)snprintf(want, sizeof(want),
	    "CONNECT graph.test:%u HTTP/1.1\r\nHost: graph.test:%u\r\n%s\r\n",
	    scene.server.port, scene.server.port,
	    rows[scene.row].user[0] != '\0' ?
		"Proxy-Authorization: Basic dTpw\r\n" :
		"");
	return str_eq(head, str_of(want));
}

static void
play(int fd, void *arg)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	enum way way = rows[scene.row].way;
	char one;

	(void)arg;
	if (!take_connect(fd)) {
		say(fd, STR("HTTP/1.1 400 Not what was expected\r\n\r\n"),
		    false);
		(void)close(fd);
		return;
	}
	say(fd, rows[scene.row].answer, way == DRIP);
	if (way == WHOLE || way == DRIP)
		splice_both(fd);
	if (way == HANG)
		while (recv(fd, &one, 1, 0) > 0)
			continue;
	if (way == RESET)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
	(void)close(fd);
}

/* --- the client --- */

static void
set_up(void)
{
	site_make(&scene.site, STR("graph.test"));
	if (!peer_start(&scene.server, "127.0.0.1", serve, NULL))
		exit(1);
}

static void
tear_down(void)
{
	peer_stop(&scene.server);
	site_end(&scene.site);
	memset(&scene, 0, sizeof(scene));
}

/* A client whose proxy plays that row. */
static void
begin(struct pair *p, struct proxy *proxy, size_t row, int ms)
{
	struct http_conf conf = {
		.trust = &scene.site.trust,
		.proxy = proxy,
		.session_folder = str_of(scene.site.folder),
		.connect_timeout_ms = ms,
	};
	char text[64];
	struct err e;

	scene.row = row;
	*p = (struct pair){ 0 };
	scene.proxy.port = 0;
	T_CHECK(peer_start(&scene.proxy, "127.0.0.1", play, NULL), "peer");
	(void)snprintf(text, sizeof(text), "http://%s127.0.0.1:%u",
	    rows[row].user, rows[row].way == NOBODY ? 1 : scene.proxy.port);
	T_CHECK(proxy_parse(str_of(text), proxy, &e), "%s", e.msg);
	proxy->origin = STR("from HERE");
	(void)snprintf(p->text, sizeof(p->text), "https://graph.test:%u/x",
	    scene.server.port);
	T_CHECK(url_parse(str_of(p->text), &p->url, &e), "%s", e.msg);
	http_init(&p->http, &conf);
}

static void
end(struct pair *p, struct proxy *proxy)
{
	http_release(&p->http);
	proxy_release(proxy);
	peer_stop(&scene.proxy);
}

static void
check_row(size_t i)
{
	int ms = rows[i].way == HANG ? SOON_MS : LONG_MS, status;
	struct http_request r;
	struct proxy proxy;
	struct pair p;
	struct err e = { 0 };

	begin(&p, &proxy, i, ms);
	if (i % 2 == 0)
		http_warm(&p.http, &p.url);
	r = pair_post(&p, SMALL, LONG_MS);
	status = pair_call(&p, &r, &e);
	T_CHECK(status == rows[i].status, "%s: %d, %s", rows[i].name, status,
	    e.msg);
	T_CHECK(status != 0 || e.kind == rows[i].kind, "%s: %s", rows[i].name,
	    err_kind_name(e.kind));
	T_CHECK(rows[i].says == NULL || strstr(e.msg, rows[i].says) != NULL,
	    "%s: %s", rows[i].name, e.msg);
	T_CHECK(p.http.requests == (status != 0), "%s: %u requests",
	    rows[i].name, p.http.requests);
	end(&p, &proxy);
}

static void
test_rows(void)
{
	set_up();
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
	tear_down();
}

/* One tunnel for many requests, and the next resumes its TLS session. */
static void
test_kept(void)
{
	struct proxy proxy;
	struct pair p;
	struct str how;

	set_up();
	begin(&p, &proxy, 0, LONG_MS);
	for (int i = 0; i < 3; i++)
		T_CHECK(pair_small(&p) == 202, "call %d", i);
	T_CHECK(p.http.connections == 1, "%u connections", p.http.connections);
	end(&p, &proxy);
	begin(&p, &proxy, 0, LONG_MS);
	T_CHECK(pair_small(&p) == 202, "again");
	how = conn_describe(&p.http.slot[0].conn);
	T_CHECK(str_ends(how, STR("resumed")), "%.*s", STR_ARG(how));
	end(&p, &proxy);
	tear_down();
}

/* The certificate must be the server's: a proxy cannot speak for it. */
static void
test_not_trusted(void)
{
	struct trust builtin;
	struct http_request r;
	struct proxy proxy;
	struct pair p;
	struct err e;

	set_up();
	begin(&p, &proxy, 0, LONG_MS);
	T_CHECK(trust_open(&builtin, STR("builtin"), STR(""), &e), "%s", e.msg);
	p.http.conf.trust = &builtin;
	r = pair_post(&p, SMALL, LONG_MS);
	T_CHECK(pair_call(&p, &r, &e) == 0 && e.kind == ERR_RETRY, "%s", e.msg);
	T_CHECK(strstr(e.msg, "TLS with graph.test:") != NULL, "%s", e.msg);
	T_CHECK(p.http.requests == 0, "%u", p.http.requests);
	end(&p, &proxy);
	trust_release(&builtin);
	tear_down();
}

/* Who is excepted is looked for without the proxy: there is no such name. */
static void
test_excepted(void)
{
	struct http_request r;
	struct proxy proxy;
	struct pair p;
	struct err e;

	set_up();
	begin(&p, &proxy, 0, LONG_MS);
	proxy.direct = STR("other.test, .TEST");
	r = pair_post(&p, SMALL, LONG_MS);
	T_CHECK(pair_call(&p, &r, &e) == 0 && e.kind == ERR_RETRY, "%s", e.msg);
	T_CHECK(strstr(e.msg, "proxy") == NULL, "%s", e.msg);
	end(&p, &proxy);
	tear_down();
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "kept", test_kept },
	{ "not trusted", test_not_trusted },
	{ "excepted", test_excepted },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
