/* SPDX-License-Identifier: MIT */
#include "serve_play.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

enum { TURNS = 40000, QUIET = 12, OUT_MAX = 1 << 21 };

uint32_t
play_sum(uint32_t sum, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		sum = sum * 31 + (unsigned char)bytes.p[i];
	return sum;
}

static bool
play_add_sum(void *arg, struct str piece, struct err *e)
{
	uint32_t *sum = arg;

	(void)e;
	*sum = play_sum(*sum, piece);
	return true;
}

static void
play_handle(void *arg, const struct serve_request *r, struct serve_answer *a)
{
	struct play *t = arg;
	struct source source;
	uint32_t sum = 0;
	struct err e;

	t->answered++;
	T_CHECK(a->status == 404 && r->id > 0 && r->id == t->id, "a request");
	(void)snprintf(t->peer, sizeof(t->peer), "%s", r->peer);
	t->tls = r->tls;
	if (str_starts(r->path, STR("/later"))) {
		a->status = SERVE_LATER;
		return;
	}
	a->status = 200;
	a->type = "text/plain";
	buf_addf(&a->body, "%.*s|%.*s|%.*s|%.*s", STR_ARG(r->method),
	    STR_ARG(r->path), STR_ARG(r->query), STR_ARG(r->body));
	if (r->file == NULL)
		return;
	source = temp_source(r->file);
	T_CHECK(r->body.n == 0 &&
		source_copy(source_all(&source), play_add_sum, &sum, &e),
	    "a file");
	buf_addf(&a->body, "file %llu %u", (unsigned long long)r->file->size,
	    sum);
}

static void
play_handle_alone(void *arg, const struct serve_request *r,
    struct serve_answer *a)
{
	struct play *t = arg;

	T_CHECK(r->id > t->id, "ids grow");
	t->id = r->id;
	play_handle(arg, r, a);
}

static bool
play_admit(void *arg, const struct serve_request *r, struct serve_admit *out,
    struct serve_answer *a)
{
	struct play *t = arg;

	t->asked++;
	T_CHECK(out->body_max == PLAY_BODY_MAX && !out->to_file &&
		r->body.n == 0 && r->file == NULL && a->status == 404 &&
		r->id > t->id,
	    "what is asked");
	t->id = r->id;
	if (str_eq(r->path, STR("/no"))) {
		a->status = 403;
		buf_addz(&a->body, "no");
		return false;
	}
	if (str_eq(r->path, STR("/small")))
		out->body_max = PLAY_SMALL_MAX;
	out->to_file = str_ends(r->path, STR("/file"));
	if (out->to_file)
		out->body_max = PLAY_FILE_MAX;
	return true;
}

void
play_begin(struct play *t, bool admits, const struct cert *cert)
{
	struct serve_how how = { .cert = cert,
		.body_max = PLAY_BODY_MAX,
		.admit = admits ? play_admit : NULL,
		.handle = admits ? play_handle : play_handle_alone,
		.arg = t };
	socklen_t n = sizeof(t->at);

	*t = (struct play){ .now = 1000000 };
	t->at.sin_family = AF_INET;
	t->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(t->listener, (struct sockaddr *)&t->at, n) != 0 ||
	    listen(t->listener, 2048) != 0 ||
	    getsockname(t->listener, (struct sockaddr *)&t->at, &n) != 0) {
		perror("listen");
		exit(1);
	}
	serve_init(&t->s, &how, t->listener);
}

void
play_end(struct play *t)
{
	serve_close(&t->s);
	(void)close(t->listener);
}

int
play_connect(const struct play *t)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0 ||
	    connect(fd, (const struct sockaddr *)&t->at, sizeof(t->at)) != 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		perror("connect");
		exit(1);
	}
	return fd;
}

void
play_turn(struct play *t)
{
	struct pollfd fds[SERVE_FDS];
	int64_t wake = INT64_MAX;
	size_t n = serve_wants(&t->s, fds, &wake);

	if (os_poll(fds, n, 0) > 0 || wake <= t->now)
		serve_step(&t->s, t->now, PLAY_WALL);
}

bool
play_talk_over(struct play *t, struct io_stream c, struct str in, size_t step,
    struct buf *out)
{
	char piece[4096];
	struct err ignored;
	size_t n = 0;
	enum io io;

	for (int quiet = 0, i = 0; quiet < QUIET && i < TURNS; i++, quiet++) {
		if (in.n > 0 &&
		    io_write(c, str_first(in, step), &n, &ignored) == IO_DONE) {
			in = str_from(in, n);
			quiet = 0;
		}
		play_turn(t);
		io = io_read(c, piece, sizeof(piece), &n, &ignored);
		if (io == IO_DONE) {
			buf_add(out, piece, n);
			quiet = 0;
		} else if (io_events(io) == 0) {
			return true;
		}
	}
	return false;
}

bool
play_talk(struct play *t, int fd, struct str in, size_t step, struct buf *out)
{
	return play_talk_over(t, (struct io_stream){ .fd = fd }, in, step, out);
}

void
play_shorten(struct str in, struct buf *out)
{
	static const struct str ok = STR_INIT("HTTP/1.1 200 OK");
	struct str head, rest;
	size_t end;
	uint64_t n;

	while (in.n > 0) {
		head = str_first(in, str_find(in, STR("\r\n\r\n")));
		rest = str_first(head, str_find(head, STR("\r\n")));
		buf_adds(out, str_eq(rest, ok) ? STR("~") : rest);
		in = str_from(in, head.n + 4);
		end = str_find(head, STR("Content-Length: "));
		rest = str_from(head, end + 16);
		rest = str_first(rest, str_find(rest, STR("\r\n")));
		if (str_u64(rest, OUT_MAX, &n)) {
			buf_addc(out, ' ');
			buf_adds(out, str_first(in, (size_t)n));
			in = str_from(in, (size_t)n);
		}
		buf_addc(out, ';');
	}
}

void
play_check(struct play *t, int fd, struct str in, const char *want)
{
	struct buf out, text;

	buf_init(&out, OUT_MAX);
	buf_init(&text, OUT_MAX);
	(void)play_talk(t, fd, in, 65536, &out);
	play_shorten(buf_view(&out), &text);
	T_CHECK(str_eq(buf_view(&text), str_of(want)), "%.*s, want %s",
	    STR_ARG(buf_view(&text)), want);
	buf_release(&out);
	buf_release(&text);
}
