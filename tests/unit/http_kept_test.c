/* SPDX-License-Identifier: MIT */
/* Connections: kept, replaced, opened beside. */
#include "net/http.h"

#include "base/os.h"
#include "pair.h"
#include "t.h"

/* Kept connections: what the first request leaves, and the second meets. */
static const struct {
	const char *name;
	struct serve_step step[3];
	bool wait_closed; /* before the second request */
	bool repeatable;
	int status; /* of the second request; 0: fails as UNSURE */
	unsigned connections;
} kept[] = {
	/* clang-format off */
	{ "used again", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, false, 202, 1 },
	{ "Connection: close", {
	    { SERVE_ALL, STR_INIT("HTTP/1.1 202 A\r\nConnection: close\r\n"
	      "Content-Length: 0\r\n\r\n"), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, false, 202, 2 },
	{ "HTTP/1.0", {
	    { SERVE_ALL, STR_INIT("HTTP/1.0 202 A\r\nContent-Length: 0\r\n"
	      "\r\n"), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, false, 202, 2 },
	{ "bytes after the answer", {
	    { SERVE_ALL, STR_INIT(ACCEPTED "x"), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, false, 202, 2 },
	{ "another answer after the answer", {
	    { SERVE_ALL, STR_INIT(ACCEPTED ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(TOO_LARGE), SERVE_KEEP, 0 } },
	  false, false, 413, 2 },
	{ "closed while idle", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_CLOSE, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  true, false, 202, 2 },
	{ "reset while idle", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_RESET, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  true, false, 202, 2 },
	/* what some servers say before they close an idle connection */
	{ "408 while idle", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_PAUSE, STR_INIT("HTTP/1.1 408 Request Timeout\r\n"
	      "Connection: close\r\nContent-Length: 0\r\n\r\n"),
	      SERVE_CLOSE, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  true, false, 202, 2 },
	{ "closed as the request came", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, false, 0, 1 },
	{ "the same, repeatable", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, true, 202, 2 },
	{ "reset as the request came, repeatable", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT(""), SERVE_RESET, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, true, 202, 2 },
	{ "a byte of the answer came", {
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	    { SERVE_ALL, STR_INIT("H"), SERVE_CLOSE, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  false, false, 0, 1 },
	/* clang-format on */
};

static void
check_kept(size_t i)
{
	struct http_request r;
	struct pair p;
	struct err e = { 0 };
	int status;

	pair_start(&p, kept[i].step, pair_steps(kept[i].step));
	T_CHECK(pair_small(&p) == 202, "%s: the first", kept[i].name);
	if (kept[i].wait_closed)
		T_CHECK(serve_wait_closed(&p.server, 1), "%s", kept[i].name);
	r = pair_post(&p, SMALL, LONG_MS);
	r.repeatable = kept[i].repeatable;
	status = pair_call(&p, &r, &e);
	T_CHECK(status == kept[i].status, "%s: %d, %s", kept[i].name, status,
	    e.msg);
	T_CHECK(status != 0 || e.kind == ERR_UNSURE, "%s: %s", kept[i].name,
	    e.msg);
	T_CHECK(atomic_load(&p.server.seen->connections) == kept[i].connections,
	    "%s: %u connections", kept[i].name,
	    atomic_load(&p.server.seen->connections));
	T_CHECK(p.http.connections == kept[i].connections, "%s: says %u",
	    kept[i].name, p.http.connections);
	pair_stop(&p);
}

static void
test_kept(void)
{
	for (size_t i = 0; i < N(kept); i++)
		check_kept(i);
}

/* A large request that breaks on a kept connection was not taken: again. */
static void
test_kept_breaks_while_writing(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
		{ SERVE_HEAD, STR_INIT(""), SERVE_RESET, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct http_request r;
	struct pair p;
	struct err e;

	pair_start(&p, step, N(step));
	T_CHECK(pair_small(&p) == 202, "the first");
	r = pair_post(&p, HUGE, LONG_MS);
	T_CHECK(pair_call(&p, &r, &e) == 202, "%s", e.msg);
	T_CHECK(p.http.connections == 2, "%u", p.http.connections);
	pair_stop(&p);
}

static void
test_idle(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct pair p;

	pair_start(&p, step, N(step));
	T_CHECK(pair_small(&p) == 202, "the first");
	for (size_t i = 0; i < HTTP_ORIGINS; i++)
		p.http.slot[i].idle_since -= HTTP_IDLE_MS + 1;
	T_CHECK(pair_small(&p) == 202, "the second");
	T_CHECK(p.http.connections == 2, "%u", p.http.connections);
	pair_stop(&p);
}

/* One origin more than there are places: the oldest makes room. */
static void
test_origins(void)
{
	static const size_t order[] = { 0, 1, 2, 1, 3, 1, 2, 3, 0 };
	struct serve_step step = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		0 };
	struct http_request r;
	struct http_answer a;
	struct pair p[4];
	struct err e;

	for (size_t i = 0; i < N(p); i++) {
		serve_start(&p[i].server, &step, 1, true);
		pair_client(&p[i], NULL);
	}
	for (size_t i = 0; i < N(order); i++) {
		r = pair_post(&p[order[i]], SMALL, LONG_MS);
		T_CHECK(http_call(&p[0].http, &r, &a, &e), "%s", e.msg);
		http_answer_release(&a);
		/* times that differ: a millisecond is too coarse */
		for (size_t k = 0; k < HTTP_ORIGINS; k++)
			p[0].http.slot[k].idle_since -= 2;
	}
	T_CHECK(p[0].http.connections == 5, "%u", p[0].http.connections);
	for (size_t i = 0; i < N(p); i++)
		pair_stop(&p[i]);
}

/* Both connections open while the first call waits. */
static void
test_warm(void)
{
	struct serve_step slow = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		10 };
	struct serve_step dies[] = {
		{ SERVE_NOTHING, STR_INIT(""), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct http_request r;
	struct pair a, b;
	struct err e;

	serve_start(&a.server, &slow, 1, true);
	pair_client(&a, NULL);
	pair_start(&b, dies, N(dies));
	http_warm(&a.http, &a.url);
	http_warm(&a.http, &a.url);
	http_warm(&a.http, &b.url);
	T_CHECK(a.http.connections == 2, "%u", a.http.connections);
	T_CHECK(pair_small(&a) == 202, "the first");
	T_CHECK(a.http.connections == 2, "%u", a.http.connections);
	/* the one beside was open by then, and is closed when it is wanted */
	T_CHECK(serve_wait_closed(&b.server, 1), "it did not open");
	r = pair_post(&b, SMALL, LONG_MS);
	T_CHECK(pair_call(&a, &r, &e) == 202, "%s", e.msg);
	T_CHECK(a.http.connections == 3, "%u", a.http.connections);
	pair_stop(&a);
	pair_stop(&b);
}

static const struct t_test tests[] = {
	{ "kept connections", test_kept },
	{ "a kept connection breaks while writing",
	    test_kept_breaks_while_writing },
	{ "idle connections", test_idle },
	{ "more origins than places", test_origins },
	{ "opened beside", test_warm },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
