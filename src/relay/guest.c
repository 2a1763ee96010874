/* SPDX-License-Identifier: MIT */
#include "relay/guest.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/os.h"
#include "net/tcp.h"

enum {
	GUEST_TLS_MEM = 128 * 1024,
	GUEST_TLS_BYTE = 0x16 /* how TLS begins: RFC 8446 5.1, handshake */
};

/* The session may no longer be asked: only the socket is left. */
static void
guest_linger(struct guest *c, int64_t now)
{
	if (c->stream.tls != NULL)
		tls_bye(c->stream.tls);
	(void)shutdown(c->stream.fd, SHUT_WR);
	c->state = GUEST_LINGERS;
	c->active = now;
}

/* It ended or broke: nothing more can be said. */
static void
guest_lose(struct guest *c)
{
	if (c->end == GUEST_IN_ORDER && !c->ends)
		c->end = GUEST_LOST;
	if (c->state != GUEST_WAITS)
		c->state = GUEST_GONE;
}

static bool
guest_start_tls(struct guest *c, int64_t now)
{
	const struct tls_at at = { .cert = c->host->cert,
		.clients = c->tls_clients };
	struct err unsaid;

	arena_init(&c->tls_mem, GUEST_TLS_MEM);
	c->stream.tls = tls_server(&c->tls_mem, c->stream.fd, &at, &unsaid);
	c->state = GUEST_HANDSHAKE;
	c->events = POLLIN;
	c->active = now;
	return c->stream.tls != NULL;
}

static bool
guest_is_stranger(const struct guest *c)
{
	return !c->session.conf.trusted && !c->session.signed_in;
}

/* Until when it has to do something. */
static int64_t
guest_deadline(const struct guest *c)
{
	const struct guest_host *h = c->host;
	int64_t ms, least;

	switch (c->state) {
	case GUEST_LINGERS:
		return c->active + GUEST_LINGER_MS;
	case GUEST_HANDSHAKE:
		ms = c->tls_at_once && !c->tls_began &&
			h->tls_timeout > GUEST_MUTE_MS ?
		    GUEST_MUTE_MS :
		    h->tls_timeout;
		return c->active + ms;
	case GUEST_TALKS:
		break;
	case GUEST_WAITS:
	case GUEST_GONE:
		return INT64_MAX;
	}
	ms = c->in_data || c->session.replies.n > 0 ? h->data_timeout :
						      h->command_timeout;
	if (h->stress && ms > GUEST_STRESS_MS)
		ms = GUEST_STRESS_MS;
	least = c->since + h->login_timeout;
	return guest_is_stranger(c) && least < c->active + ms ? least :
								c->active + ms;
}

/* Bytes are there before the greeting is. */
static bool
guest_talks_early(const struct guest *c)
{
	char one;

	return guest_is_stranger(c) && !c->tls_at_once &&
	    recv(c->stream.fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool
guest_open(struct guest *c, struct guest_host *host,
    const struct guest_how *how, const struct session_conf *conf, struct err *e)
{
	int64_t now = os_mono_ms();

	*c = (struct guest){ .host = host,
		.stream.fd = how->fd,
		.tls_at_once = how->tls,
		.tls_clients = how->clients,
		.since = now,
		.active = now,
		.events = POLLIN,
		.state = GUEST_TALKS };
	tcp_tune(how->fd);
	session_init(&c->session, conf);
	buf_init(&c->rest, GUEST_INPUT);
	if (how->tls)
		return guest_start_tls(c, now) ||
		    err_set(e, ERR_RETRY, "no memory for TLS");
	if (guest_talks_early(c)) {
		buf_reset(&c->session.replies);
		guest_bye(c, STR("554 5.5.0 Talking before the greeting"), now);
	}
	return true;
}

void
guest_close(struct guest *c)
{
	tls_free(c->stream.tls);
	arena_release(&c->tls_mem);
	session_release(&c->session);
	buf_release(&c->rest);
	os_close(&c->stream.fd);
}

/* Bytes in and out */

/* What came: > 0; 0: nothing now; -1: it is over. */
static ssize_t
guest_read(struct guest *c, char *p, size_t n)
{
	struct err unsaid;
	size_t got = 0;
	enum io io = io_read(c->stream, p, n, &got, &unsaid);

	c->events = io == IO_DONE ? POLLIN : io_events(io);
	return io == IO_DONE ? (ssize_t)got : c->events != 0 ? 0 : -1;
}

/* The same of what went. */
static ssize_t
guest_write(struct guest *c, struct str s)
{
	struct err unsaid;
	size_t done = 0;
	enum io io = io_write(c->stream, s, &done, &unsaid);

	c->events = io == IO_DONE ? POLLIN : io_events(io);
	return io == IO_DONE ? (ssize_t)done : c->events != 0 ? 0 : -1;
}

/* What follows once all replies are out. */
static void
guest_replied(struct guest *c, int64_t now)
{
	if (c->ends) {
		guest_linger(c, now);
	} else if (c->turns_tls) {
		c->turns_tls = false;
		if (!guest_start_tls(c, now))
			guest_lose(c);
	}
}

static void
guest_flush(struct guest *c, int64_t now)
{
	struct buf *out = &c->session.replies;
	ssize_t n;

	while (out->n > 0 && now >= c->slow_until) {
		/* TLS wants the same bytes again */
		if (c->writing == 0)
			c->writing = out->n;
		n = guest_write(c, str_first(buf_view(out), c->writing));
		if (n < 0)
			guest_lose(c);
		if (n <= 0)
			return;
		c->writing = 0;
		buf_drop(out, (size_t)n);
		c->active = now;
	}
	if (out->n == 0 && c->state != GUEST_GONE)
		guest_replied(c, now);
}

/* The session */

/* A stranger with many errors gets the next replies late. */
static void
guest_slow_down(struct guest *c, int64_t now)
{
	if (c->session.replies.n > 0 && c->slow_until <= now &&
	    session_is_slow(&c->session))
		c->slow_until = now + GUEST_SLOW_MS;
}

static void
guest_answer(struct guest *c, int64_t now)
{
	guest_slow_down(c, now);
	guest_flush(c, now);
}

/*
 * Lets the session have input until it wants something that is not there:
 * more of it, room for replies, an answer from beside.
 */
static void
guest_feed(struct guest *c, struct str *in, int64_t now)
{
	enum session_event what;

	while (c->state == GUEST_TALKS && !c->ends && !c->turns_tls) {
		what = session_next(&c->session, in);
		if (what == SESSION_CLOSE) {
			c->ends = true;
			guest_answer(c, now);
		} else if (what == SESSION_STARTTLS) {
			/* what came with it was said by who knows whom */
			*in = (struct str){ 0 };
			c->turns_tls = true;
			guest_answer(c, now);
		} else if (what == SESSION_MORE) {
			guest_answer(c, now);
			if (in->n == 0 || c->session.replies.n > 0)
				return;
		} else if (!c->host->event(c, what)) {
			c->state = GUEST_WAITS;
		}
	}
}

/* What the session left is kept; it is at most what was just read. */
static void
guest_keep(struct guest *c, struct str in)
{
	struct err unsaid;

	buf_adds(&c->rest, in);
	if (!buf_ok(&c->rest, &unsaid))
		guest_lose(c);
}

/* Does the session have room for input, and may it take some? */
static bool
guest_is_ready(const struct guest *c)
{
	return c->state == GUEST_TALKS && c->session.replies.n == 0 &&
	    !c->ends && !c->turns_tls;
}

static void
guest_take_rest(struct guest *c, int64_t now)
{
	struct buf rest;
	struct str in;

	while (guest_is_ready(c) && c->rest.n > 0) {
		rest = c->rest;
		buf_init(&c->rest, GUEST_INPUT);
		in = buf_view(&rest);
		guest_feed(c, &in, now);
		guest_keep(c, in);
		buf_release(&rest);
	}
}

static void
guest_take_input(struct guest *c, int64_t now)
{
	ssize_t n = guest_read(c, c->host->input, GUEST_INPUT);
	struct str in;

	if (n < 0)
		guest_lose(c);
	if (n <= 0)
		return;
	in = (struct str){ c->host->input, (size_t)n };
	c->data_bytes += (uint64_t)n;
	/* a line in drops is no sign of life */
	if (c->in_data || str_chr(in, '\n') < in.n)
		c->active = now;
	guest_feed(c, &in, now);
	guest_keep(c, in);
}

static void
guest_drop_input(struct guest *c)
{
	char *p = c->host->input;
	ssize_t n;

	do
		n = recv(c->stream.fd, p, GUEST_INPUT, MSG_DONTWAIT);
	while (n > 0);
	if (n == 0 || c->events == 0)
		c->state = GUEST_GONE;
}

/* TLS */

/* In clear, to who does not speak TLS where it begins at once. */
static void
guest_tell_tls(struct guest *c, int64_t now)
{
	static const struct str text =
	    STR_INIT("421 4.7.0 TLS begins at once here\r\n");

	(void)!send(c->stream.fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	tls_free(c->stream.tls);
	c->stream.tls = NULL;
	c->ends = true;
	guest_linger(c, now);
}

/* False: what came is no TLS. */
static bool
guest_tls_begins(struct guest *c)
{
	unsigned char first;

	if (c->tls_began)
		return true;
	if (recv(c->stream.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
		return true;
	c->tls_began = true;
	return first == GUEST_TLS_BYTE;
}

static void
guest_shake_hands(struct guest *c, int64_t now)
{
	struct err why;
	enum io io;

	if (c->tls_at_once && !guest_tls_begins(c)) {
		guest_tell_tls(c, now);
		return;
	}
	io = tls_handshake(c->stream.tls, &why);
	c->events = io_events(io);
	if (c->events != 0)
		return;
	if (io != IO_DONE && c->tls_at_once && !c->tls_began) {
		guest_lose(c); /* it only looked whether somebody answers */
		return;
	}
	if (io == IO_END || io == IO_CUT)
		err_set(&why, ERR_RETRY, "lost connection");
	c->host->secured(c, io == IO_DONE ? NULL : &why);
	if (io != IO_DONE) {
		guest_lose(c);
		return;
	}
	session_secured(&c->session);
	c->state = GUEST_TALKS;
	c->events = POLLIN;
	c->active = now;
	guest_flush(c, now); /* the greeting, where TLS came first */
}

/* Time */

/* Slower than anybody who means it. */
static bool
guest_crawls(const struct guest *c, int64_t now)
{
	int64_t ms = now - c->data_since;

	return c->in_data && c->host->data_rate > 0 &&
	    ms > (c->host->stress ? GUEST_STRESS_MS : GUEST_GRACE_MS) &&
	    c->data_bytes < c->host->data_rate * (uint64_t)(ms / 1000);
}

static void
guest_time_out(struct guest *c, int64_t now)
{
	struct buf text;

	if (c->end == GUEST_IN_ORDER && !c->ends)
		c->end = GUEST_TIMEOUT;
	if (c->state == GUEST_HANDSHAKE && c->tls_at_once && !c->tls_began) {
		guest_tell_tls(c, now);
		return;
	}
	if (c->state != GUEST_TALKS || c->ends || c->session.replies.n > 0) {
		c->state = GUEST_GONE;
		return;
	}
	buf_init(&text, SESSION_REPLY_MAX);
	buf_addf(&text, "421 4.4.2 %.*s: timeout",
	    STR_ARG(c->session.conf.host));
	guest_bye(c, buf_view(&text), now);
	buf_release(&text);
}

void
guest_bye(struct guest *c, struct str reply, int64_t now)
{
	struct str none = { 0 };

	if (c->state == GUEST_HANDSHAKE)
		c->state = GUEST_GONE;
	if (c->state != GUEST_TALKS || c->ends)
		return;
	session_end(&c->session, reply);
	c->active = now;
	guest_feed(c, &none, now);
}

short
guest_wants(const struct guest *c, int64_t now, int64_t *until)
{
	bool late = c->state == GUEST_TALKS && c->session.replies.n > 0 &&
	    c->slow_until > now;
	int64_t when = late ? c->slow_until : guest_deadline(c);

	if (when < *until)
		*until = when;
	if (c->state == GUEST_GONE || c->state == GUEST_WAITS || late)
		return 0;
	if (c->state == GUEST_LINGERS)
		return POLLIN;
	if (c->state == GUEST_TALKS && c->session.replies.n > 0 &&
	    c->events == POLLIN && c->stream.tls == NULL)
		return POLLOUT;
	return c->events;
}

void
guest_serve(struct guest *c, short events, int64_t now)
{
	if (c->state == GUEST_HANDSHAKE && events != 0)
		guest_shake_hands(c, now);
	if (c->state == GUEST_TALKS && c->session.replies.n > 0)
		guest_flush(c, now);
	guest_take_rest(c, now);
	if (guest_is_ready(c) && c->rest.n == 0 && events != 0)
		guest_take_input(c, now);
	if (c->state == GUEST_LINGERS && events != 0) {
		if ((events & ~POLLIN) != 0)
			c->events = 0;
		guest_drop_input(c);
	}
	if (c->state != GUEST_GONE &&
	    (now >= guest_deadline(c) || guest_crawls(c, now)))
		guest_time_out(c, now);
}

void
guest_go_on(struct guest *c, int64_t now)
{
	struct str none = { 0 };

	if (c->end == GUEST_LOST) {
		c->state = GUEST_GONE;
		return;
	}
	c->state = GUEST_TALKS;
	c->active = now;
	guest_feed(c, &none, now);
	guest_take_rest(c, now);
}
