/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "base/scratch.h"
#include "net/io.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "net/tunnel.h"

enum {
	MEM_LIMIT =
	    64 * 1024,     /* states and short strings; bytes are not here */
	DRAIN_SIZE = 4096, /* thrown away before closing, at a time, ... */
	DRAIN_TIMES = 16,  /* ... and as often at most */
	PROXY_PIECE = 2048 /* of a proxy's answer at a time */
};

enum phase { CONNECTING, PROXYING, SHAKING, OPEN, FAILED };

struct conn_state {
	enum phase phase;
	struct conn_to to;        /* host and session_folder are copies */
	struct str peer;          /* "host:port", for messages */
	struct tcp tcp;           /* while CONNECTING */
	struct tunnel tunnel;     /* while PROXYING */
	int fd;                   /* after CONNECTING, else -1 */
	struct tls *tls;          /* NULL: plain */
	short shake_events;       /* what proxy or handshake wait for */
	bool again;               /* the second try, without a kept session */
	struct str address;       /* that won */
	int64_t began, connected; /* monotonic ms; 0: not yet */
	struct err failure;       /* once FAILED */
};

static struct io_stream
stream(const struct conn_state *s)
{
	return (struct io_stream){ s->fd, s->tls };
}

/* --- opening, step by step --- */

static void
drop(struct conn_state *s)
{
	tcp_release(&s->tcp);
	tunnel_release(&s->tunnel);
	tls_free(s->tls);
	s->tls = NULL;
	os_close(&s->fd);
}

/* Keeps *e until conn_open asks. */
static void
fail(struct conn_state *s, const struct err *e)
{
	const struct proxy *p = s->to.proxy;

	s->failure = *e;
	if (s->phase == CONNECTING && p != NULL) {
		err_wrap(&s->failure,
		    "connect to %.*s through the proxy %s (%.*s)",
		    STR_ARG(s->peer), p->name, STR_ARG(p->origin));
		err_remedy(&s->failure,
		    "check the setting proxy (or https_proxy): host and port, "
		    "and whether it runs; no_proxy excepts hosts");
	} else if (s->phase == CONNECTING)
		err_wrap(&s->failure, "connect to %.*s", STR_ARG(s->peer));
	else if (s->phase == SHAKING)
		err_wrap(&s->failure, "TLS with %.*s", STR_ARG(s->peer));
	drop(s);
	s->phase = FAILED;
}

static void
trace(const struct conn_state *s, const char *step, struct str what)
{
	if (s->to.log != NULL)
		log_trace(s->to.log, "%.*s: %s%.*s", STR_ARG(s->peer), step,
		    STR_ARG(what));
}

static void
begin_tls(struct conn *c)
{
	struct conn_state *s = c->state;
	struct tls_to to = {
		.host = s->to.host,
		.trust = s->to.trust,
		.session_folder = s->to.session_folder,
		.peer = s->peer,
	};
	struct err e;

	s->phase = SHAKING;
	s->shake_events = POLLOUT; /* at once: the client speaks first */
	s->tls = tls_client(&c->mem, s->fd, &to, &e);
	if (s->tls == NULL)
		fail(s, &e);
}

/* What comes after TCP, or after the proxy. */
static void
begin_stream(struct conn *c)
{
	c->state->connected = os_mono_ms();
	if (c->state->to.trust == NULL)
		c->state->phase = OPEN;
	else
		begin_tls(c);
}

static void
begin_tcp(struct conn_state *s)
{
	const struct proxy *p = s->to.proxy;
	struct err e;

	s->phase = CONNECTING;
	if (p != NULL)
		trace(s, "through the proxy ", str_of(p->name));
	/* a proxy is of this network, whose search domains know it */
	if (!tcp_start(&s->tcp, p != NULL ? p->url.host : s->to.host,
		p != NULL ? p->url.port : s->to.port, p == NULL, &e))
		fail(s, &e);
}

static void
begin_tunnel(struct conn *c)
{
	struct conn_state *s = c->state;
	struct err e;

	if (s->to.proxy == NULL) {
		begin_stream(c);
		return;
	}
	s->phase = PROXYING;
	s->shake_events = POLLOUT;
	if (!tunnel_start(&s->tunnel, s->to.proxy, s->peer, &e))
		fail(s, &e);
}

static void
step_connect(struct conn *c)
{
	struct conn_state *s = c->state;
	struct err e;

	switch (tcp_step(&s->tcp, &e)) {
	case TCP_OPENING:
		return;
	case TCP_FAILED:
		fail(s, &e);
		return;
	case TCP_OPEN:
		break;
	}
	s->fd = tcp_take(&s->tcp);
	s->address = tcp_winner(&s->tcp, &c->mem);
	trace(s, "connected to ", s->address);
	tcp_release(&s->tcp);
	begin_tunnel(c);
}

/* Writes or reads once. As io_read and io_write. */
static enum io
talk(struct conn_state *s, enum parse *state, struct err *e)
{
	struct str out = tunnel_out(&s->tunnel);
	SCRATCH char piece[PROXY_PIECE];
	size_t n = 0;
	enum io io;

	*state = PARSE_MORE;
	if (out.n > 0) {
		io = io_write(stream(s), out, &n, e);
		tunnel_wrote(&s->tunnel, n);
		return io;
	}
	io = io_read(stream(s), piece, sizeof(piece), &n, e);
	if (io == IO_DONE)
		*state = tunnel_feed(&s->tunnel, (struct str){ piece, n }, e);
	return io;
}

static void
step_proxy(struct conn *c)
{
	struct conn_state *s = c->state;
	enum parse state;
	enum io io;
	struct err e;

	do
		io = talk(s, &state, &e);
	while (io == IO_DONE && state == PARSE_MORE);
	if (io_events(io) != 0) {
		s->shake_events = io_events(io);
	} else if (state == PARSE_DONE) {
		trace(s, "the proxy says ", tunnel_said(&s->tunnel));
		tunnel_release(&s->tunnel);
		begin_stream(c);
	} else {
		if (state != PARSE_BAD)
			tunnel_end(&s->tunnel, "closed the connection", &e);
		fail(s, &e);
	}
}

/*
 * Once more, from the start: the server may have stumbled over the kept
 * session, which is forgotten by now.
 */
static void
start_over(struct conn_state *s, const struct err *first)
{
	trace(s, "without the kept session: ", str_of(first->msg));
	drop(s);
	s->again = true;
	begin_tcp(s);
}

static void
step_shake(struct conn_state *s)
{
	struct err e;
	enum io io = tls_handshake(s->tls, &e);

	if (io == IO_DONE) {
		s->phase = OPEN;
		trace(s, "", tls_describe(s->tls));
	} else if (io_events(io) != 0) {
		s->shake_events = io_events(io);
	} else if (tls_offered_session(s->tls) && !s->again) {
		start_over(s, &e);
	} else {
		fail(s, &e);
	}
}

static bool
is_opening(const struct conn *c)
{
	return c != NULL && c->state != NULL && c->state->phase < OPEN;
}

/* Gets on with opening as far as that goes without waiting. */
static void
advance(struct conn *c)
{
	struct conn_state *s = c->state;
	struct err e;

	if (s->phase == CONNECTING)
		step_connect(c);
	if (s->phase == PROXYING)
		step_proxy(c);
	if (s->phase == SHAKING)
		step_shake(s);
	if (s->phase == CONNECTING) /* began anew */
		step_connect(c);
	if (s->phase >= OPEN || os_mono_ms() < s->to.deadline)
		return;
	if (s->phase == CONNECTING)
		(void)tcp_give_up(&s->tcp, &e);
	else if (s->phase == PROXYING)
		tunnel_end(&s->tunnel, "gave no answer in time", &e);
	else if (!err_set(&e, ERR_RETRY, "no answer in time"))
		err_remedy(&e,
		    "Something on the way holds TLS up: let a firewall pass "
		    "it, set proxy where there is one, or raise "
		    "connect_timeout.");
	fail(s, &e);
}

/* What an opening connection waits for; as tcp_wants. */
static size_t
wants(const struct conn_state *s, struct pollfd fds[TCP_ADDRS], int64_t *wake)
{
	if (s->to.deadline < *wake)
		*wake = s->to.deadline;
	if (s->phase == CONNECTING)
		return tcp_wants(&s->tcp, fds, wake);
	fds[0] = (struct pollfd){ .fd = s->fd, .events = s->shake_events };
	return 1;
}

/*
 * Here this floor waits: until own has an event (events 0: own is opening),
 * the deadline, or something happened to the connection beside.
 */
static bool
wait_for(struct conn *c, short events, int64_t deadline, struct err *e)
{
	struct pollfd fds[2 * TCP_ADDRS];
	size_t n = 0;

	if (events != 0)
		fds[n++] =
		    (struct pollfd){ .fd = c->state->fd, .events = events };
	else
		n += wants(c->state, fds, &deadline);
	if (is_opening(c->beside))
		n += wants(c->beside->state, fds + n, &deadline);
	if (os_poll(fds, n, deadline) < 0)
		return err_sys(e, ERR_RETRY, "cannot wait for the network");
	if (is_opening(c->beside))
		advance(c->beside);
	return true;
}

/* --- starting --- */

static struct conn_state *
new_state(struct conn *c, struct err *e)
{
	struct conn_state *s;

	arena_init(&c->mem, MEM_LIMIT);
	s = arena_alloc(&c->mem, sizeof(*s));
	if (s == NULL) {
		if (arena_ok(&c->mem, e))
			err_set(e, ERR_BUG, "arena");
		arena_release(&c->mem);
		return NULL;
	}
	c->state = s;
	s->fd = -1;
	return s;
}

/* An IPv6 literal stands in brackets (RFC 3986 3.2.2). */
static struct str
peer_text(struct arena *mem, const struct conn_to *to)
{
	bool v6 = str_chr(to->host, ':') < to->host.n;

	return arena_fmt(mem, v6 ? "[%.*s]:%u" : "%.*s:%u", STR_ARG(to->host),
	    (unsigned)to->port);
}

bool
conn_start(struct conn *c, const struct conn_to *to, struct err *e)
{
	struct conn_state *s;

	if (c->state != NULL || to->host.n == 0)
		return err_set(e, ERR_BUG, "conn_start");
	s = new_state(c, e);
	if (s == NULL)
		return false;
	s->to = *to;
	s->began = os_mono_ms();
	s->to.host = arena_str(&c->mem, to->host);
	s->to.session_folder = arena_str(&c->mem, to->session_folder);
	s->peer = peer_text(&c->mem, to);
	if (!arena_ok(&c->mem, e)) {
		conn_close(c);
		return false;
	}
	begin_tcp(s);
	if (s->phase < OPEN)
		advance(c);
	return true;
}

bool
conn_open(struct conn *c, struct err *e)
{
	struct conn_state *s = c->state;
	struct err why;

	if (s == NULL)
		return err_set(e, ERR_BUG, "conn_open before conn_start");
	while (s->phase < OPEN) {
		advance(c);
		if (s->phase < OPEN && !wait_for(c, 0, s->to.deadline, &why))
			fail(s, &why);
	}
	if (s->phase == OPEN)
		return true;
	*e = s->failure;
	return false;
}

static bool
accept_failed(struct conn *c, int fd)
{
	if (c->state != NULL)
		c->state->fd = -1;
	os_close(&fd);
	conn_close(c);
	return false;
}

bool
conn_accept(struct conn *c, int fd, const struct cert *cert, int64_t deadline,
    struct err *e)
{
	struct conn_state *s = new_state(c, e);
	int flags = fcntl(fd, F_GETFL);

	if (s == NULL)
		return accept_failed(c, fd);
	s->fd = fd;
	s->to.deadline = deadline;
	s->peer = STR("a client");
	s->phase = cert != NULL ? SHAKING : OPEN;
	s->shake_events = POLLIN;
	tcp_tune(fd);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		err_sys(e, ERR_RETRY, "accepted socket");
		return accept_failed(c, fd);
	}
	if (cert == NULL)
		return true;
	s->tls = tls_server(&c->mem, fd,
	    &(struct tls_at){ .cert = cert, .http = true }, e);
	return s->tls != NULL || accept_failed(c, fd);
}

/* --- reading and writing --- */

static bool
check_open(const struct conn *c, struct err *e)
{
	return (c->state != NULL && c->state->phase == OPEN) ||
	    err_set(e, ERR_BUG, "the connection is not open");
}

static bool
too_late(const struct conn_state *s, const char *doing, struct err *e)
{
	return err_set(e, ERR_RETRY, "%.*s: %s in time", STR_ARG(s->peer),
	    doing);
}

bool
conn_read(struct conn *c, char *p, size_t n, size_t *got, int64_t deadline,
    struct err *e)
{
	struct conn_state *s = c->state;
	enum io io;

	*got = 0;
	if (!check_open(c, e))
		return false;
	while (io_events(io = io_read(stream(s), p, n, got, e)) != 0) {
		if (os_mono_ms() >= deadline)
			return too_late(s, "no answer", e);
		if (!wait_for(c, io_events(io), deadline, e))
			return err_wrap(e, "%.*s", STR_ARG(s->peer));
	}
	if (io == IO_DONE || io == IO_END)
		return true;
	if (io == IO_CUT)
		err_set(e, ERR_RETRY,
		    "the stream ended without close_notify: "
		    "it may have been cut short");
	return err_wrap(e, "%.*s", STR_ARG(s->peer));
}

bool
conn_write(struct conn *c, struct str s, struct conn_write how, size_t *left,
    struct err *e)
{
	enum io io = IO_DONE;
	short events;
	size_t done;

	*left = s.n;
	if (!check_open(c, e))
		return false;
	while (s.n > 0) {
		if (how.stop_on_read &&
		    io_events(io_peek(stream(c->state))) == 0)
			return true;
		io = io_write(stream(c->state), s, &done, e);
		s = str_from(s, done);
		*left = s.n;
		if (io == IO_DONE)
			continue;
		events = io_events(io);
		if (events == 0) /* what the peer said before may remain */
			return (how.stop_on_read &&
				   io_peek(stream(c->state)) == IO_DONE) ||
			    err_wrap(e, "%.*s", STR_ARG(c->state->peer));
		if (os_mono_ms() >= how.deadline)
			return too_late(c->state, "takes no bytes", e);
		if (!wait_for(c, how.stop_on_read ? events | POLLIN : events,
			how.deadline, e))
			return err_wrap(e, "%.*s", STR_ARG(c->state->peer));
	}
	return true;
}

bool
conn_has_input(struct conn *c)
{
	return c->state != NULL && c->state->phase == OPEN &&
	    io_events(io_peek(stream(c->state))) == 0;
}

void
conn_facts(const struct conn *c, struct conn_facts *out)
{
	const struct conn_state *s = c->state;
	struct str issuer = { 0 };

	*out = (struct conn_facts){ 0 };
	if (s == NULL)
		return;
	out->connected = s->connected != 0;
	out->by_proxy = s->to.proxy != NULL;
	out->ms = s->connected - s->began;
	(void)snprintf(out->address, sizeof(out->address), "%.*s",
	    STR_ARG(s->address));
	if (s->phase != OPEN || s->tls == NULL)
		return;
	tls_peer(s->tls, &issuer, &out->expires);
	(void)snprintf(out->tls, sizeof(out->tls), "%.*s",
	    STR_ARG(tls_describe(s->tls)));
	(void)snprintf(out->issuer, sizeof(out->issuer), "%.*s",
	    STR_ARG(issuer));
}

struct str
conn_describe(const struct conn *c)
{
	if (c->state == NULL || c->state->tls == NULL)
		return STR("plain");
	return tls_describe(c->state->tls);
}

/* --- ending --- */

/*
 * The kernel answers bytes that nobody read with a reset, which may destroy
 * what we wrote last before the peer has seen it: read them away.
 */
static void
drain(int fd)
{
	char away[DRAIN_SIZE];

	for (int i = 0; i < DRAIN_TIMES; i++)
		if (recv(fd, away, sizeof(away), MSG_DONTWAIT) <= 0)
			return;
}

void
conn_close(struct conn *c)
{
	struct conn_state *s = c->state;

	if (s != NULL) {
		if (s->tls != NULL && s->phase == OPEN)
			tls_bye(s->tls);
		if (s->fd >= 0 && s->phase == OPEN) {
			(void)shutdown(s->fd, SHUT_WR);
			drain(s->fd);
		}
		drop(s);
	}
	arena_release(&c->mem);
	*c = (struct conn){ 0 };
}

void
conn_abort(struct conn *c)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	if (c->state != NULL && c->state->fd >= 0) {
		(void)setsockopt(c->state->fd, SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
		drop(c->state);
	}
	arena_release(&c->mem);
	*c = (struct conn){ 0 };
}
