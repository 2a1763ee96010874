/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/scratch.h"
#include "base/secret.h"
#include "codec/date.h"
#include "net/wire.h"

enum {
	PIECE = 64 * 1024,      /* of a request for each write: 4 TLS records */
	READ_PIECE = 16 * 1024, /* a TLS record */
	FIELDS = 24,            /* of a request; ours are 5 */
	HOST_SIZE = 280,        /* a name of 253 bytes, brackets, port */
	HEAD_MAX = SECRET_LIMIT + URL_MAX + 16 * 1024 /* token, target, rest */
};

static const struct log silent;

/* All fields of a request, those that are ours first. */
struct head {
	struct http_field field[FIELDS];
	size_t n;
	char host[HOST_SIZE], length[24];
};

/* One request on its way, and what is known of its answer. */
struct exchange {
	struct http *h;
	const struct http_request *r;
	struct http_answer *a;
	struct http_slot *slot;
	struct head head;
	struct buf out;   /* what is written next */
	uint64_t sent;    /* bytes of the body that went through out */
	enum parse state; /* of the answer */
	bool kept;        /* the connection is older than this call */
	bool written;     /* the kernel has the whole request */
	bool lost;        /* the connection broke or ended */
	bool more;        /* bytes came that belong to no answer */
};

/* Requests and the texts in them */

/* RFC 9110 5.6.2: token. */
static bool
is_token(struct str s)
{
	struct str marks = STR("!#$%&'*+-.^_`|~");

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    str_chr(marks, s.p[i]) == marks.n)
			return false;
	return s.n > 0;
}

/* Visible ASCII, and blanks if allowed: no line can be broken with it. */
static bool
is_visible(struct str s, bool blanks)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '!' || s.p[i] > '~') &&
		    !(blanks && (s.p[i] == ' ' || s.p[i] == '\t')))
			return false;
	return true;
}

static bool
check_url(const struct http *h, const struct url *url, struct err *e)
{
	if (url->host.n > HTTP_HOST_MAX)
		return err_set(e, ERR_CONFIG,
		    "the host name \"%.*s\" is too long", STR_ARG(url->host));
	/* without roots there is no TLS: never fall back to none */
	if (url->tls && h->conf.trust == NULL)
		return err_set(e, ERR_BUG, "https without certificates");
	if (url->tls || h->conf.allow_plain || url_is_loopback(url))
		return true;
	err_set(e, ERR_CONFIG,
	    "%.*s: HTTP without TLS is for this machine's own addresses only",
	    STR_ARG(url->origin));
	return err_remedy(e, "Write https:// instead of http://.");
}

static bool
check_request(const struct http *h, const struct http_request *r, struct err *e)
{
	const struct http_field *f;

	if (!is_token(r->method) || !is_visible(r->url->target, false) ||
	    !is_visible(r->url->host, false))
		return err_set(e, ERR_BUG,
		    "a request line cannot carry \"%.*s %.*s\"",
		    STR_ARG(r->method), STR_ARG(r->url->target));
	for (f = r->field; f < r->field + r->n_fields; f++) {
		if (!is_token(f->name))
			return err_set(e, ERR_BUG,
			    "\"%.*s\" cannot be the name of a field",
			    STR_ARG(f->name));
		if (!is_visible(f->value, true))
			return err_set(e, ERR_INPUT,
			    "the value for %.*s contains control or non-ASCII "
			    "characters",
			    STR_ARG(f->name));
	}
	return check_url(h, r->url, e);
}

static void
add_field(struct head *head, const char *name, struct str value)
{
	head->field[head->n++] = (struct http_field){
		.name = str_of(name),
		.value = value,
	};
}

static bool
make_head(struct exchange *x, struct err *e)
{
	const struct http_request *r = x->r;
	const struct url *u = r->url;
	struct head *head = &x->head;
	char port[8] = "";

	if (r->n_fields > FIELDS - 6)
		return err_set(e, ERR_BUG, "%zu fields for one request",
		    r->n_fields);
	if (u->port != (u->tls ? 443 : 80))
		(void)snprintf(port, sizeof(port), ":%u", u->port);
	(void)snprintf(head->host, sizeof(head->host),
	    u->ip6 ? "[%.*s]%s" : "%.*s%s", STR_ARG(u->host), port);
	add_field(head, "Host", str_of(head->host));
	if (x->h->conf.user_agent.n > 0)
		add_field(head, "User-Agent", x->h->conf.user_agent);
	/* RFC 9110 12.5.3: without it any coding may come */
	add_field(head, "Accept-Encoding", STR("identity"));
	for (size_t i = 0; i < r->n_fields; i++)
		head->field[head->n++] = r->field[i];
	/* 411 exists: also an empty body has its length (facts.md 6.1) */
	(void)snprintf(head->length, sizeof(head->length), "%llu",
	    (unsigned long long)wire_body_size(r));
	if (r->has_body)
		add_field(head, "Content-Length", str_of(head->length));
	if (r->close)
		add_field(head, "Connection", STR("close"));
	return true;
}

static void
put_head(struct exchange *x)
{
	const struct http_field *f = x->head.field;

	buf_reset(&x->out);
	buf_adds(&x->out, x->r->method);
	buf_addc(&x->out, ' ');
	buf_addz(&x->out, wire_slash(x->r->url));
	buf_adds(&x->out, x->r->url->target);
	buf_addz(&x->out, " HTTP/1.1\r\n");
	for (; f < x->head.field + x->head.n; f++) {
		buf_adds(&x->out, f->name);
		buf_addz(&x->out, ": ");
		buf_adds(&x->out, f->value);
		buf_addz(&x->out, "\r\n");
	}
	buf_addz(&x->out, "\r\n");
}

/* Connections */

static void
slot_drop(struct http_slot *s)
{
	conn_close(&s->conn);
	*s = (struct http_slot){ 0 };
}

static void
drop_idle(struct http *h)
{
	int64_t now = os_mono_ms();

	for (size_t i = 0; i < HTTP_ORIGINS; i++)
		if (h->slot[i].open &&
		    now - h->slot[i].idle_since > HTTP_IDLE_MS)
			slot_drop(&h->slot[i]);
}

static void
origin_of(const struct url *u, char out[HTTP_ORIGIN_SIZE])
{
	(void)snprintf(out, HTTP_ORIGIN_SIZE,
	    u->ip6 ? "%s://[%.*s]:%u" : "%s://%.*s:%u",
	    u->tls ? "https" : "http", STR_ARG(u->host), u->port);
	for (; *out != '\0'; out++)
		*out = ascii_lower(*out);
}

static struct http_slot *
slot_find(struct http *h, const char *origin)
{
	for (size_t i = 0; i < HTTP_ORIGINS; i++)
		if (str_eq(str_of(h->slot[i].origin), str_of(origin)))
			return &h->slot[i];
	return NULL;
}

/* A free one, or the one that was unused for longest. */
static struct http_slot *
slot_free(struct http *h)
{
	struct http_slot *oldest = &h->slot[0];

	for (size_t i = 0; i < HTTP_ORIGINS; i++) {
		if (h->slot[i].origin[0] == '\0')
			return &h->slot[i];
		if (h->slot[i].idle_since < oldest->idle_since)
			oldest = &h->slot[i];
	}
	slot_drop(oldest);
	return oldest;
}

/* Plain HTTP is for this machine and its neighbours: none goes to a proxy. */
static const struct proxy *
choose_proxy(const struct http *h, const struct url *u)
{
	const struct proxy *p;
	struct str why = { 0 };

	if (!u->tls)
		return NULL;
	p = proxy_for(h->conf.proxy, u, &why);
	if (why.p != NULL)
		log_trace(h->conf.log, "%.*s: not through the proxy: %.*s",
		    STR_ARG(u->host), STR_ARG(why));
	return p;
}

/* Begins to open a connection. NULL: *e says why not. */
static struct http_slot *
slot_start(struct http *h, const struct url *u, int64_t deadline, struct err *e)
{
	struct http_slot *s = slot_free(h);
	int64_t now = os_mono_ms();
	struct conn_to to = {
		.host = u->host,
		.port = u->port,
		.trust = u->tls ? h->conf.trust : NULL,
		.proxy = choose_proxy(h, u),
		.session_folder = h->conf.session_folder,
		.deadline = now + h->conf.connect_timeout_ms,
		.log = h->conf.log,
	};

	if (to.deadline > deadline)
		to.deadline = deadline;
	if (!conn_start(&s->conn, &to, e)) {
		slot_drop(s);
		return NULL;
	}
	h->connections++;
	s->idle_since = now;
	origin_of(u, s->origin);
	return s;
}

/* Lets a connection that is still opening get on while this one waits. */
static void
link_beside(struct http *h, struct http_slot *s)
{
	for (size_t i = 0; i < HTTP_ORIGINS; i++)
		if (&h->slot[i] != s && h->slot[i].origin[0] != '\0' &&
		    !h->slot[i].open)
			s->conn.beside = &h->slot[i].conn;
}

/*
 * The connection that is kept for this origin, unless the server has closed
 * it or talks out of turn (RFC 9112 9.5).
 */
static struct http_slot *
slot_kept(struct http *h, const struct url *u)
{
	char origin[HTTP_ORIGIN_SIZE];
	struct http_slot *s;

	origin_of(u, origin);
	s = slot_find(h, origin);
	if (s == NULL || !s->open || !conn_has_input(&s->conn))
		return s;
	log_trace(h->conf.log, "%s: closed by the server meanwhile", origin);
	slot_drop(s);
	return NULL;
}

static bool
is_away(struct err *e)
{
	e->away = e->kind == ERR_RETRY;
	return false;
}

static bool
connect_slot(struct exchange *x, struct err *e)
{
	struct http *h = x->h;
	struct http_slot *s;
	bool overdue;

	x->slot = NULL;
	/* What nobody waits for any more must not be sent. */
	if (os_mono_ms() >= x->r->deadline)
		return err_set(e, ERR_RETRY, "%s: no time was left to ask",
		    x->head.host);
	s = slot_kept(h, x->r->url);
	x->kept = s != NULL;
	if (s == NULL)
		s = slot_start(h, x->r->url, x->r->deadline, e);
	x->slot = s;
	if (s == NULL)
		return is_away(e);
	/* Its time ran out while nobody waited for it: no reason to fail. */
	overdue = x->kept && !s->open &&
	    os_mono_ms() - s->idle_since >= h->conf.connect_timeout_ms;
	link_beside(h, s);
	if (!s->open && !conn_open(&s->conn, e)) {
		x->lost = overdue;
		return is_away(e);
	}
	if (x->kept && !s->open && conn_has_input(&s->conn)) {
		x->lost = true;
		return err_set(e, ERR_RETRY,
		    "%s: closed by the server before it was used", s->origin);
	}
	if (s->open)
		log_trace(h->conf.log, "%s: kept alive, %.*s", s->origin,
		    STR_ARG(conn_describe(&s->conn)));
	s->open = true;
	return true;
}

/* The exchange */

/* Reads once. False: the connection failed, or the answer is broken. */
static bool
receive(struct exchange *x, struct err *e)
{
	SCRATCH char piece[READ_PIECE];
	struct str in = { piece, 0 };
	size_t got = 0;

	if (!conn_read(&x->slot->conn, piece, sizeof(piece), &got,
		x->r->deadline, e)) {
		x->lost = true;
		return false;
	}
	in.n = got;
	x->state = got == 0 ? http1_finish(&x->a->head) :
			      http1_feed(&x->a->head, &in, &x->a->body);
	if (x->r->secret_body)
		secret_wipe(piece, got);
	x->more = in.n > 0;
	x->lost = x->lost || (got == 0 && x->state == PARSE_BAD);
	if (http1_has_head(&x->a->head))
		x->a->status = x->a->head.status;
	if (x->state != PARSE_BAD)
		return true;
	if (got == 0)
		return err_set(e, ERR_RETRY, "%s: %s", x->head.host,
		    x->a->head.reason);
	return err_set(e, ERR_RETRY, "%s: this is no sound HTTP answer: %s",
	    x->head.host, x->a->head.reason);
}

static bool
read_answer(struct exchange *x, struct err *e)
{
	while (x->state == PARSE_MORE)
		if (!receive(x, e))
			return false;
	return true;
}

/*
 * Hands x->out to the kernel, or as much of it as it takes until the server
 * answers (RFC 9112 9.5: it wants no more then).
 */
static bool
put_out(struct exchange *x, struct err *e)
{
	struct conn_write how = { x->r->deadline, true };
	struct conn *c = &x->slot->conn;
	struct str s = buf_view(&x->out);
	size_t left;

	while (s.n > 0 && !http1_has_head(&x->a->head)) {
		left = s.n;
		if (!conn_write(c, s, how, &left, e)) {
			x->lost = true;
			x->written =
			    left == 0 && x->sent == wire_body_size(x->r);
			return false;
		}
		s = str_from(s, s.n - left);
		if (s.n > 0 && !receive(x, e))
			return false;
	}
	return true;
}

/* Fills x->out up with what comes next of the body. */
static bool
fill_out(struct exchange *x, struct err *e)
{
	uint64_t rest = wire_body_size(x->r) - x->sent;
	size_t n = x->out.n < PIECE ? PIECE - x->out.n : 0;
	char *to;

	if (n > rest)
		n = (size_t)rest;
	to = buf_room(&x->out, n);
	if (!buf_ok(&x->out, e))
		return false;
	if (n > 0 && !source_read(&x->r->body, x->sent, to, n, e))
		return false;
	buf_commit(&x->out, n);
	x->sent += n;
	return true;
}

static bool
write_request(struct exchange *x, struct err *e)
{
	x->h->requests++;
	wire_trace_request(x->h->conf.log, x->r, x->head.field, x->head.n);
	put_head(x);
	do {
		if (!fill_out(x, e) || !put_out(x, e))
			return false;
		buf_reset(&x->out);
	} while (
	    x->sent < wire_body_size(x->r) && !http1_has_head(&x->a->head));
	x->written = !http1_has_head(&x->a->head);
	return true;
}

static void
note_date(struct http *h, struct http_answer *a)
{
	int64_t when;

	a->has_date =
	    date_parse_http(http1_field(&a->head, STR("Date")), &when);
	if (a->has_date)
		a->server_clock_skew = os_wall() - when;
	if (a->has_date) {
		h->has_date = true;
		h->clock_skew = a->server_clock_skew;
	}
}

/* Keeps the connection if it can serve again. */
static void
let_go(struct exchange *x, bool ok)
{
	if (x->slot == NULL)
		return;
	x->slot->conn.beside = NULL;
	x->slot->idle_since = os_mono_ms();
	if (!ok || x->state != PARSE_DONE || !x->written || x->more ||
	    x->r->close || !x->a->head.keep_alive)
		slot_drop(x->slot);
}

/* RFC 9110 8.4: we asked for none, so nobody can read it here. */
static bool
check_coding(const struct exchange *x, struct err *e)
{
	struct str coding = http1_field(&x->a->head, STR("Content-Encoding"));

	if (coding.n == 0 || str_ieq(coding, STR("identity")) ||
	    x->a->body.n == 0)
		return true;
	buf_reset(&x->a->body);
	err_set(e, ERR_RETRY,
	    "%s: its answer is compressed (Content-Encoding: %.*s), which "
	    "nobody asked for",
	    x->head.host, STR_ARG(coding));
	return err_remedy(e,
	    "something between here and the server changes its answers: a "
	    "proxy has to leave them as they are");
}

/* What a failure means once the whole request has left. */
static bool
fail_after_request(const struct exchange *x, struct err *e)
{
	if (!x->written || x->r->repeatable || e->kind != ERR_RETRY)
		return false;
	e->kind = ERR_UNSURE;
	return err_wrap(e, "the request was sent, but its answer was lost");
}

/*
 * The one rule: a whole head is the answer, whatever becomes of its body
 * (`cut`). But a server that says yes before it has read the request cannot
 * be trusted.
 */
static bool
take_answer(struct exchange *x, bool whole, struct err *e)
{
	struct http_answer *a = x->a;

	if (!http1_has_head(&a->head)) {
		if (e->kind == ERR_RETRY && e->remedy[0] == '\0')
			err_remedy(e,
			    "If it lasts, look for a proxy or firewall on the "
			    "way, and for what answers in the service's "
			    "place.");
		return fail_after_request(x, e);
	}
	a->cut = !whole || !check_coding(x, e);
	if (a->cut) {
		(void)fail_after_request(x, e);
		a->why = *e;
	}
	note_date(x->h, a);
	wire_hide_secrets(x->r, a);
	wire_trace_answer(x->h->conf.log, x->r, a);
	if (x->written || a->status >= 300)
		return true;
	return err_set(e, x->r->repeatable ? ERR_RETRY : ERR_UNSURE,
	    "%s: answered %d before it had the whole request", x->head.host,
	    a->status);
}

static bool
attempt(struct exchange *x, struct err *e)
{
	bool ok;

	x->written = x->lost = x->more = false;
	x->sent = 0;
	x->state = PARSE_MORE;
	http_answer_release(x->a);
	http1_init(&x->a->head,
	    str_eq(x->r->method, STR("HEAD")) ? HTTP1_ANSWER_NO_BODY :
						HTTP1_ANSWER);
	if (x->r->secret_body)
		buf_init_secret(&x->a->body, HTTP_BODY_MAX);
	else
		buf_init(&x->a->body, HTTP_BODY_MAX);
	ok = connect_slot(x, e) && write_request(x, e) && read_answer(x, e);
	ok = take_answer(x, ok, e);
	let_go(x, ok);
	return ok;
}

/*
 * A connection from before this call broke without a byte of an answer: the
 * server had probably closed it already. Another may be tried where that
 * cannot do a thing twice (facts.md 6.1).
 */
static bool
may_repeat(const struct exchange *x)
{
	return x->kept && x->lost && http1_is_untouched(&x->a->head) &&
	    (!x->written || x->r->repeatable) && os_mono_ms() < x->r->deadline;
}

bool
http_call(struct http *h, const struct http_request *r, struct http_answer *out,
    struct err *e)
{
	struct exchange x = { .h = h, .r = r, .a = out };
	bool ok;

	*out = (struct http_answer){ 0 };
	if (!check_request(h, r, e) || !make_head(&x, e))
		return false;
	buf_init_secret(&x.out, HEAD_MAX + PIECE);
	drop_idle(h);
	ok = attempt(&x, e);
	if (!ok && may_repeat(&x))
		ok = attempt(&x, e);
	buf_release(&x.out);
	return ok;
}

bool
http_is_whole(const struct http_answer *a, struct err *e)
{
	if (a->cut)
		*e = a->why;
	return !a->cut;
}

void
http_warm(struct http *h, const struct url *url)
{
	struct err ignored;

	drop_idle(h);
	if (check_url(h, url, &ignored) && slot_kept(h, url) == NULL)
		(void)slot_start(h, url, INT64_MAX, &ignored);
}

bool
http_connect(struct http *h, const struct url *url, int64_t deadline,
    struct conn_facts *facts, struct err *e)
{
	struct http_slot *s;
	bool ok;

	*facts = (struct conn_facts){ 0 };
	if (!check_url(h, url, e))
		return false;
	s = slot_kept(h, url);
	if (s == NULL)
		s = slot_start(h, url, deadline, e);
	if (s == NULL)
		return is_away(e);
	ok = conn_open(&s->conn, e);
	conn_facts(&s->conn, facts);
	if (ok)
		return true;
	slot_drop(s);
	return is_away(e);
}

void
http_init(struct http *h, const struct http_conf *conf)
{
	*h = (struct http){ .conf = *conf };
	if (conf->log == NULL)
		h->conf.log = &silent;
}

void
http_release(struct http *h)
{
	for (size_t i = 0; i < HTTP_ORIGINS; i++)
		slot_drop(&h->slot[i]);
	*h = (struct http){ 0 };
}

void
http_answer_release(struct http_answer *a)
{
	http1_release(&a->head);
	buf_release(&a->body);
	*a = (struct http_answer){ 0 };
}
