/* SPDX-License-Identifier: MIT */
#include "net/serve.h"

#include <unistd.h>

#include "serve_play.h"
#include "t.h"

#define S STR_INIT

#define OK  "~ "
#define BAD "HTTP/1.1 400 Bad Request "

static const struct {
	const char *name;
	struct str in;
	const char *want;
	bool ends;
} rows[] = {
	/* clang-format off */
	{ "a page", S("GET /metrics HTTP/1.1\r\n" HOST "\r\n"),
	  OK "GET|/metrics||;", false },
	{ "a query", S("GET /a?b=c HTTP/1.1\r\n" HOST "\r\n"),
	  OK "GET|/a|b=c|;", false },
	{ "two at once", S("GET /1 HTTP/1.1\r\n" HOST "\r\n"
	  "GET /2 HTTP/1.1\r\n" HOST "\r\n"), OK "GET|/1||;" OK "GET|/2||;",
	  false },
	{ "a body", S("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"),
	  OK "POST|/||ab;", false },
	{ "chunks", S("POST / HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
	  OK "POST|/||ab;", false },
	{ "the last request", S("GET / HTTP/1.1\r\n" HOST
	  "Connection: close\r\n\r\n"), OK "GET|/||;", true },
	{ "nothing behind it", S("GET / HTTP/1.1\r\n" HOST
	  "Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n"),
	  OK "GET|/||;", true },
	{ "1.0", S("GET / HTTP/1.0\r\n\r\n"), OK "GET|/||;", true },
	{ "no Host", S("GET / HTTP/1.1\r\n\r\n"),
	  BAD "there must be one Host field\n;", true },
	{ "two", S("GET / HTTP/1.1\r\n" HOST "host: other\r\n\r\n"),
	  BAD "there must be one Host field\n;", true },
	{ "no HTTP", S("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
	  BAD "a TLS handshake came, not HTTP: this port speaks https\n;",
	  true },
	{ "2.0", S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	  BAD "not HTTP/1.0 or HTTP/1.1\n;", true },
	{ "a path outside", S("GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n"),
	  OK "GET|/../../etc/passwd||;", false },
	{ "two lengths", S("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
	  "Content-Length: 2\r\n\r\na"),
	  BAD "more than one Content-Length\n;", true },
	{ "a length and chunks", S("POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	  BAD "both Content-Length and Transfer-Encoding\n;", true },
	{ "too large", S("POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 101\r\n\r\n"),
	  "HTTP/1.1 413 Payload Too Large body too large\n;", true },
	{ "too large in chunks", S("POST / HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: chunked\r\n\r\n65\r\n"),
	  "HTTP/1.1 413 Payload Too Large body too large\n;", true },
	{ "asks first", S("POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 200\r\nExpect: 100-continue\r\n\r\n"),
	  "HTTP/1.1 413 Payload Too Large body too large\n;", true },
	{ "no end", S("GET / HTTP/1.1\r\n" HOST), "", false },
	/* clang-format on */
};

static void
run_row(size_t i, size_t step)
{
	struct play t;
	struct buf out, text;
	bool ended;
	int fd;

	play_begin(&t, false, NULL);
	buf_init(&out, 65536);
	buf_init(&text, 65536);
	fd = play_connect(&t);
	ended = play_talk(&t, fd, rows[i].in, step, &out);
	play_shorten(buf_view(&out), &text);
	T_CHECK(str_eq(buf_view(&text), str_of(rows[i].want)) &&
		ended == rows[i].ends,
	    "%s, %zu at a time: %.*s, %s", rows[i].name, step,
	    STR_ARG(buf_view(&text)), ended ? "ended" : "open");
	buf_release(&out);
	buf_release(&text);
	(void)close(fd);
	play_end(&t);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t step = 1; step <= 1024; step *= 32)
			run_row(i, step);
}

static void
test_head_and_continue(void)
{
	struct play t;
	struct buf out;
	int fd;

	play_begin(&t, false, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	(void)play_talk(&t, fd, STR("HEAD / HTTP/1.1\r\n" HOST "\r\n"), 99,
	    &out);
	T_CHECK(str_find(buf_view(&out), STR("Content-Length: 8\r\n")) <
		    out.n &&
		str_ends(buf_view(&out), STR("\r\n\r\n")),
	    "HEAD: %.*s", STR_ARG(buf_view(&out)));
	buf_reset(&out);
	(void)play_talk(&t, fd,
	    STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
		"Expect: 100-continue\r\n\r\n"),
	    999, &out);
	T_CHECK(str_eq(buf_view(&out), STR("HTTP/1.1 100 Continue\r\n\r\n")),
	    "%.*s", STR_ARG(buf_view(&out)));
	buf_reset(&out);
	(void)play_talk(&t, fd, STR("x"), 1, &out);
	T_CHECK(str_ends(buf_view(&out), STR("POST|/||x")), "%.*s",
	    STR_ARG(buf_view(&out)));
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

static void
test_large_head(void)
{
	struct buf in, out;
	struct play t;
	int fd;

	play_begin(&t, false, NULL);
	buf_init(&in, 1 << 20);
	buf_init(&out, 65536);
	buf_addz(&in, "GET / HTTP/1.1\r\n" HOST "X: ");
	while (in.n < HTTP1_HEAD_MAX + 100)
		buf_addz(&in, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	fd = play_connect(&t);
	T_CHECK(play_talk(&t, fd, buf_view(&in), 60000, &out) &&
		str_starts(buf_view(&out), STR("HTTP/1.1 431 ")),
	    "%.*s", STR_ARG(buf_view(&out)));
	buf_release(&in);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

/* A byte now and then does not keep a place. */
static void
test_slow(void)
{
	struct str in = STR("GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaa");
	struct play t;
	struct buf out;
	bool ended = false;
	size_t i = 0;
	int fd;

	play_begin(&t, false, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	for (; i < in.n && !ended; i++, t.now += SERVE_HEAD_MS / 8)
		ended =
		    play_talk(&t, fd, str_first(str_from(in, i), 1), 1, &out);
	T_CHECK(ended && i < 12 && out.n == 0, "after %zu bytes", i);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

/* All places are taken by who says nothing, or by who was served. */
static void
crowd(bool served)
{
	int fd[SERVE_CLIENTS + 1];
	struct str ask = STR("GET / HTTP/1.1\r\n" HOST "\r\n");
	struct play t;
	struct buf out;

	play_begin(&t, false, NULL);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < SERVE_CLIENTS; i++) {
		fd[i] = play_connect(&t);
		(void)play_talk(&t, fd[i], served ? ask : STR(""), 999, &out);
	}
	buf_reset(&out);
	fd[SERVE_CLIENTS] = play_connect(&t);
	(void)play_talk(&t, fd[SERVE_CLIENTS], ask, 999, &out);
	T_CHECK((out.n > 0) == served, "%d: %.*s", served,
	    STR_ARG(buf_view(&out)));
	t.now += SERVE_HEAD_MS;
	(void)play_talk(&t, fd[SERVE_CLIENTS], STR(""), 999, &out);
	T_CHECK(str_starts(buf_view(&out), STR("HTTP/1.1 200 OK")), "%d: %.*s",
	    served, STR_ARG(buf_view(&out)));
	for (size_t i = 0; i <= SERVE_CLIENTS; i++)
		(void)close(fd[i]);
	buf_release(&out);
	play_end(&t);
}

static void
test_crowd(void)
{
	crowd(false);
	crowd(true);
}

/* Whatever fails, the others and the loop go on. */
static void
ask_once(void)
{
	struct play t;
	struct buf out;
	int fd;

	t_spare_allocations(true);
	play_begin(&t, false, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	t_spare_allocations(false);
	(void)play_talk(&t, fd, STR("GET / HTTP/1.1\r\n" HOST "\r\n"), 999,
	    &out);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

static void
test_memory(void)
{
	t_each_allocation_fails(ask_once);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "HEAD, and who asks first", test_head_and_continue },
	{ "a large head", test_large_head },
	{ "slow", test_slow },
	{ "a crowd", test_crowd },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
