/* SPDX-License-Identifier: MIT */
#include "net/serve.h"

#include <string.h>
#include <sys/socket.h>

#include "base/os.h"
#include "codec/date.h"
#include "net/tcp.h"
#include "net/tls.h"

enum {
	READ_PIECE = 16384,
	READS_MOST = 4, /* of one client in a step: others wait as well */
	MEMORY_MAX = 64 * 1024,
	LINGER_MS = 1000
};

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 303, "See Other" },
	{ 307, "Temporary Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 410, "Gone" },
	{ 413, "Payload Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
};

const char *
serve_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

const char *
serve_flaw(const struct http1 *h, int *status)
{
	struct str head = buf_view(&h->head), name;
	size_t hosts = 0;

	*status = 400;
	if (!http1_has_head(h)) {
		if (h->reason != NULL &&
		    strcmp(h->reason, "head too large") == 0)
			*status = 431;
		return h->reason != NULL ? h->reason :
					   "the request is not complete";
	}
	for (size_t i = 0; i < h->n_fields; i++) {
		name = str_first(str_from(head, h->field[i].name),
		    h->field[i].name_n);
		hosts += str_ieq(name, STR("Host"));
	}
	if (hosts > 1 || (hosts == 0 && h->minor > 0))
		return "there must be one Host field";
	if (h->reason != NULL && strcmp(h->reason, "body too large") == 0)
		*status = 413;
	return h->reason;
}

/* --- clients --- */

static void
client_end(struct serve_client *c)
{
	if (c->phase == SERVE_FREE)
		return;
	if (c->stream.tls != NULL && c->phase != SERVE_SHAKING)
		tls_bye(c->stream.tls);
	tls_free(c->stream.tls);
	os_close(&c->stream.fd);
	http1_release(&c->head);
	buf_release(&c->body);
	buf_release(&c->out);
	buf_release(&c->ahead);
	arena_release(&c->mem);
	*c = (struct serve_client){ 0 };
}

/* Ready for a request: nothing of the last one is left. */
static void
client_rest(struct serve_client *c, size_t body_max, int64_t deadline)
{
	http1_release(&c->head);
	http1_init(&c->head, HTTP1_REQUEST);
	buf_release(&c->body);
	buf_init_secret(&c->body, body_max); /* may hold a password */
	buf_release(&c->out);
	buf_init_secret(&c->out, SERVE_ANSWER_MAX + HTTP1_HEAD_MAX);
	c->sent = 0;
	c->headed = false;
	c->phase = SERVE_IDLE;
	c->events = POLLIN;
	c->deadline = deadline;
}

static void
client_begin(struct serve *s, struct serve_client *c, int fd, int64_t now)
{
	struct err ignored;

	*c = (struct serve_client){ .phase = SERVE_IDLE, .stream.fd = fd };
	tcp_tune(fd);
	arena_init(&c->mem, MEMORY_MAX);
	buf_init_secret(&c->ahead, READ_PIECE);
	client_rest(c, s->how.body_max, now + SERVE_HEAD_MS);
	if (s->how.cert == NULL)
		return;
	c->phase = SERVE_SHAKING;
	c->stream.tls = tls_server(&c->mem, fd,
	    &(struct tls_at){ .cert = s->how.cert, .http = true }, &ignored);
	if (c->stream.tls == NULL)
		client_end(c);
}

static void
client_say(struct serve_client *c, const struct serve_answer *a, bool body,
    int64_t wall)
{
	char date[DATE_HTTP_SIZE];

	date_http(wall, date);
	buf_addf(&c->out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", a->status,
	    serve_reason(a->status), date);
	buf_adds(&c->out, buf_view(&a->fields));
	if (a->type != NULL)
		buf_addf(&c->out, "Content-Type: %s\r\n", a->type);
	if (a->status != 204) /* RFC 9110 8.6 */
		buf_addf(&c->out, "Content-Length: %zu\r\n", a->body.n);
	if (!c->keep)
		buf_addz(&c->out, "Connection: close\r\n");
	buf_addz(&c->out, "\r\n");
	if (body)
		buf_adds(&c->out, buf_view(&a->body));
}

/* The request is whole, or broken: its answer. */
static void
client_answer(struct serve *s, struct serve_client *c, int64_t now,
    int64_t wall)
{
	struct serve_answer a = { .status = 404 };
	struct str target = http1_target(&c->head);
	struct serve_request r = { .method = http1_method(&c->head),
		.path = str_first(target, str_chr(target, '?')),
		.body = buf_view(&c->body),
		.head = &c->head };
	int status;
	const char *flaw = serve_flaw(&c->head, &status);

	r.query = str_from(target, r.path.n + 1);
	buf_init(&a.fields, HTTP1_HEAD_MAX);
	buf_init_secret(&a.body, SERVE_ANSWER_MAX);
	c->keep = flaw == NULL && c->head.keep_alive;
	if (flaw == NULL) {
		s->how.handle(s->how.arg, &r, &a);
	} else {
		a.status = status;
		a.type = "text/plain";
		buf_addf(&a.body, "%s\n", flaw);
	}
	if (a.body.full || a.body.no_memory || a.fields.full ||
	    a.fields.no_memory) {
		buf_reset(&a.body);
		buf_reset(&a.fields);
		a.status = 500;
	}
	client_say(c, &a, !str_eq(r.method, STR("HEAD")), wall);
	buf_release(&a.fields);
	buf_release(&a.body);
	c->phase = SERVE_WRITING;
	c->deadline = now + SERVE_BODY_MS;
}

/* Feeds what came; what is behind the request waits in ahead. */
static void
client_feed(struct serve *s, struct serve_client *c, struct str in, int64_t now,
    int64_t wall)
{
	enum parse r;

	if (c->phase == SERVE_IDLE) {
		c->phase = SERVE_READING;
		c->deadline = now + SERVE_HEAD_MS;
	}
	r = http1_feed(&c->head, &in, &c->body);
	if (http1_has_head(&c->head) && !c->headed) {
		c->headed = true;
		c->deadline = now + SERVE_BODY_MS;
		if (r == PARSE_MORE &&
		    str_ieq(http1_field(&c->head, STR("Expect")),
			STR("100-continue")))
			buf_addz(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	}
	if (r == PARSE_MORE)
		return;
	buf_adds(&c->ahead, in);
	client_answer(s, c, now, wall);
}

/* False: it is over with this client. */
static bool
client_read(struct serve *s, struct serve_client *c, int64_t now, int64_t wall)
{
	char piece[READ_PIECE];
	struct str in = { piece, 0 };
	struct err ignored;
	enum io io;

	if (c->ahead.n > 0) {
		memcpy(piece, c->ahead.p, c->ahead.n);
		in.n = c->ahead.n;
		buf_reset(&c->ahead);
		client_feed(s, c, in, now, wall);
		return true;
	}
	io = io_read(c->stream, piece, sizeof(piece), &in.n, &ignored);
	c->events = io_events(io);
	if (io == IO_DONE && c->phase != SERVE_LINGERING)
		client_feed(s, c, in, now, wall);
	return io == IO_DONE || c->events != 0;
}

/* What is to be written. False: it is over. */
static bool
client_write(struct serve *s, struct serve_client *c, int64_t now)
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
		client_rest(c, s->how.body_max, now + SERVE_IDLE_MS);
		c->served = true;
	} else {
		if (c->stream.tls != NULL)
			tls_bye(c->stream.tls);
		(void)shutdown(c->stream.fd, SHUT_WR);
		buf_reset(&c->ahead);
		c->phase = SERVE_LINGERING;
		c->deadline = now + LINGER_MS;
	}
	return true;
}

static bool
client_shake(struct serve_client *c)
{
	struct err ignored;
	enum io io = tls_handshake(c->stream.tls, &ignored);

	c->events = io_events(io);
	if (io == IO_DONE)
		c->phase = SERVE_IDLE; /* its head has the same deadline */
	return io == IO_DONE || c->events != 0;
}

/* As far as it goes without waiting, but not so far that others wait. */
static void
client_step(struct serve *s, struct serve_client *c, int64_t now, int64_t wall)
{
	bool more = now < c->deadline;

	for (int i = 0; more && i < READS_MOST; i++) {
		if (c->phase == SERVE_SHAKING)
			more = client_shake(c);
		else if (c->sent < c->out.n)
			more = client_write(s, c, now);
		else
			more = client_read(s, c, now, wall);
		if (more && c->events != 0)
			return;
	}
	if (!more)
		client_end(c);
	else
		c->events = POLLIN | POLLOUT; /* it goes on at once */
}

/* It has its answer, and asks nothing. */
static bool
client_is_spare(const struct serve_client *c)
{
	return c->phase == SERVE_IDLE && c->served && c->ahead.n == 0;
}

/* --- all of them --- */

void
serve_init(struct serve *s, const struct serve_how *how, int listener)
{
	*s = (struct serve){ .how = *how, .listener = listener };
}

void
serve_close(struct serve *s)
{
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		client_end(&s->client[i]);
}

size_t
serve_wants(const struct serve *s, struct pollfd fds[SERVE_FDS], int64_t *wake)
{
	const struct serve_client *c = s->client;
	size_t n = 0;
	bool room = false;

	for (; c < s->client + SERVE_CLIENTS; c++) {
		room = room || c->phase == SERVE_FREE || client_is_spare(c);
		if (c->phase == SERVE_FREE)
			continue;
		if (c->deadline < *wake)
			*wake = c->deadline;
		fds[n++] = (struct pollfd){ c->stream.fd, c->events, 0 };
	}
	if (room)
		fds[n++] = (struct pollfd){ s->listener, POLLIN, 0 };
	return n;
}

/* A free place, else that of who was silent for longest; NULL: none. */
static struct serve_client *
serve_place(struct serve *s)
{
	struct serve_client *place = NULL, *c = s->client;

	for (; c < s->client + SERVE_CLIENTS; c++) {
		if (c->phase == SERVE_FREE)
			return c;
		if (client_is_spare(c) &&
		    (place == NULL || c->deadline < place->deadline))
			place = c;
	}
	return place;
}

static void
serve_accept(struct serve *s, int64_t now)
{
	struct serve_client *c;
	int fd;

	while ((c = serve_place(s)) != NULL) {
		fd = accept4(s->listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		client_end(c);
		client_begin(s, c, fd, now);
	}
}

void
serve_step(struct serve *s, int64_t now, int64_t wall)
{
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		if (s->client[i].phase != SERVE_FREE)
			client_step(s, &s->client[i], now, wall);
	serve_accept(s, now);
}
