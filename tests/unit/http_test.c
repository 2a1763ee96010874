/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/os.h"
#include "pair.h"
#include "t.h"

/* What one request meets, and what that means. */
static const struct {
	const char *name;
	struct serve_step step[3];
	size_t body;
	bool repeatable;
	int ms;             /* deadline */
	int status;         /* 0: fails */
	enum err_kind kind; /* then, or of a body that was cut */
	const char *says;   /* in its message; with a status: it was cut */
} rows[] = {
	/* clang-format off */
	{ "accepted", { { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "empty", { { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  0, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "large", { { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  LARGE, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "chunked", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	    SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_NONE, NULL },
	{ "until close", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n\r\nabc"),
	    SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_NONE, NULL },
	{ "until reset", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n\r\nabc"),
	    SERVE_RESET, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_UNSURE, "answer was lost" },
	{ "complete, then reset", { { SERVE_ALL, STR_INIT(ACCEPTED),
	    SERVE_RESET, 0 } },
	  SMALL, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "interim", { { SERVE_ALL,
	    STR_INIT("HTTP/1.1 100 Continue\r\n\r\n" ACCEPTED), SERVE_KEEP,
	    0 } },
	  SMALL, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "interim in the middle of the body", {
	    { SERVE_HEAD, STR_INIT("HTTP/1.1 100 Continue\r\n\r\n"),
	      SERVE_KEEP, 0 },
	    { SERVE_BODY, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  LARGE, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "half an answer in the middle of the body", {
	    { SERVE_HEAD, STR_INIT("HTTP/1.1 202 Acce"), SERVE_KEEP, 0 },
	    { SERVE_BODY, STR_INIT("pted\r\nContent-Length: 0\r\n\r\n"),
	      SERVE_KEEP, 0 } },
	  LARGE, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "portal", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n"
	    "Content-Length: 6\r\n\r\n<html>"), SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_NONE, NULL },
	{ "redirect is not followed", { { SERVE_ALL,
	    STR_INIT("HTTP/1.1 307 Moved\r\nLocation: /x\r\n"
	    "Content-Length: 0\r\n\r\n"), SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 307, ERR_NONE, NULL },
	{ "early refusal, then close", { { SERVE_HEAD, STR_INIT(TOO_LARGE),
	    SERVE_CLOSE, 0 } },
	  LARGE, false, LONG_MS, 413, ERR_NONE, NULL },
	{ "early refusal, unread body", { { SERVE_HEAD, STR_INIT(TOO_LARGE),
	    SERVE_STALL, 0 } },
	  HUGE, false, LONG_MS, 413, ERR_NONE, NULL },
	{ "early refusal, cut", { { SERVE_HEAD, STR_INIT(TOO_LARGE),
	    SERVE_STALL, 30 } },
	  HUGE, false, LONG_MS, 413, ERR_NONE, NULL },
	{ "early refusal, incomplete", { { SERVE_HEAD,
	    STR_INIT("HTTP/1.1 413 No\r\nContent-Length: 9\r\n\r\nbig!"),
	    SERVE_CLOSE, 0 } },
	  HUGE, false, LONG_MS, 413, ERR_RETRY, "127.0.0.1" },
	{ "early refusal, broken chunk", { { SERVE_HEAD,
	    STR_INIT("HTTP/1.1 413 No\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "zz\r\n"), SERVE_CLOSE, 0 } },
	  HUGE, false, LONG_MS, 413, ERR_RETRY, "no sound HTTP" },
	{ "early success is not believed", { { SERVE_HEAD, STR_INIT(ACCEPTED),
	    SERVE_HANG, 0 } },
	  HUGE, false, LONG_MS, 0, ERR_UNSURE, "before it had the whole" },
	{ "early success, cut", { { SERVE_HEAD, STR_INIT("HTTP/1.1 202 Accepted"
	    "\r\nContent-Length: 9\r\n\r\n"), SERVE_CLOSE, 0 } },
	  HUGE, false, LONG_MS, 0, ERR_UNSURE, "before it had the whole" },
	{ "closed at once", { { SERVE_NOTHING, STR_INIT(""), SERVE_CLOSE, 0 } },
	  HUGE, false, LONG_MS, 0, ERR_RETRY, NULL },
	{ "closed in the middle of the body", { { SERVE_HEAD, STR_INIT(""),
	    SERVE_CLOSE, 0 } },
	  HUGE, false, LONG_MS, 0, ERR_RETRY, NULL },
	{ "reset in the middle of the body", { { SERVE_HEAD, STR_INIT(""),
	    SERVE_RESET, 0 } },
	  HUGE, false, LONG_MS, 0, ERR_RETRY, NULL },
	{ "never reads", { { SERVE_NOTHING, STR_INIT(""), SERVE_STALL, 0 } },
	  HUGE, false, SHORT_MS, 0, ERR_RETRY, NULL },
	{ "closed without an answer", { { SERVE_ALL, STR_INIT(""),
	    SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "answer was lost" },
	{ "the same, repeatable", { { SERVE_ALL, STR_INIT(""), SERVE_CLOSE,
	    0 } },
	  SMALL, true, LONG_MS, 0, ERR_RETRY, "without an answer" },
	{ "reset without an answer", { { SERVE_ALL, STR_INIT(""), SERVE_RESET,
	    0 } },
	  LARGE, false, LONG_MS, 0, ERR_UNSURE, "answer was lost" },
	{ "closed in the head", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 Acc"),
	    SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "end of the head" },
	{ "closed in the body", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 Accepted"
	    "\r\nContent-Length: 3\r\n\r\nab"), SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 202, ERR_UNSURE, "end of the body" },
	{ "reset in the body", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 Accepted"
	    "\r\nTransfer-Encoding: chunked\r\n\r\n"), SERVE_RESET, 0 } },
	  SMALL, false, LONG_MS, 202, ERR_UNSURE, "answer was lost" },
	{ "closed in the body, repeatable", { { SERVE_ALL,
	    STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"),
	    SERVE_CLOSE, 0 } },
	  SMALL, true, LONG_MS, 200, ERR_RETRY, "end of the body" },
	{ "refusal, cut in the body", { { SERVE_ALL, STR_INIT("HTTP/1.1 403 No"
	    "\r\nContent-Length: 3\r\n\r\nab"), SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 403, ERR_UNSURE, "end of the body" },
	{ "refusal, broken chunk", { { SERVE_ALL, STR_INIT("HTTP/1.1 400 No"
	    "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 400, ERR_UNSURE, "no sound HTTP" },
	{ "refusal, body never comes", { { SERVE_ALL, STR_INIT("HTTP/1.1 404 "
	    "No\r\nContent-Length: 3\r\n\r\n"), SERVE_HANG, 0 } },
	  SMALL, false, SHORT_MS, 404, ERR_UNSURE, "no answer in time" },
	{ "refusal, cut in the head", { { SERVE_ALL, STR_INIT("HTTP/1.1 403 No"
	    "\r\nContent-Length: 3\r\n"), SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "end of the head" },
	{ "busy, cut in the body", { { SERVE_ALL, STR_INIT("HTTP/1.1 503 No"
	    "\r\nRetry-After: 9\r\nContent-Length: 3\r\n\r\nab"), SERVE_CLOSE,
	    0 } },
	  SMALL, false, LONG_MS, 503, ERR_UNSURE, "end of the body" },
	{ "failure with a time, cut in the body", { { SERVE_ALL,
	    STR_INIT("HTTP/1.1 500 No\r\nRetry-After: 9\r\n"
	    "Content-Length: 3\r\n\r\nab"), SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 500, ERR_UNSURE, "end of the body" },
	{ "failure, cut in the body", { { SERVE_ALL, STR_INIT("HTTP/1.1 503 No"
	    "\r\nContent-Length: 3\r\n\r\nab"), SERVE_CLOSE, 0 } },
	  SMALL, false, LONG_MS, 503, ERR_UNSURE, "end of the body" },
	{ "compressed", { { SERVE_ALL, STR_INIT("HTTP/1.1 201 Created\r\n"
	    "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
	    SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 201, ERR_UNSURE, "is compressed" },
	{ "compressed, repeatable", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK"
	    "\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx"),
	    SERVE_KEEP, 0 } },
	  SMALL, true, LONG_MS, 200, ERR_RETRY, "Content-Encoding: br" },
	{ "compressed refusal", { { SERVE_ALL, STR_INIT("HTTP/1.1 403 No\r\n"
	    "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
	    SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 403, ERR_UNSURE, "is compressed" },
	{ "compressed nothing", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 OK\r\n"
	    "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
	    SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 202, ERR_NONE, NULL },
	{ "not compressed", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n"
	    "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nab"),
	    SERVE_KEEP, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_NONE, NULL },
	{ "silent", { { SERVE_ALL, STR_INIT(""), SERVE_HANG, 0 } },
	  SMALL, false, SHORT_MS, 0, ERR_UNSURE, NULL },
	{ "silent, repeatable", { { SERVE_ALL, STR_INIT(""), SERVE_HANG, 0 } },
	  SMALL, true, SHORT_MS, 0, ERR_RETRY, NULL },
	{ "drips", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 Accepted\r\n"
	    "Server: one that has all the time in the world\r\n\r\n"),
	    SERVE_DRIP, 0 } },
	  SMALL, false, SHORT_MS, 0, ERR_UNSURE, NULL },
	{ "endless interim", { { SERVE_ALL,
	    STR_INIT("HTTP/1.1 100 Continue\r\n\r\n"), SERVE_REPEAT, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "no sound HTTP" },
	{ "endless head", {
	    { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n"), SERVE_KEEP, 0 },
	    { SERVE_NOTHING, STR_INIT("X: y\r\n"), SERVE_REPEAT, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "no sound HTTP" },
	{ "endless line", {
	    { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\nX: "), SERVE_KEEP, 0 },
	    { SERVE_NOTHING, STR_INIT("yyyyyyyy"), SERVE_REPEAT, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "no sound HTTP" },
	{ "endless body", {
	    { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n\r\n"), SERVE_KEEP, 0 },
	    { SERVE_NOTHING, STR_INIT("All work and no play. All work and no "
	      "play. All work and no play. All work and no play. "),
	      SERVE_REPEAT, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_UNSURE, "no sound HTTP" },
	{ "promises a gigabyte", { { SERVE_ALL, STR_INIT("HTTP/1.1 200 OK\r\n"
	    "Content-Length: 1073741824\r\n\r\n"), SERVE_HANG, 0 } },
	  SMALL, false, LONG_MS, 200, ERR_UNSURE, "no sound HTTP" },
	{ "another protocol", { { SERVE_ALL, STR_INIT("SSH-2.0-x\r\n"),
	    SERVE_HANG, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "no sound HTTP" },
	{ "HTTP/2", { { SERVE_ALL, STR_INIT("\0\0\x12\x04\0\0\0\0\0"),
	    SERVE_HANG, 0 } },
	  SMALL, false, LONG_MS, 0, ERR_UNSURE, "no sound HTTP" },
	{ "a banner before anything was said", { { SERVE_NOTHING,
	    STR_INIT("220 mail\r\n"), SERVE_HANG, 0 } },
	  HUGE, false, LONG_MS, 0, ERR_RETRY, "no sound HTTP" },
	/* clang-format on */
};

static void
check_row(size_t i)
{
	struct http_answer a;
	struct http_request r;
	struct pair p;
	struct err e = { 0 };
	bool ok;

	pair_start(&p, rows[i].step, pair_steps(rows[i].step));
	r = pair_post(&p, rows[i].body, rows[i].ms);
	r.repeatable = rows[i].repeatable;
	ok = http_call(&p.http, &r, &a, &e);
	T_CHECK(ok == (rows[i].status != 0), "%s: %s", rows[i].name, e.msg);
	if (ok) {
		T_CHECK(a.status == rows[i].status, "%s: %d", rows[i].name,
		    a.status);
		ok = http_is_whole(&a, &e);
		T_CHECK(ok == (rows[i].says == NULL), "%s: %s", rows[i].name,
		    ok ? "whole" : e.msg);
	}
	if (!ok)
		T_CHECK(e.kind == rows[i].kind, "%s: %s, %s", rows[i].name,
		    err_kind_name(e.kind), e.msg);
	if (!ok && rows[i].says != NULL)
		T_CHECK(strstr(e.msg, rows[i].says) != NULL, "%s: %s",
		    rows[i].name, e.msg);
	T_CHECK(os_mono_ms() < r.deadline + LATE_MS, "%s: too late",
	    rows[i].name);
	http_answer_release(&a);
	pair_stop(&p);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
}

/* The network may cut an answer anywhere. */
static void
test_splits(void)
{
	struct str answer =
	    STR("HTTP/1.1 100 Continue\r\n\r\n"
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		"request-id: 7\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n"
		"\r\n");
	struct serve_step step[256];
	struct http_request r;
	struct http_answer a;
	struct pair p;
	struct err e;

	for (size_t i = 0; i < answer.n; i++)
		step[i] =
		    (struct serve_step){ SERVE_ALL, answer, SERVE_KEEP, i };
	pair_start(&p, step, answer.n);
	for (size_t i = 0; i < answer.n; i++) {
		r = pair_post(&p, SMALL, LONG_MS);
		T_CHECK(http_call(&p.http, &r, &a, &e), "cut %zu: %s", i,
		    e.msg);
		T_CHECK(str_eq(buf_view(&a.body), STR("hello!")),
		    "cut %zu: body", i);
		T_CHECK(str_eq(http1_field(&a.head, STR("Request-ID")),
			    STR("7")),
		    "cut %zu: field", i);
		http_answer_release(&a);
	}
	T_CHECK(atomic_load(&p.server.seen->connections) == 1, "%u connections",
	    atomic_load(&p.server.seen->connections));
	pair_stop(&p);
}

static void
test_request_bytes(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		0 };
	struct http_field field[] = {
		{ STR_INIT("X-One"), STR_INIT("1 2"), false },
		{ STR_INIT("Authorization"), STR_INIT("Bearer t"), true },
	};
	struct http_request r;
	char want[512];
	struct pair p;
	struct err e;

	pair_start_again(&p, &step, 1);
	r = pair_post(&p, 3, LONG_MS);
	r.field = field;
	r.n_fields = N(field);
	T_CHECK(pair_call(&p, &r, &e) == 202, "%s", e.msg);
	(void)snprintf(want, sizeof(want),
	    "POST /p?q=1 HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\nUser-Agent: test/1\r\n"
	    "Accept-Encoding: identity\r\nX-One: 1 2\r\n"
	    "Authorization: Bearer t\r\nContent-Length: 3\r\n\r\nabc",
	    p.server.port);
	T_CHECK(str_eq(serve_text(&p.server), str_of(want)), "got %.*s",
	    STR_ARG(serve_text(&p.server)));
	r.method = STR("GET");
	r.has_body = false;
	r.n_fields = 0;
	r.close = true;
	p.url.target = STR("");
	T_CHECK(pair_call(&p, &r, &e) == 202, "%s", e.msg);
	T_CHECK(serve_saw(&p.server, STR("GET / HTTP/1.1\r\n")), "target");
	p.url.target = STR("?q=1");
	T_CHECK(pair_call(&p, &r, &e) == 202, "%s", e.msg);
	T_CHECK(serve_saw(&p.server, STR("GET /?q=1 HTTP/1.1\r\n")),
	    "a query without a path");
	T_CHECK(serve_saw(&p.server, STR("Connection: close\r\n\r\n")),
	    "close");
	r.method = STR("POST");
	r.has_body = true;
	r.body.size = 0;
	T_CHECK(pair_call(&p, &r, &e) == 202, "%s", e.msg);
	T_CHECK(serve_saw(&p.server, STR("Content-Length: 0\r\n")), "empty");
	T_CHECK(atomic_load(&p.server.seen->at_once) == 4,
	    "head and body came apart");
	T_CHECK(atomic_load(&p.server.seen->connections) == 3,
	    "a throwaway was kept");
	pair_stop(&p);
}

static void
test_body_bytes(void)
{
	static const size_t sizes[] = { 1, 65535, 65536, 65537, 200000, LARGE };
	struct serve_step step = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		0 };
	struct http_request r;
	uint32_t sum;
	struct pair p;
	struct err e;
	char c;

	pair_start_again(&p, &step, 1);
	for (size_t i = 0; i < N(sizes); i++) {
		r = pair_post(&p, sizes[i], LONG_MS);
		T_CHECK(pair_call(&p, &r, &e) == 202, "%s", e.msg);
		sum = 0;
		for (size_t at = 0; at < sizes[i]; at++) {
			c = pair_byte(at);
			sum = serve_sum(sum, (struct str){ &c, 1 });
		}
		T_CHECK(atomic_load(&p.server.seen->body_sum) == sum,
		    "%zu bytes arrive changed", sizes[i]);
	}
	pair_stop(&p);
}

static bool
break_off(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	if (at > 100000)
		return err_set(e, ERR_INPUT, "the file shrank");
	return pair_read(self, at, p, n, e);
}

/* What fails on our side before the end of a request was not sent. */
static void
test_source_fails(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct http_request r;
	struct pair p;
	struct err e;

	pair_start(&p, step, N(step));
	r = pair_post(&p, LARGE, LONG_MS);
	r.body.read = break_off;
	T_CHECK(pair_call(&p, &r, &e) == 0 && e.kind == ERR_INPUT, "%s", e.msg);
	T_CHECK(pair_small(&p) == 202, "the broken connection was used again");
	pair_stop(&p);
}

static const struct {
	const char *name;
	struct str url, method, field, value;
	enum err_kind kind;
} refused[] = {
	/* clang-format off */
	{ "CR LF in a value", STR_INIT("http://127.0.0.1/"), STR_INIT("GET"),
	  STR_INIT("A"), STR_INIT("b\r\nC: d"), ERR_INPUT },
	{ "NUL in a value", STR_INIT("http://127.0.0.1/"), STR_INIT("GET"),
	  STR_INIT("A"), STR_INIT("b\0c"), ERR_INPUT },
	{ "DEL in a value", STR_INIT("http://127.0.0.1/"), STR_INIT("GET"),
	  STR_INIT("A"), STR_INIT("\x7f"), ERR_INPUT },
	{ "UTF-8 in a value", STR_INIT("http://127.0.0.1/"), STR_INIT("GET"),
	  STR_INIT("A"), STR_INIT("\xc3\xa4"), ERR_INPUT },
	{ "colon in a name", STR_INIT("http://127.0.0.1/"), STR_INIT("GET"),
	  STR_INIT("A:"), STR_INIT("b"), ERR_BUG },
	{ "empty name", STR_INIT("http://127.0.0.1/"), STR_INIT("GET"),
	  STR_INIT(""), STR_INIT("b"), ERR_BUG },
	{ "blank in a method", STR_INIT("http://127.0.0.1/"),
	  STR_INIT("GET /"), STR_INIT("A"), STR_INIT("b"), ERR_BUG },
	{ "plain to another host", STR_INIT("http://192.0.2.1/"),
	  STR_INIT("GET"), STR_INIT("A"), STR_INIT("b"), ERR_CONFIG },
	{ "plain to what looks like us",
	  STR_INIT("http://127.0.0.1.example.com/"),
	  STR_INIT("GET"), STR_INIT("A"), STR_INIT("b"), ERR_CONFIG },
	{ "TLS without roots", STR_INIT("https://127.0.0.1/"),
	  STR_INIT("GET"), STR_INIT("A"), STR_INIT("b"), ERR_BUG },
	/* clang-format on */
};

static void
test_refused(void)
{
	struct http_conf conf = { .connect_timeout_ms = 1000 };
	struct http_request r = { 0 };
	struct http_field field = { 0 };
	struct http_answer a;
	struct http h;
	struct url url;
	struct err e;

	http_init(&h, &conf);
	for (size_t i = 0; i < N(refused); i++) {
		T_CHECK(url_parse(refused[i].url, &url, &e), "%s", e.msg);
		r.url = &url;
		r.method = refused[i].method;
		field.name = refused[i].field;
		field.value = refused[i].value;
		r.field = &field;
		r.n_fields = 1;
		r.deadline = os_mono_ms() + 1000;
		T_CHECK(!http_call(&h, &r, &a, &e) && e.kind == refused[i].kind,
		    "%s: %s", refused[i].name, e.msg);
		http_warm(&h, &url);
		http_answer_release(&a);
	}
	http_release(&h);
}

/* A listener whose queue is full: it answers nothing, not even no. */
static uint16_t
be_full(int fd[4])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	T_CHECK(bind(fd[0], (struct sockaddr *)&at, n) == 0 &&
		listen(fd[0], 0) == 0 &&
		getsockname(fd[0], (struct sockaddr *)&at, &n) == 0,
	    "listen");
	for (int i = 1; i < 4; i++) {
		fd[i] = socket(AF_INET,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(fd[i], (struct sockaddr *)&at, n);
	}
	return ntohs(at.sin_port);
}

/* Connecting takes no longer than the call may. */
static void
test_full(void)
{
	struct http_conf conf = { .connect_timeout_ms = 5 * LATE_MS };
	struct pair p = { 0 };
	struct http_request r;
	struct err e = { 0 };
	char text[64];
	int fd[4];

	(void)snprintf(text, sizeof(text), "http://127.0.0.1:%u/", be_full(fd));
	T_CHECK(url_parse(str_of(text), &p.url, &e), "%s", e.msg);
	http_init(&p.http, &conf);
	r = pair_post(&p, SMALL, SHORT_MS);
	T_CHECK(pair_call(&p, &r, &e) == 0 && e.kind == ERR_RETRY, "%s", e.msg);
	T_CHECK(os_mono_ms() < r.deadline + LATE_MS, "too late: %s", e.msg);
	http_release(&p.http);
	for (int i = 0; i < 4; i++)
		os_close(&fd[i]);
}

static void
test_nobody_listens(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 };
	struct http_request r;
	struct pair p;
	struct err e;
	uint16_t port;

	pair_start(&p, &step, 1);
	port = p.server.port;
	serve_stop(&p.server);
	r = pair_post(&p, SMALL, LONG_MS);
	T_CHECK(pair_call(&p, &r, &e) == 0 && e.kind == ERR_RETRY,
	    "port %u: %s", port, e.msg);
	http_release(&p.http);
}

static void
test_date(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL,
		    STR_INIT("HTTP/1.1 202 A\r\nContent-Length: 0\r\n"
			     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"),
		    SERVE_KEEP, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct http_request r;
	struct http_answer a;
	struct pair p;
	int64_t skew;
	struct err e;

	pair_start(&p, step, N(step));
	r = pair_post(&p, SMALL, LONG_MS);
	T_CHECK(http_call(&p.http, &r, &a, &e) && a.has_date, "%s", e.msg);
	skew = os_wall() - 784111777;
	T_CHECK(a.server_clock_skew >= skew - 2 && a.server_clock_skew <= skew,
	    "%lld", (long long)a.server_clock_skew);
	http_answer_release(&a);
	T_CHECK(http_call(&p.http, &r, &a, &e) && !a.has_date, "%s", e.msg);
	http_answer_release(&a);
	pair_stop(&p);
}

static void
read_log(FILE *f, struct buf *out)
{
	struct err e;

	rewind(f);
	buf_init(out, 1 << 20);
	T_CHECK(os_read_fd(fileno(f), "log", out, &e), "%s", e.msg);
}

static bool
has(const struct buf *b, const char *needle)
{
	return str_find(buf_view(b), str_of(needle)) < b->n;
}

/* -v shows the wire, and no secret of it. */
static void
test_trace(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL,
		    STR_INIT("HTTP/1.1 200 OK\r\nrequest-id: 4711\r\n"
			     "Content-Length: "
			     "25\r\n\r\n{\"access_token\":\"HUSHED\"}"),
		    SERVE_KEEP, 0 },
		{ SERVE_ALL,
		    STR_INIT("HTTP/1.1 400 Bad Request\r\n"
			     "Content-Length: 9\r\n\r\nno luck.\n"),
		    SERVE_KEEP, 0 },
	};
	struct http_field field = { STR_INIT("Authorization"),
		STR_INIT("Bearer HUSHED"), true };
	struct log log = { .level = LOG_TRACE, .name = "t: " };
	FILE *f = tmpfile();
	struct http_request r;
	struct buf text;
	struct pair p;
	struct err e;

	if (f == NULL) {
		t_skip("no temporary file");
		return;
	}
	log.fd = fileno(f);
	serve_start(&p.server, step, N(step), false);
	pair_client(&p, &log);
	r = pair_post(&p, SMALL, LONG_MS);
	r.field = &field;
	r.n_fields = 1;
	r.secret_body = true;
	r.body = source_of(STR("client_secret=HUSHED"));
	T_CHECK(pair_call(&p, &r, &e) == 200, "%s", e.msg);
	r.secret_body = false;
	r.body = source_of(STR("{\"message\":1}"));
	T_CHECK(pair_call(&p, &r, &e) == 400, "%s", e.msg);
	read_log(f, &text);
	T_CHECK(!has(&text, "HUSHED"), "%s", text.p);
	T_CHECK(has(&text, "t: > POST /p?q=1 HTTP/1.1\n"), "%s", text.p);
	T_CHECK(has(&text, "t: > Authorization: ***\n"), "%s", text.p);
	T_CHECK(has(&text, "t: > [20 bytes]\n"), "%s", text.p);
	T_CHECK(has(&text, "t: > {\"message\":1}\n"), "%s", text.p);
	T_CHECK(has(&text, "t: < HTTP/1.1 200 OK\n"), "%s", text.p);
	T_CHECK(has(&text, "t: < request-id: 4711\n"), "%s", text.p);
	T_CHECK(has(&text, "t: < no luck."), "%s", text.p);
	T_CHECK(has(&text, "kept alive"), "%s", text.p);
	buf_release(&text);
	pair_stop(&p);
	(void)fclose(f);
}

/*
 * What of an answer repeats a secret of ours: neither caller nor -v sees it.
 * Each request has "Bearer HUSH.HUSHED" in its head.
 */
static const struct {
	const char *name;
	struct str form; /* asks for a token; empty: does not */
	struct str answer, body, location;
} echoes[] = {
	/* clang-format off */
	{ "a token", STR_INIT(""),
	  STR_INIT("HTTP/1.1 500 No\r\nLocation: /?t=HUSH.HUSHED&u\r\n\r\n"
	    "Bearer, HUSH.HUSHED."),
	  STR_INIT("Bearer, ***********."), STR_INIT("/?t=***********&u") },
	{ "a piece of it, and too small a piece", STR_INIT(""),
	  STR_INIT("HTTP/1.1 202 OK\r\n\r\nUSH.HUSH USH.HUS"),
	  STR_INIT("******** USH.HUS"), STR_INIT("") },
	{ "a form",
	  STR_INIT("client_id=app-of-ours&client_secret=HUSH~HUSHED"),
	  STR_INIT("HTTP/1.1 307 No\r\nLocation: /?client_secret=HUSH~HUSHED"
	    "\r\n\r\nby app-of-ours: HUSH~HUSHED"),
	  STR_INIT("by app-of-ours: ***********"),
	  STR_INIT("/?client_secret=***********") },
	{ "an assertion", STR_INIT("client_assertion=SIGNED.BY.US&a=b"),
	  STR_INIT("HTTP/1.1 200 OK\r\n\r\nno: SIGNED.BY.US"),
	  STR_INIT("no: ************"), STR_INIT("") },
	{ "a token that looks like its proof",
	  STR_INIT("client_assertion=HUSH.HUSHED.HUSH&a=b"),
	  STR_INIT("HTTP/1.1 200 OK\r\n\r\n"
	    " {\"access_token\":\"HUSH.HUSHED\"}"),
	  STR_INIT(" {\"access_token\":\"HUSH.HUSHED\"}"), STR_INIT("") },
	/* clang-format on */
};

static void
check_echo(size_t i, const struct log *log)
{
	struct serve_step step = { SERVE_ALL, echoes[i].answer, SERVE_CLOSE,
		0 };
	struct http_field field = { STR_INIT("Authorization"),
		STR_INIT("Bearer HUSH.HUSHED"), true };
	struct http_request r;
	struct http_answer a;
	struct pair p;
	struct str to;
	struct err e;

	serve_start(&p.server, &step, 1, false);
	pair_client(&p, log);
	r = pair_post(&p, SMALL, LONG_MS);
	r.field = &field;
	r.n_fields = 1;
	r.secret_body = echoes[i].form.n > 0;
	r.body = source_of(echoes[i].form);
	T_CHECK(http_call(&p.http, &r, &a, &e), "%s: %s", echoes[i].name,
	    e.msg);
	to = http1_field(&a.head, STR("Location"));
	T_CHECK(str_eq(buf_view(&a.body), echoes[i].body), "%s: %.*s",
	    echoes[i].name, STR_ARG(buf_view(&a.body)));
	T_CHECK(str_eq(to, echoes[i].location), "%s: %.*s", echoes[i].name,
	    STR_ARG(to));
	http_answer_release(&a);
	pair_stop(&p);
}

static void
test_echo(void)
{
	struct log log = { .level = LOG_TRACE, .name = "t: " };
	FILE *f = tmpfile();
	struct buf text;

	if (f == NULL) {
		t_skip("no temporary file");
		return;
	}
	log.fd = fileno(f);
	for (size_t i = 0; i < N(echoes); i++)
		check_echo(i, &log);
	read_log(f, &text);
	T_CHECK(!has(&text, "HUSH.") && !has(&text, "HUSH~") &&
		!has(&text, "SIGNED"),
	    "%s", text.p);
	T_CHECK(has(&text, "t: < (not shown: it seems to hold a secret)"), "%s",
	    text.p);
	buf_release(&text);
	(void)fclose(f);
}

/* Without memory a call fails; it never succeeds with less than all. */
static struct pair *poor; /* of the scenario, which takes no argument */

static void
call_without_memory(void)
{
	struct http_request r = pair_post(poor, SMALL, LONG_MS);
	struct http_answer a = { 0 };
	struct err e = { 0 };
	struct http h;

	http_init(&h, &poor->http.conf);
	http_warm(&h, &poor->url);
	if (http_call(&h, &r, &a, &e) && http_is_whole(&a, &e)) {
		T_CHECK(a.status == 200, "%d", a.status);
		T_CHECK(str_eq(buf_view(&a.body), STR("0123456789")),
		    "%zu bytes", a.body.n);
	} else {
		T_CHECK(e.kind == ERR_RETRY || e.kind == ERR_UNSURE, "%s",
		    e.msg);
	}
	http_answer_release(&a);
	http_release(&h);
}

static void
test_no_memory(void)
{
	struct serve_step step = { SERVE_ALL,
		STR_INIT("HTTP/1.1 200 OK\r\n"
			 "Transfer-Encoding: "
			 "chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n"
			 "0\r\n\r\n"),
		SERVE_KEEP, 0 };
	struct pair p;

	pair_start_again(&p, &step, 1);
	poor = &p;
	t_each_allocation_fails(call_without_memory);
	pair_stop(&p);
}

static const struct t_test tests[] = {
	{ "what a request meets", test_rows },
	{ "answers cut anywhere", test_splits },
	{ "the request's bytes", test_request_bytes },
	{ "the body's bytes", test_body_bytes },
	{ "a body that cannot be read", test_source_fails },
	{ "what is not sent at all", test_refused },
	{ "nobody listens", test_nobody_listens },
	{ "nobody accepts", test_full },
	{ "the server's clock", test_date },
	{ "the trace", test_trace },
	{ "an answer that repeats a secret", test_echo },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
