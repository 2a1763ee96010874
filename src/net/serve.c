/* SPDX-License-Identifier: MIT */
#include "net/serve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/os.h"
#include "net/serve_client.h"

_Static_assert(SERVE_PEER_SIZE == INET6_ADDRSTRLEN, "an address as text");

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
	{ 204, "No Content" }, { 303, "See Other" },
	{ 307, "Temporary Redirect" }, { 400, "Bad Request" },
	{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 410, "Gone" }, { 413, "Payload Too Large" },
	{ 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
	{ 421, "Misdirected Request" }, { 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 502, "Bad Gateway" },
	{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 507, "Insufficient Storage" }, /* RFC 4918 11.5 */
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

void
serve_answer_init(struct serve_answer *a)
{
	*a = (struct serve_answer){ .status = 404 };
	buf_init(&a->fields, HTTP1_HEAD_MAX);
	buf_init_secret(&a->body, SERVE_ANSWER_MAX);
}

void
serve_answer_release(struct serve_answer *a)
{
	buf_release(&a->fields);
	buf_release(&a->body);
	*a = (struct serve_answer){ 0 };
}

/* --- who calls --- */

static struct serve_peer
serve_peer_of(const struct sockaddr_storage *from)
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };
	struct serve_peer p = { 0 };
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	bool is_v4;

	if (from->ss_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		memcpy(p.ip, &v6.sin6_addr, sizeof(p.ip));
	} else if (from->ss_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		memcpy(p.ip, mapped, sizeof(mapped));
		memcpy(p.ip + sizeof(mapped), &v4.sin_addr, 4);
	} else {
		return p;
	}
	is_v4 = memcmp(p.ip, mapped, sizeof(mapped)) == 0;
	(void)inet_ntop(is_v4 ? AF_INET : AF_INET6,
	    p.ip + (is_v4 ? sizeof(mapped) : 0), p.text, sizeof(p.text));
	p.counted =
	    is_v4 ? p.ip[12] != 127 : memcmp(p.ip, &in6addr_loopback, 16) != 0;
	return p;
}

/* Of IPv6, a network (RFC 4291 2.5.1: 64 bits) is one: it has all the rest. */
static bool
serve_peer_is(const struct serve_peer *a, const struct serve_peer *b)
{
	static const unsigned char none[8] = { 0 };
	size_t n = memcmp(a->ip, none, sizeof(none)) == 0 ? 16 : 8;

	return a->counted && b->counted && memcmp(a->ip, b->ip, n) == 0;
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
		serve_client_end(&s->client[i]);
}

size_t
serve_wants(const struct serve *s, struct pollfd fds[SERVE_FDS], int64_t *wake)
{
	const struct serve_client *c = s->client;
	int64_t room_at = INT64_MAX;
	size_t n = 0;

	for (; c < s->client + SERVE_CLIENTS; c++) {
		if (c->spare_at < room_at)
			room_at = c->spare_at; /* 0 of a free one */
		if (c->phase == SERVE_FREE)
			continue;
		if (c->deadline < *wake)
			*wake = c->deadline;
		fds[n++] = (struct pollfd){ c->stream.fd, c->events, 0 };
	}
	if (room_at < s->rest)
		room_at = s->rest;
	if (room_at <= s->now)
		fds[n++] = (struct pollfd){ s->listener, POLLIN, 0 };
	else if (room_at < *wake)
		*wake = room_at;
	return n;
}

static struct serve_client *
serve_more_spare(struct serve_client *a, struct serve_client *b)
{
	return a == NULL || b->spare_at < a->spare_at ? b : a;
}

/*
 * A free place, else that of who was silent for longest; NULL: none. Whoever
 * has half of the places gets another one of these only.
 */
static struct serve_client *
serve_place(struct serve *s, const struct serve_peer *from)
{
	struct serve_client *place = NULL, *own = NULL, *c = s->client;
	unsigned has = 0;
	bool same;

	for (; c < s->client + SERVE_CLIENTS; c++) {
		same = serve_peer_is(&c->peer, from);
		has += same;
		if (c->spare_at > s->now)
			continue;
		place = serve_more_spare(place, c);
		if (same)
			own = serve_more_spare(own, c);
	}
	return has < SERVE_PEER_CLIENTS ? place : own;
}

static void
serve_accept(struct serve *s)
{
	struct sockaddr_storage from;
	struct serve_peer peer = { 0 };
	struct serve_client *c;
	socklen_t n;
	int fd;

	for (int i = 0; i < SERVE_CLIENTS; i++) {
		peer.counted = false;
		if (serve_place(s, &peer) == NULL)
			return;
		n = sizeof(from);
		from.ss_family = AF_UNSPEC;
		fd = accept4(s->listener, (struct sockaddr *)&from, &n,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			s->rest = os_accept_rest(s->now);
			return;
		}
		peer = serve_peer_of(&from);
		c = serve_place(s, &peer);
		if (c == NULL) {
			os_close(&fd);
			continue;
		}
		serve_client_end(c);
		serve_client_begin(s, c, fd, &peer);
	}
}

void
serve_step(struct serve *s, int64_t now, int64_t wall)
{
	s->now = now;
	s->wall = wall;
	for (size_t i = 0; i < SERVE_CLIENTS; i++)
		if (s->client[i].phase != SERVE_FREE)
			serve_client_step(&s->client[i]);
	if (now >= s->rest)
		serve_accept(s);
}

/* --- late answers --- */

/* Which client waits for the answer to this; SERVE_CLIENTS: none. */
static size_t
serve_find(const struct serve *s, uint64_t id)
{
	size_t i = 0;

	while (i < SERVE_CLIENTS &&
	    (s->client[i].id != id || !serve_client_is_waiting(&s->client[i])))
		i++;
	return i;
}

bool
serve_is_waiting(const struct serve *s, uint64_t id)
{
	return serve_find(s, id) < SERVE_CLIENTS;
}

bool
serve_reply(struct serve *s, uint64_t id, const struct serve_answer *a)
{
	size_t i = serve_find(s, id);

	if (i == SERVE_CLIENTS)
		return false;
	serve_client_say(&s->client[i], a);
	s->client[i].events = POLLOUT;
	return true;
}
