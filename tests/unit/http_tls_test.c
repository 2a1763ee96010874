/* SPDX-License-Identifier: MIT */
/* HTTP over TLS: where a stream ends, and what is no input. */
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "pair.h"
#include "peer.h"
#include "site.h"
#include "t.h"

enum { SERVER_MS = 30000, PAUSE_MS = 100 };

#define UNTIL_CLOSE "HTTP/1.1 200 OK\r\n\r\nall that there is"

/* What the server does is told by the path of the request. */
static const struct {
	const char *path;
	struct str answer;
	bool early; /* before the body is read */
	enum { GO_ON, GOODBYE, CUT, RESET, SLOW } then;
	/* what it means */
	size_t body;
	int status; /* 0: fails */
	enum err_kind kind;
	unsigned connections; /* after two such calls */
} rows[] = {
	/* clang-format off */
	{ "/keep", STR_INIT(ACCEPTED), false, GO_ON, SMALL, 202, ERR_NONE, 1 },
	{ "/large", STR_INIT(ACCEPTED), false, GO_ON, LARGE, 202, ERR_NONE,
	  1 },
	{ "/close", STR_INIT(UNTIL_CLOSE), false, GOODBYE, SMALL, 200,
	  ERR_NONE, 2 },
	/* RFC 8446 6.1: without close_notify it may have been longer */
	{ "/cut", STR_INIT(UNTIL_CLOSE), false, CUT, SMALL, 0, ERR_UNSURE, 2 },
	{ "/reset", STR_INIT(UNTIL_CLOSE), false, RESET, SMALL, 0, ERR_UNSURE,
	  2 },
	/* but not what has told its length */
	{ "/complete", STR_INIT(ACCEPTED), false, CUT, SMALL, 202, ERR_NONE,
	  2 },
	{ "/nothing", STR_INIT(""), false, CUT, SMALL, 0, ERR_UNSURE, 2 },
	{ "/early", STR_INIT(TOO_LARGE), true, GO_ON, HUGE, 413, ERR_NONE, 2 },
	{ "/early-nothing", STR_INIT(""), true, CUT, HUGE, 0, ERR_RETRY, 2 },
	{ "/slow", STR_INIT(ACCEPTED), false, SLOW, SMALL, 202, ERR_NONE, 1 },
	/* clang-format on */
};

struct service {
	struct site site;
	struct peer peer;
};

/* --- the server --- */

/* Reads a head, and its body unless the row says early. Its row, or N. */
static size_t
take_request(struct conn *c)
{
	static char in[1 << 16];
	struct str head = { in, 0 }, path;
	uint64_t length = 0, have;
	size_t got, row, end;
	struct err e;

	do {
		if (head.n == sizeof(in) ||
		    !conn_read(c, in + head.n, sizeof(in) - head.n, &got,
			os_mono_ms() + SERVER_MS, &e) ||
		    got == 0)
			return N(rows);
		head.n += got;
		end = str_find(head, STR("\r\n\r\n"));
	} while (end == head.n);
	path = str_from(head, str_chr(head, ' ') + 1);
	path = str_first(path, str_chr(path, ' '));
	for (row = 0; row < N(rows); row++)
		if (str_eq(path, str_of(rows[row].path)))
			break;
	have = head.n - end - 4;
	head = str_from(head, str_find(head, STR("Content-Length: ")) + 16);
	(void)str_u64(str_first(head, str_chr(head, '\r')), UINT32_MAX,
	    &length);
	for (; row < N(rows) && !rows[row].early && have < length; have += got)
		if (!conn_read(c, in, sizeof(in), &got,
			os_mono_ms() + SERVER_MS, &e) ||
		    got == 0)
			return N(rows);
	return row;
}

static bool
answer(struct conn *c, int fd, size_t row)
{
	struct conn_write how = { os_mono_ms() + SERVER_MS, false };
	size_t left;
	struct err e;

	if (row < N(rows) && rows[row].then == SLOW)
		(void)os_poll(NULL, 0, os_mono_ms() + PAUSE_MS);
	if (row == N(rows) || !conn_write(c, rows[row].answer, how, &left, &e))
		return false;
	if (rows[row].then == CUT)
		(void)shutdown(fd, SHUT_WR); /* TLS does not know */
	if (rows[row].then == RESET)
		conn_abort(c);
	return (rows[row].then == GO_ON || rows[row].then == SLOW) &&
	    !rows[row].early;
}

static void
serve(int fd, void *arg)
{
	struct service *s = arg;
	struct conn c = { 0 };
	struct err e;

	if (!conn_accept(&c, fd, &s->site.cert, os_mono_ms() + SERVER_MS, &e) ||
	    !conn_open(&c, &e)) {
		conn_close(&c);
		return;
	}
	while (answer(&c, fd, take_request(&c)))
		continue;
	conn_close(&c);
}

/* --- the client --- */

static bool
service_start(struct service *s)
{
	*s = (struct service){ 0 };
	site_make(&s->site, STR("127.0.0.1"));
	return peer_start(&s->peer, "127.0.0.1", serve, s);
}

static void
service_stop(struct service *s)
{
	peer_stop(&s->peer);
	site_end(&s->site);
}

static void
client_start(struct pair *p, const struct service *s, const char *path)
{
	struct http_conf conf = {
		.trust = &s->site.trust,
		.connect_timeout_ms = 10000,
	};
	struct err e;

	*p = (struct pair){ 0 };
	(void)snprintf(p->text, sizeof(p->text), "https://127.0.0.1:%u%s",
	    s->peer.port, path);
	T_CHECK(url_parse(str_of(p->text), &p->url, &e), "%s", e.msg);
	http_init(&p->http, &conf);
}

static void
check_row(const struct service *s, size_t i, bool warm)
{
	struct http_request r;
	struct pair p;
	struct err e;
	int status;

	client_start(&p, s, rows[i].path);
	if (warm)
		http_warm(&p.http, &p.url);
	for (int call = 0; call < 2; call++) {
		e = (struct err){ 0 };
		r = pair_post(&p, rows[i].body, LONG_MS);
		status = pair_call(&p, &r, &e);
		T_CHECK(status == rows[i].status, "%s: %d, %s", rows[i].path,
		    status, e.msg);
		T_CHECK(status != 0 || e.kind == rows[i].kind, "%s: %s, %s",
		    rows[i].path, err_kind_name(e.kind), e.msg);
		/* tickets and a goodbye come in the meantime */
		(void)os_poll(NULL, 0, os_mono_ms() + 5);
	}
	T_CHECK(p.http.connections == rows[i].connections, "%s: %u connections",
	    rows[i].path, p.http.connections);
	http_release(&p.http);
}

static void
test_rows(void)
{
	struct service s;

	if (service_start(&s))
		for (size_t i = 0; i < N(rows); i++)
			check_row(&s, i, rows[i].status != 0 && i % 2 == 0);
	service_stop(&s);
}

/* While one is asked, the other shakes hands. */
static void
test_beside(void)
{
	struct service a, b;
	struct pair p, q;
	struct conn *beside;

	if (service_start(&a) && service_start(&b)) {
		client_start(&p, &a, "/slow");
		client_start(&q, &b, "/keep");
		p.http.conf.trust = &b.site.trust;
		http_warm(&p.http, &q.url);
		beside = &p.http.slot[0].conn;
		p.http.conf.trust = &a.site.trust;
		T_CHECK(pair_small(&p) == 202, "the first");
		T_CHECK(str_starts(conn_describe(beside), STR("TLS")),
		    "still opening");
		p.url = q.url;
		T_CHECK(pair_small(&p) == 202, "the second");
		T_CHECK(p.http.connections == 2, "%u", p.http.connections);
		http_release(&p.http);
		http_release(&q.http);
		service_stop(&b);
	}
	service_stop(&a);
}

/* A server of another name or issuer gets no request. */
static void
test_not_trusted(void)
{
	struct http_request r;
	struct service s, other;
	struct pair p;
	struct err e;

	if (service_start(&s)) {
		other = s;
		T_CHECK(trust_open(&other.site.trust, STR("builtin"), STR(""),
			    &e),
		    "%s", e.msg);
		client_start(&p, &other, "/keep");
		r = pair_post(&p, SMALL, LONG_MS);
		T_CHECK(pair_call(&p, &r, &e) == 0 && e.kind == ERR_RETRY, "%s",
		    e.msg);
		T_CHECK(p.http.requests == 0, "%u", p.http.requests);
		http_release(&p.http);
		trust_release(&other.site.trust);
	}
	service_stop(&s);
}

static const struct t_test tests[] = {
	{ "where a stream ends", test_rows },
	{ "opened beside", test_beside },
	{ "not trusted", test_not_trusted },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
