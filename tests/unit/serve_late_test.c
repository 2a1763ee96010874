/* SPDX-License-Identifier: MIT */
/* Answers that come later, and who gets a place meanwhile. */
#include "net/serve.h"

#include <unistd.h>

#include "base/os.h"
#include "serve_play.h"
#include "t.h"

#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

/* A late answer with this body. */
static bool
reply(struct play *t, uint64_t id, const char *text)
{
	struct serve_answer a;
	bool there;

	serve_answer_init(&a);
	a.status = 200;
	buf_addz(&a.body, text);
	serve_step(&t->s, t->now, PLAY_WALL);
	there = serve_reply(&t->s, id, &a);
	serve_answer_release(&a);
	return there;
}

/* What is behind a late answer is answered after it, at every split. */
static void
pipeline(size_t step)
{
	struct buf out, text;
	struct play t;
	uint64_t id;
	int fd;

	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	buf_init(&text, 65536);
	fd = play_connect(&t);
	(void)play_talk(&t, fd,
	    STR(GET("/1") GET("/later") GET("/2") GET("/3")), step, &out);
	T_CHECK(t.answered == 2 && serve_is_waiting(&t.s, t.id), "%zu: %u",
	    step, t.answered);
	id = t.id;
	T_CHECK(!reply(&t, id + 1, "x") && !reply(&t, id - 1, "x") &&
		reply(&t, id, "late") && !reply(&t, id, "twice") &&
		!serve_is_waiting(&t.s, id),
	    "%zu: replies", step);
	(void)play_talk(&t, fd, STR(""), 1, &out);
	play_shorten(buf_view(&out), &text);
	T_CHECK(str_eq(buf_view(&text),
		    STR("~ GET|/1||;~ late;~ GET|/2||;~ GET|/3||;")),
	    "%zu: %.*s", step, STR_ARG(buf_view(&text)));
	buf_release(&out);
	buf_release(&text);
	(void)close(fd);
	play_end(&t);
}

static void
test_pipeline(void)
{
	for (size_t step = 1; step < 120; step++)
		pipeline(step);
}

/* HEAD has the length of what it does not bring; a failed answer is 500. */
static void
test_head(void)
{
	struct serve_answer a;
	struct play t;
	struct buf out;
	int fd;

	play_begin(&t, true, NULL);
	buf_init(&out, 65536);
	fd = play_connect(&t);
	(void)play_talk(&t, fd, STR("HEAD /later HTTP/1.1\r\n" HOST "\r\n"), 99,
	    &out);
	T_CHECK(out.n == 0 && reply(&t, t.id, "late"), "HEAD");
	(void)play_talk(&t, fd, STR(""), 1, &out);
	T_CHECK(str_find(buf_view(&out), STR("Content-Length: 4\r\n")) <
		    out.n &&
		str_ends(buf_view(&out), STR("\r\n\r\n")),
	    "HEAD: %.*s", STR_ARG(buf_view(&out)));
	play_check(&t, fd, STR(GET("/later")), "");
	serve_answer_init(&a);
	a.status = 200;
	(void)buf_room(&a.body, SERVE_ANSWER_MAX + 1);
	T_CHECK(serve_reply(&t.s, t.id, &a), "too large");
	serve_answer_release(&a);
	play_check(&t, fd, STR(GET("/2")),
	    "HTTP/1.1 500 Internal Server Error ;~ GET|/2||;");
	buf_release(&out);
	(void)close(fd);
	play_end(&t);
}

/* It is noticed that the peer has gone, and its place is free. */
static void
test_gone(void)
{
	struct play t;
	int fd, other;

	play_begin(&t, true, NULL);
	fd = play_connect(&t);
	other = play_connect(&t);
	play_check(&t, fd, STR(GET("/later")), "");
	T_CHECK(serve_is_waiting(&t.s, t.id), "waits");
	(void)close(fd);
	T_CHECK(!serve_is_waiting(&t.s, t.id) && !reply(&t, t.id, "x"), "gone");
	play_turn(&t);
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		T_CHECK(t.s.client[i].phase != SERVE_WAITING, "its place");
	play_check(&t, other, STR(GET("/2")), "~ GET|/2||;");
	(void)close(other);
	play_end(&t);
}

/* Bytes of further requests neither wake the loop nor get lost. */
static void
test_patience(void)
{
	struct pollfd fds[SERVE_FDS];
	int64_t wake = INT64_MAX;
	struct play t;
	size_t n;
	int fd;

	play_begin(&t, true, NULL);
	fd = play_connect(&t);
	play_check(&t, fd, STR(GET("/later")), "");
	play_check(&t, fd, STR(GET("/2")), "");
	n = serve_wants(&t.s, fds, &wake);
	T_CHECK(os_poll(fds, n, 0) == 0 && wake == t.now + SERVE_LATE_MS,
	    "it would spin");
	t.now += SERVE_LATE_MS - 1;
	play_check(&t, fd, STR(""), "");
	T_CHECK(reply(&t, t.id, "late"), "at last");
	play_check(&t, fd, STR(""), "~ late;~ GET|/2||;");
	play_check(&t, fd, STR(GET("/later")), "");
	t.now += SERVE_LATE_MS;
	play_check(&t, fd, STR(""),
	    "HTTP/1.1 504 Gateway Timeout the answer took too long\n;");
	T_CHECK(!reply(&t, t.id, "x"), "too late");
	(void)close(fd);
	play_end(&t);
}

/* The body is lent to the handler, and gone behind it. */
static void
test_body(void)
{
	struct play t;
	size_t files;
	int fd;

	play_begin(&t, true, NULL);
	fd = play_connect(&t);
	play_check(&t, fd, STR(GET("/1")), "~ GET|/1||;");
	files = t_open_files();
	play_check(&t, fd,
	    STR("POST /later/file HTTP/1.1\r\n" HOST
		"Content-Length: 2\r\n\r\na"),
	    "");
	T_CHECK(t_open_files() == files + 1, "a file");
	play_check(&t, fd, STR("b"), "");
	T_CHECK(serve_is_waiting(&t.s, t.id) && t_open_files() == files,
	    "files: %zu, were %zu", t_open_files(), files);
	T_CHECK(reply(&t, t.id, "late"), "late");
	play_check(&t, fd, STR(GET("/2")), "~ late;~ GET|/2||;");
	(void)close(fd);
	play_end(&t);
}

static const struct t_test tests[] = {
	{ "a pipeline", test_pipeline },
	{ "HEAD, and what fails", test_head },
	{ "the client is gone", test_gone },
	{ "patience", test_patience },
	{ "the body", test_body },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
