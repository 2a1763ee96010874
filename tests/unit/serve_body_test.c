/* SPDX-License-Identifier: MIT */
/* What a head alone decides, and bodies in memory and in files. */
#include "net/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/os.h"
#include "net/tls.h"
#include "serve_play.h"
#include "site.h"
#include "t.h"

#define S       STR_INIT
#define POST(p) "POST " p " HTTP/1.1\r\n" HOST
#define LARGE   "HTTP/1.1 413 Payload Too Large body too large\n;"
#define NO      "HTTP/1.1 403 Forbidden no;"
#define EXPECT  "Expect: 100-continue\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *name;
	struct str in;
	const char *want;
	bool ends;
	unsigned asked, answered;
} rows[] = {
	/* clang-format off */
	{ "refused", S(POST("/no") "Content-Length: 5\r\n\r\nabcde"),
	  NO, true, 1, 0 },
	{ "refused before the body", S(POST("/no") "Content-Length: 5\r\n\r\n"),
	  NO, true, 1, 0 },
	{ "refused, no 100", S(POST("/no") "Content-Length: 5\r\n" EXPECT
	  "\r\n"), NO, true, 1, 0 },
	{ "refused, chunks", S(POST("/no") CHUNKED), NO, true, 1, 0 },
	{ "refused, no body", S("GET /no HTTP/1.1\r\n" HOST "\r\n"
	  "GET /2 HTTP/1.1\r\n" HOST "\r\n"), NO, true, 1, 0 },
	{ "a flaw is not asked about", S("GET /no HTTP/1.1\r\n\r\n"),
	  "HTTP/1.1 400 Bad Request there must be one Host field\n;", true,
	  0, 0 },
	{ "half a head is not", S("GET /no HTTP/1.1\r\n" HOST), "", false,
	  0, 0 },
	{ "small", S(POST("/small") "Content-Length: 3\r\n\r\nabc"),
	  "~ POST|/small||abc;", false, 1, 1 },
	{ "small, too large", S(POST("/small") "Content-Length: 4\r\n\r\n"),
	  LARGE, true, 1, 0 },
	{ "small, too large, asked", S(POST("/small")
	  "Content-Length: 4\r\n" EXPECT "\r\n"), LARGE, true, 1, 0 },
	{ "small in chunks", S(POST("/small") CHUNKED
	  "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), "~ POST|/small||abc;", false,
	  1, 1 },
	{ "small, too large in chunks", S(POST("/small") CHUNKED
	  "2\r\nab\r\n2\r\n"), LARGE, true, 1, 0 },
	{ "the usual cap", S(POST("/") "Content-Length: 101\r\n\r\n"), LARGE,
	  true, 1, 0 },
	{ "a file", S(POST("/file") "Content-Length: 2\r\n\r\nab"
	  "GET /2 HTTP/1.1\r\n" HOST "\r\n"),
	  "~ POST|/file||file 2 3105;~ GET|/2||;", false, 2, 2 },
	{ "an empty file", S(POST("/file") "Content-Length: 0\r\n\r\n"),
	  "~ POST|/file||file 0 0;", false, 1, 1 },
	{ "no body at all", S("GET /file HTTP/1.1\r\n" HOST "\r\n"),
	  "~ GET|/file||file 0 0;", false, 1, 1 },
	{ "a file of chunks", S(POST("/file") CHUNKED
	  "1\r\na\r\n1;x=y\r\nb\r\n0\r\nT: t\r\n\r\n"),
	  "~ POST|/file||file 2 3105;", false, 1, 1 },
	{ "a file, too large", S(POST("/file")
	  "Content-Length: 4000001\r\n\r\n"), LARGE, true, 1, 0 },
	{ "a file, a chunk too large", S(POST("/file") CHUNKED
	  "2\r\nab\r\n3d08ff\r\n"), LARGE, true, 1, 0 },
	{ "a file, broken", S(POST("/file") CHUNKED "2\r\nabc\r\n"),
	  "HTTP/1.1 400 Bad Request chunk longer than its size\n;", true,
	  1, 0 },
	{ "1.0 asks nothing first", S("POST / HTTP/1.0\r\n"
	  "Content-Length: 1\r\n" EXPECT "\r\n"), "", false, 1, 0 },
	{ "a length over all", S(POST("/") "Content-Length: "
	  "18446744073709551615\r\n\r\n"), LARGE, true, -1u, 0 },
	/* clang-format on */
};

/* In two pieces, cut there; each is read before the next one comes. */
static void
run_row(size_t i, size_t cut)
{
	struct play t;
	struct buf out, text;
	bool ended;
	int fd;

	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	buf_init(&text, 65536);
	fd = play_connect(&t);
	ended = play_talk(&t, fd, str_first(rows[i].in, cut), 999, &out);
	if (!ended)
		ended = play_talk(&t, fd, str_from(rows[i].in, cut), 999, &out);
	play_shorten(buf_view(&out), &text);
	T_CHECK(str_eq(buf_view(&text), str_of(rows[i].want)) &&
		ended == rows[i].ends,
	    "%s, cut at %zu: %.*s, %s", rows[i].name, cut,
	    STR_ARG(buf_view(&text)), ended ? "ended" : "open");
	T_CHECK(t.answered == rows[i].answered &&
		(rows[i].asked == -1u || t.asked == rows[i].asked),
	    "%s, cut at %zu: asked %u, answered %u", rows[i].name, cut, t.asked,
	    t.answered);
	buf_release(&out);
	buf_release(&text);
	(void)close(fd);
	play_end(&t);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 1; cut <= rows[i].in.n; cut++)
			run_row(i, cut);
}

/* Who asked first and is admitted is told to go on, once. */
static void
test_continue(void)
{
	struct play t;
	struct buf out;
	int fd;

	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	(void)play_talk(&t, fd,
	    STR(POST("/file") "Content-Length: 2\r\n" EXPECT "\r\n"), 1, &out);
	T_CHECK(str_eq(buf_view(&out), STR("HTTP/1.1 100 Continue\r\n\r\n")),
	    "%.*s", STR_ARG(buf_view(&out)));
	play_check(&t, fd, STR("a"), "");
	play_check(&t, fd, STR("b"), "~ POST|/file||file 2 3105;");
	T_CHECK(strcmp(t.peer, "127.0.0.1") == 0 && !t.tls, "%s", t.peer);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

/* A request with a body of n bytes, in chunks of this size or with a length. */
static uint32_t
make(struct buf *in, size_t n, size_t chunk)
{
	struct buf body;
	struct str rest;
	uint32_t sum;

	buf_init(&body, n);
	for (size_t i = 0; i < n; i++)
		buf_addc(&body, (char)(i * 31 + i / 251));
	rest = buf_view(&body);
	sum = play_sum(0, rest);
	buf_addz(in, POST("/file"));
	if (chunk == 0) {
		buf_addf(in, "Content-Length: %zu\r\n\r\n", n);
		buf_adds(in, rest);
	} else {
		buf_addz(in, CHUNKED);
		for (; rest.n > 0; rest = str_from(rest, chunk)) {
			buf_addf(in, "%zx\r\n", str_first(rest, chunk).n);
			buf_adds(in, str_first(rest, chunk));
			buf_addz(in, "\r\n");
		}
		buf_addz(in, "0\r\n\r\n");
	}
	buf_release(&body);
	return sum;
}

static void
send_file(struct play *t, struct io_stream c, size_t n, size_t chunk)
{
	struct buf in, out, text;
	char want[128];
	uint32_t sum;

	buf_init(&in, n * 2 + 65536);
	buf_init(&out, 65536);
	buf_init(&text, 65536);
	sum = make(&in, n, chunk);
	(void)snprintf(want, sizeof(want), "~ POST|/file||file %zu %u;", n,
	    sum);
	(void)play_talk_over(t, c, buf_view(&in), 50000, &out);
	play_shorten(buf_view(&out), &text);
	T_CHECK(str_eq(buf_view(&text), str_of(want)),
	    "%zu in chunks of %zu: %.*s, want %s", n, chunk,
	    STR_ARG(buf_view(&text)), want);
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		T_CHECK(t->s.client[i].body.cap < 65536, "held in memory");
	buf_release(&in);
	buf_release(&out);
	buf_release(&text);
}

static void
send_files(struct play *t, struct io_stream c)
{
	static const size_t size[] = { 0, 1, 70000, 3000000 };

	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		send_file(t, c, size[i], 0);
		send_file(t, c, size[i], 16);
		send_file(t, c, size[i], 65536);
		send_file(t, c, size[i], 4000000);
	}
}

static void
test_files(void)
{
	struct play t;
	int fd;

	play_begin(&t, true, NULL);
	fd = play_connect(&t);
	send_files(&t, (struct io_stream){ .fd = fd });
	(void)close(fd);
	play_end(&t);
}

static void
test_tls(void)
{
	struct io_stream c = { 0 };
	struct arena mem;
	struct site site;
	struct play t;
	struct err e;
	struct tls_to to = { .host = STR_INIT("h"), .trust = &site.trust };

	site_make(&site, STR("h"));
	play_begin(&t, true, &site.cert);
	arena_init(&mem, 65536);
	c.fd = play_connect(&t);
	c.tls = tls_client(&mem, c.fd, &to, &e);
	T_CHECK(c.tls != NULL, "tls_client");
	for (int i = 0; i < 100; i++) {
		play_turn(&t);
		if (tls_handshake(c.tls, &e) == IO_DONE)
			break;
	}
	send_files(&t, c);
	T_CHECK(t.tls && strcmp(t.peer, "127.0.0.1") == 0, "what it is told");
	tls_bye(c.tls);
	tls_free(c.tls);
	(void)close(c.fd);
	arena_release(&mem);
	play_end(&t);
	site_end(&site);
}

/* No folder takes it, and memory 1 MB: 507, and not the rest of the body. */
static void
test_no_room(void)
{
	struct buf in, out;
	struct play t;
	int fd;

	(void)setenv("TMPDIR", "/nonexistent/folder", 1);
	play_begin(&t, true, NULL);
	buf_init(&in, 4000000);
	buf_init(&out, 65536);
	(void)make(&in, TEMP_MEMORY_MOST + 100000, 0);
	fd = play_connect(&t);
	send_file(&t, (struct io_stream){ .fd = fd }, TEMP_MEMORY_MOST, 0);
	T_CHECK(play_talk(&t, fd, buf_view(&in), 50000, &out) &&
		str_starts(buf_view(&out),
		    STR("HTTP/1.1 507 Insufficient Storage\r\n")) &&
		str_find(buf_view(&out), STR("memory no more than 1048576")) <
		    out.n,
	    "%.*s", STR_ARG(buf_view(&out)));
	(void)unsetenv("TMPDIR");
	buf_release(&in);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

/* No file can be made at all: 507 by the head alone, and no 100. */
static void
test_no_file(void)
{
	struct rlimit had, none = { 0 };
	struct buf out;
	struct play t;
	int fd;

	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	play_check(&t, fd, STR("GET /1 HTTP/1.1\r\n" HOST "\r\n"),
	    "~ GET|/1||;");
	T_CHECK(getrlimit(RLIMIT_NOFILE, &had) == 0, "getrlimit");
	none.rlim_max = had.rlim_max;
	none.rlim_cur = 4; /* os_poll needs as many as it is given */
	T_CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0, "setrlimit");
	(void)play_talk(&t, fd,
	    STR(POST("/file") "Content-Length: 2\r\n" EXPECT "\r\n"), 999,
	    &out);
	T_CHECK(setrlimit(RLIMIT_NOFILE, &had) == 0, "setrlimit");
	T_CHECK(str_starts(buf_view(&out),
		    STR("HTTP/1.1 507 Insufficient Storage\r\n")),
	    "%.*s", STR_ARG(buf_view(&out)));
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

/* A body that comes fast enough may take longer than a minute; a trickle not.
 */
static void
trickle(size_t piece, int64_t pause_ms, bool through)
{
	char bytes[65536];
	struct buf out;
	struct play t;
	bool ended;
	int fd;

	memset(bytes, 'x', sizeof(bytes));
	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	ended = play_talk(&t, fd,
	    STR(POST("/file") "Content-Length: 3276800\r\n\r\n"), 999, &out);
	for (int i = 0; i < 50 && !ended && out.n == 0; i++) {
		t.now += pause_ms;
		ended = play_talk(&t, fd, (struct str){ bytes, piece },
		    sizeof(bytes), &out);
	}
	T_CHECK(ended == !through && (out.n > 0) == through, "%zu in %lld ms",
	    piece, (long long)pause_ms);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

static void
test_pace(void)
{
	trickle(65536, 2000, true);
	trickle(16, 2000, false);
}

/* Whatever fails, the others and the loop go on. */
static void
ask_all(void)
{
	struct play t;
	struct buf out;
	int fd;

	t_spare_allocations(true);
	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	(void)buf_room(&out, 60000);
	fd = play_connect(&t);
	t_spare_allocations(false);
	(void)play_talk(&t, fd,
	    STR(POST("/file") "Content-Length: 2\r\n" EXPECT "\r\nab" POST("/")
		    CHUNKED "1\r\na\r\n0\r\n\r\n"
			    "GET /no HTTP/1.1\r\n" HOST "\r\n"),
	    999, &out);
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

static void
test_memory(void)
{
	t_each_allocation_fails(ask_all);
}

static const struct t_test tests[] = {
	{ "rows at every cut", test_rows },
	{ "who asks first", test_continue },
	{ "files", test_files },
	{ "files over TLS", test_tls },
	{ "no room", test_no_room },
	{ "no file", test_no_file },
	{ "pace", test_pace },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
