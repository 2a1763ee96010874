/* SPDX-License-Identifier: MIT */
/*
 * serve_fuzz: one client, whose bytes come whole or in pieces. What admit and
 * the handler are shown, and what is answered, is the same; their requests
 * have sane parts; late answers come in their turn; nothing is left behind.
 *
 * The first byte of the input is the seed of the cuts, and says whether admit
 * is there; the rest is the stream.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "net/serve_client.h"

enum { BODY_MAX = 300, FILE_MAX = 70000, SEEN_MAX = 1 << 22, NOW = 1000 };

struct play {
	struct serve s;
	struct buf seen, out;
	uint64_t id;
	int mine;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static uint32_t
sum_of(struct str s)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum = sum * 31 + (unsigned char)s.p[i];
	return sum;
}

static void
look(struct play *t, const struct serve_request *r, const char *who)
{
	must(r->method.n > 0 && r->path.n <= HTTP1_REQUEST_MAX);
	must(str_chr(r->path, '?') == r->path.n);
	must(http1_has_head(r->head) && r->head->reason == NULL);
	must(r->body.n <= BODY_MAX && !r->tls && r->peer[0] == '\0');
	buf_addf(&t->seen, "%s %llu %.*s %.*s?%.*s %zu fields, %zu %u\n", who,
	    (unsigned long long)r->id, STR_ARG(r->method), STR_ARG(r->path),
	    STR_ARG(r->query), r->head->n_fields, r->body.n, sum_of(r->body));
}

static bool
admit(void *arg, const struct serve_request *r, struct serve_admit *out,
    struct serve_answer *a)
{
	struct play *t = arg;

	look(t, r, "admit");
	must(r->file == NULL && r->body.n == 0);
	must(out->body_max == BODY_MAX && !out->to_file && a->status == 404);
	out->to_file = str_starts(r->path, STR("/f"));
	if (out->to_file)
		out->body_max = FILE_MAX;
	return !str_starts(r->path, STR("/n"));
}

static bool
add_piece(void *arg, struct str piece, struct err *e)
{
	struct play *t = arg;

	(void)e;
	buf_adds(&t->seen, piece);
	return true;
}

static void
handle(void *arg, const struct serve_request *r, struct serve_answer *a)
{
	struct play *t = arg;
	struct source source;
	struct err e;

	must(r->id > t->id);
	t->id = r->id;
	look(t, r, "handle");
	if (r->file != NULL) {
		must(r->body.n == 0 && r->file->size <= FILE_MAX);
		source = temp_source(r->file);
		must(source_copy(source_all(&source), add_piece, t, &e));
	}
	a->status = str_starts(r->path, STR("/l")) ? SERVE_LATER : 200;
	buf_addf(&a->body, "answer %llu", (unsigned long long)r->id);
}

static void
reply(struct play *t)
{
	struct serve_answer a;

	if (!serve_is_waiting(&t->s, t->id))
		return;
	serve_answer_init(&a);
	a.status = 202;
	buf_addf(&a.body, "late %llu", (unsigned long long)t->id);
	must(serve_reply(&t->s, t->id, &a));
	must(!serve_reply(&t->s, t->id, &a));
	serve_answer_release(&a);
}

/* Until there is nothing to do. */
static void
turn(struct play *t)
{
	struct pollfd fds[SERVE_FDS];
	int64_t wake = INT64_MAX;
	char piece[4096];
	ssize_t n;

	while (os_poll(fds, serve_wants(&t->s, fds, &wake), 0) > 0) {
		serve_step(&t->s, NOW, NOW);
		while ((n = recv(t->mine, piece, sizeof(piece), 0)) > 0)
			buf_add(&t->out, piece, (size_t)n);
		reply(t);
		must(t->out.n < SEEN_MAX / 2);
	}
}

static void
begin(struct play *t, bool admits)
{
	struct serve_how how = { .body_max = BODY_MAX,
		.admit = admits ? admit : NULL,
		.handle = handle,
		.arg = t };
	struct serve_peer peer = { 0 };
	int pair[2];

	*t = (struct play){ 0 };
	buf_init(&t->seen, SEEN_MAX);
	buf_init(&t->out, SEEN_MAX);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	t->mine = pair[0];
	serve_init(&t->s, &how, -1);
	t->s.now = NOW;
	serve_client_begin(&t->s, &t->s.client[0], pair[1], &peer);
}

/* Numerical Recipes' generator: the same cuts for the same input. */
static size_t
piece_size(uint32_t *seed, size_t most)
{
	size_t n;

	if (*seed == 0)
		return most;
	*seed = *seed * 1664525u + 1013904223u;
	n = 1 + (*seed >> 24) % 29;
	return n < most ? n : most;
}

/* Is the connection open in the end? */
static bool
run(struct play *t, struct str in, bool admits, uint32_t cuts)
{
	enum serve_phase end;
	ssize_t n;

	begin(t, admits);
	while (in.n > 0) {
		n = send(t->mine, in.p, piece_size(&cuts, in.n), MSG_NOSIGNAL);
		if (n < 0)
			break; /* it has ended */
		turn(t);
		in = str_from(in, (size_t)n);
	}
	end = t->s.client[0].phase;
	must(end == SERVE_FREE || end == SERVE_IDLE || end == SERVE_READING ||
	    end == SERVE_LINGERING);
	must(!t->seen.full && !t->out.full);
	(void)close(t->mine);
	turn(t);
	must(t->s.client[0].phase == SERVE_FREE);
	serve_close(&t->s);
	return end == SERVE_IDLE || end == SERVE_READING;
}

/* Who asks first is told to go on only if the rest is not there yet. */
static void
drop_continue(struct buf *b)
{
	static const struct str it = STR_INIT("HTTP/1.1 100 Continue\r\n\r\n");
	struct str rest = buf_view(b);
	struct buf out;
	size_t at;

	buf_init(&out, SEEN_MAX);
	while ((at = str_find(rest, it)) < rest.n) {
		buf_adds(&out, str_first(rest, at));
		rest = str_from(rest, at + it.n);
	}
	buf_adds(&out, rest);
	buf_release(b);
	*b = out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct play whole, cut;
	struct str in;
	bool open;

	if (n < 1)
		return 0;
	in = (struct str){ (const char *)data + 1, n - 1 };
	open = run(&whole, in, data[0] % 2 == 0, 0);
	must(run(&cut, in, data[0] % 2 == 0, data[0] + 1u) == open);
	drop_continue(&whole.out);
	drop_continue(&cut.out);
	must(str_eq(buf_view(&whole.seen), buf_view(&cut.seen)));
	must(str_eq(buf_view(&whole.out), buf_view(&cut.out)));
	buf_release(&whole.seen);
	buf_release(&whole.out);
	buf_release(&cut.seen);
	buf_release(&cut.out);
	return 0;
}
