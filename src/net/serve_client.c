/* SPDX-License-Identifier: MIT */
#include "net/serve_client.h"

#include <string.h>
#include <sys/socket.h>

#include "base/os.h"
#include "base/scratch.h"
#include "base/secret.h"
#include "codec/date.h"
#include "net/tcp.h"
#include "net/tls.h"

enum {
	READ_PIECE = 16384,
	READS_MOST = 4, /* of one client in a step: others wait as well */
	MEMORY_MAX = 64 * 1024,
	LINGER_MS = 1000,
	SAID_MAX = 1024 /* a head without fields of others */
};

void
serve_client_end(struct serve_client *c)
{
	if (c->phase == SERVE_FREE)
		return;
	if (c->stream.tls != NULL && c->phase != SERVE_SHAKING)
		tls_bye(c->stream.tls);
	tls_free(c->stream.tls);
	os_close(&c->stream.fd);
	http1_release(&c->head);
	buf_release(&c->body);
	temp_close(&c->file);
	buf_release(&c->out);
	buf_release(&c->ahead);
	arena_release(&c->mem);
	*c = (struct serve_client){ 0 };
}

/* What came of a request's body is needed no more. */
static void
client_drop_body(struct serve_client *c, size_t limit)
{
	buf_release(&c->body);
	buf_init_secret(&c->body, limit); /* may hold a password */
	temp_close(&c->file);
}

/* Ready for a request: nothing of the last one is left. */
static void
client_rest(struct serve_client *c, int64_t deadline)
{
	http1_release(&c->head);
	http1_init(&c->head, HTTP1_REQUEST);
	client_drop_body(c, SIZE_MAX - 1); /* the limit comes by the head */
	buf_release(&c->out);
	buf_init_secret(&c->out,
	    SERVE_ANSWER_MAX + HTTP1_HEAD_MAX + SAID_MAX + c->s->how.fields.n);
	c->sent = 0;
	c->headed = c->begun = c->bare = false;
	c->phase = SERVE_IDLE;
	c->events = 0; /* perhaps something is here: in ahead, or in tls */
	c->deadline = deadline;
}

void
serve_client_begin(struct serve *s, struct serve_client *c, int fd,
    const struct serve_peer *peer)
{
	struct err ignored;

	*c = (struct serve_client){ .stream.fd = fd, .peer = *peer, .s = s };
	tcp_tune(fd);
	arena_init(&c->mem, MEMORY_MAX);
	buf_init_secret(&c->ahead, READ_PIECE);
	client_rest(c, s->now + SERVE_HEAD_MS);
	c->events = POLLIN;
	c->spare_at = s->now + SERVE_GRACE_MS;
	if (s->how.cert == NULL)
		return;
	c->phase = SERVE_SHAKING;
	c->stream.tls = tls_server(&c->mem, fd,
	    &(struct tls_at){ .cert = s->how.cert, .http = true }, &ignored);
	if (c->stream.tls == NULL)
		serve_client_end(c);
}

/* --- its answer --- */

static bool
client_can_say(const struct serve_answer *a)
{
	return a->status >= 200 && !a->body.full && !a->body.no_memory &&
	    !a->fields.full && !a->fields.no_memory;
}

void
serve_client_say(struct serve_client *c, const struct serve_answer *a)
{
	static const struct serve_answer failed = { .status = 500 };
	char date[DATE_HTTP_SIZE];

	if (!client_can_say(a))
		a = &failed;
	date_http(c->s->wall, date);
	buf_addf(&c->out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", a->status,
	    serve_reason(a->status), date);
	buf_adds(&c->out, c->s->how.fields);
	buf_adds(&c->out, buf_view(&a->fields));
	if (a->type != NULL)
		buf_addf(&c->out, "Content-Type: %s\r\n", a->type);
	if (a->status != 204) /* RFC 9110 8.6 */
		buf_addf(&c->out, "Content-Length: %zu\r\n", a->body.n);
	if (!c->keep)
		buf_addz(&c->out, "Connection: close\r\n");
	buf_addz(&c->out, "\r\n");
	if (!c->bare)
		buf_adds(&c->out, buf_view(&a->body));
	client_drop_body(c, 0);
	c->phase = SERVE_WRITING;
	c->events = 0;
	c->deadline = c->s->now + SERVE_BODY_MS;
}

static struct serve_request
client_request(struct serve_client *c)
{
	struct str target = http1_target(&c->head);
	struct serve_request r = { .id = c->id,
		.method = http1_method(&c->head),
		.path = str_first(target, str_chr(target, '?')),
		.body = buf_view(&c->body),
		.file = c->file.name != NULL ? &c->file : NULL,
		.head = &c->head,
		.peer = c->peer.text,
		.tls = c->stream.tls != NULL };

	r.query = str_from(target, r.path.n + 1);
	return r;
}

/* An answer of ours, in words, after which the connection ends. */
static void
client_refuse(struct serve_client *c, int status, const char *why)
{
	struct serve_request r = client_request(c);
	struct serve_answer a;

	serve_answer_init(&a);
	a.status = status;
	if (c->s->how.refuse != NULL) {
		c->s->how.refuse(c->s->how.arg, &r, why, &a);
	} else {
		a.type = "text/plain";
		buf_addf(&a.body, "%s\n", why);
	}
	c->keep = false;
	serve_client_say(c, &a);
	serve_answer_release(&a);
}

/* False, and answered 4xx: something is wrong with the request. */
static bool
client_is_sound(struct serve_client *c)
{
	int status;
	const char *flaw = serve_flaw(&c->head, &status);

	if (flaw != NULL)
		client_refuse(c, status, flaw);
	return flaw == NULL;
}

static bool
client_is_gone(const struct serve_client *c)
{
	struct pollfd p = { .fd = c->stream.fd, .events = POLLRDHUP };

	return os_poll(&p, 1, 0) > 0 && p.revents != 0;
}

bool
serve_client_is_waiting(const struct serve_client *c)
{
	return c->phase == SERVE_WAITING && !client_is_gone(c);
}

/* False: nobody is there any more. */
static bool
client_wait(struct serve_client *c)
{
	if (client_is_gone(c))
		return false;
	if (c->s->now < c->deadline)
		c->events = POLLRDHUP;
	else
		client_refuse(c, 504, "the answer took too long");
	return true;
}

/* --- its request --- */

/* False, and answered: whoever decides that does not want it. */
static bool
client_ask_admission(struct serve_client *c, struct serve_admit *may)
{
	struct serve_request r = client_request(c);
	struct serve_answer a;
	bool yes;

	serve_answer_init(&a);
	yes = c->s->how.admit == NULL ||
	    c->s->how.admit(c->s->how.arg, &r, may, &a);
	if (!yes) {
		c->keep = false;
		serve_client_say(c, &a);
	}
	serve_answer_release(&a);
	return yes;
}

/* The head is whole. True: its body may come, or there is none. */
static bool
client_admit(struct serve_client *c)
{
	struct serve_admit may = { .body_max = c->s->how.body_max };
	struct err e;

	c->headed = true;
	c->id = ++c->s->last_id;
	c->deadline = c->s->now + SERVE_BODY_MS;
	c->keep = c->head.keep_alive;
	c->bare = str_eq(http1_method(&c->head), STR("HEAD"));
	if (!client_is_sound(c) || !client_ask_admission(c, &may))
		return false;
	if (may.body_max > SIZE_MAX - 1)
		may.body_max = SIZE_MAX - 1;
	if (c->head.length > may.body_max) {
		client_refuse(c, 413, "body too large");
		return false;
	}
	client_drop_body(c, (size_t)may.body_max);
	if (may.to_file &&
	    !temp_open(&c->file, "the body", c->s->how.spool, &e)) {
		client_refuse(c, 507, e.msg);
		return false;
	}
	return true;
}

/*
 * Line by line, so that not one byte of the body is taken before its end.
 * True: the head is whole, and admitted.
 */
static bool
client_take_head(struct serve_client *c, struct str *in)
{
	enum parse r = PARSE_MORE;
	struct str line;
	size_t n;

	while (r == PARSE_MORE && in->n > 0 && !http1_has_head(&c->head)) {
		line = str_first(*in, str_chr(*in, '\n') + 1);
		n = line.n;
		r = http1_feed(&c->head, &line, &c->body);
		*in = str_from(*in, n - line.n);
	}
	if (http1_has_head(&c->head))
		return client_admit(c);
	if (r == PARSE_BAD)
		(void)client_is_sound(c);
	return false;
}

/* What came of the body goes to its file, and counts there. */
static bool
client_store(struct serve_client *c)
{
	size_t n = c->body.n;
	struct err e;

	if (c->file.name == NULL || n == 0)
		return true;
	if (temp_add(&c->file, buf_view(&c->body), &e)) {
		buf_reset(&c->body);
		c->body.limit -= n; /* it is what may still come */
		return true;
	}
	client_refuse(c, 507, e.msg);
	return false;
}

static void
client_call(struct serve_client *c)
{
	struct serve_request r = client_request(c);
	struct serve_answer a;

	serve_answer_init(&a);
	c->s->how.handle(c->s->how.arg, &r, &a);
	if (a.status != SERVE_LATER) {
		serve_client_say(c, &a);
	} else {
		client_drop_body(c, 0);
		c->phase = SERVE_WAITING;
		c->deadline = c->s->now + SERVE_LATE_MS;
	}
	serve_answer_release(&a);
}

/* RFC 9110 10.1.1 */
static bool
client_asks_first(const struct serve_client *c)
{
	return c->head.minor > 0 &&
	    str_ieq(http1_field(&c->head, STR("Expect")), STR("100-continue"));
}

static void
client_take_body(struct serve_client *c, struct str in)
{
	enum parse r;

	c->deadline += (int64_t)(in.n / SERVE_BODY_RATE);
	r = http1_feed(&c->head, &in, &c->body);
	if (!client_store(c))
		return;
	if (r == PARSE_MORE) {
		if (!c->begun && client_asks_first(c))
			buf_addz(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		c->begun = true;
	} else if (client_is_sound(c)) {
		buf_adds(&c->ahead, in);
		client_call(c);
	}
}

/* What is behind the request waits in ahead. */
static void
client_feed(struct serve_client *c, struct str in)
{
	if (c->phase == SERVE_IDLE) {
		c->phase = SERVE_READING;
		c->deadline = c->s->now + SERVE_HEAD_MS;
		c->spare_at = INT64_MAX;
	}
	if (c->headed || client_take_head(c, &in))
		client_take_body(c, in);
}

/* False: it is over with this client. */
static bool
client_read(struct serve_client *c)
{
	SCRATCH char piece[READ_PIECE];
	struct str in = { piece, 0 };
	struct err ignored;
	enum io io;

	if (c->ahead.n > 0) {
		memcpy(piece, c->ahead.p, c->ahead.n);
		in.n = c->ahead.n;
		buf_reset(&c->ahead);
		client_feed(c, in);
		secret_wipe(piece, in.n);
		return true;
	}
	io = io_read(c->stream, piece, sizeof(piece), &in.n, &ignored);
	c->events = io_events(io);
	if (io == IO_DONE && c->phase != SERVE_LINGERING)
		client_feed(c, in);
	secret_wipe(piece, in.n);
	return io == IO_DONE || c->events != 0;
}

/* --- its turn --- */

/* What is to be written. False: it is over. */
static bool
client_write(struct serve_client *c)
{
	struct str left = str_from(buf_view(&c->out), c->sent);
	struct err ignored;
	size_t done = 0;
	enum io io;

	if (c->out.full || c->out.no_memory)
		return false;
	io = io_write(c->stream, left, &done, &ignored);
	c->sent += done;
	c->events = io_events(io);
	if (io != IO_DONE || c->sent < c->out.n)
		return io == IO_DONE || c->events != 0;
	if (c->phase == SERVE_READING) { /* "100 Continue" */
		buf_reset(&c->out);
		c->sent = 0;
	} else if (c->keep) {
		client_rest(c, c->s->now + SERVE_IDLE_MS);
		c->spare_at = c->ahead.n == 0 ? c->s->now : INT64_MAX;
	} else {
		if (c->stream.tls != NULL)
			tls_bye(c->stream.tls);
		(void)shutdown(c->stream.fd, SHUT_WR);
		buf_reset(&c->ahead);
		c->phase = SERVE_LINGERING;
		c->deadline = c->s->now + LINGER_MS;
		c->spare_at = c->s->now + SERVE_GRACE_MS;
	}
	return true;
}

static bool
client_shake(struct serve_client *c)
{
	struct err ignored;
	enum io io = tls_handshake(c->stream.tls, &ignored);

	c->events = io_events(io);
	if (io == IO_DONE) {
		c->phase = SERVE_IDLE; /* its head has the same deadline */
		c->spare_at = c->s->now + SERVE_GRACE_MS;
	}
	return io == IO_DONE || c->events != 0;
}

void
serve_client_step(struct serve_client *c)
{
	bool more = c->s->now < c->deadline || c->phase == SERVE_WAITING;

	for (int i = 0; more && i < READS_MOST; i++) {
		if (c->phase == SERVE_SHAKING)
			more = client_shake(c);
		else if (c->phase == SERVE_WAITING)
			more = client_wait(c);
		else if (c->sent < c->out.n)
			more = client_write(c);
		else
			more = client_read(c);
		if (more && c->events != 0)
			return;
	}
	if (!more)
		serve_client_end(c);
	else
		c->events = POLLIN | POLLOUT; /* it goes on at once */
}
