/* SPDX-License-Identifier: MIT */
#include "command/web/house.h"

#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/secret.h"
#include "command/web/call.h"
#include "command/web/job.h"
#include "command/web/sign.h"
#include "command/web/visit.h"
#include "net/serve.h"
#include "web/gate.h"
#include "web/look.h"

enum {
	HOUSE_FORM = 256 * 1024,
	HOUSE_MESSAGE = 210 << 20, /* 150 MB as base64, and the rest of it */
	HOUSE_MEMORY = 64 << 20,
	HOUSE_PASSWORD = 4096,
	HOUSE_COOKIE = 32,
	/* what is polled for: calls and jobs, signals, and serve's */
	HOUSE_SIGNALS = CALL_MOST + JOB_MOST,
	HOUSE_OWN = HOUSE_SIGNALS + 1,
	HOUSE_POLLS = HOUSE_OWN + SERVE_FDS
};

struct house {
	const struct house_how *how;
	struct serve serve;
	struct web_sessions sessions;
	struct sign_book signs;
	struct calls calls;
	struct jobs jobs;
	char cookie[HOUSE_COOKIE];   /* its name: other ports have others */
	char once[WEB_SESSION_TEXT]; /* wiped when it was used */
	int64_t used;
};

/* What becomes of a request. */
enum route_for { ROUTE_PAGE, ROUTE_FORM, ROUTE_OPEN, ROUTE_PROGRAM };

struct house_request;
typedef void house_answer(struct house_request *q);

static house_answer house_enter, house_sign_in, house_sign_out, house_test,
    house_health;

/* Those with `own` are answered without a child. */
static const struct route {
	const char *method, *path;
	enum route_for whom;
	visit_page *page;
	house_answer *own;
} routes[] = {
	{ "GET", "/", ROUTE_PAGE, page_provider, NULL },
	{ "POST", "/", ROUTE_FORM, page_provider_save, NULL },
	{ "GET", "/certificate", ROUTE_PAGE, page_certificate, NULL },
	{ "POST", "/certificate", ROUTE_FORM, page_certificate, NULL },
	{ "GET", "/test", ROUTE_PAGE, page_test, NULL },
	{ "POST", "/test", ROUTE_FORM, NULL, house_test },
	{ "GET", "/queue", ROUTE_PAGE, page_queue, NULL },
	{ "POST", "/queue", ROUTE_FORM, page_queue_do, NULL },
	{ "GET", "/log", ROUTE_PAGE, page_log, NULL },
	{ "GET", "/trace", ROUTE_PAGE, page_trace, NULL },
	{ "GET", "/delivery", ROUTE_PAGE, page_delivery, NULL },
	{ "GET", "/enter", ROUTE_OPEN, NULL, house_enter },
	{ "GET", "/sign-in", ROUTE_OPEN, page_sign_in, NULL },
	{ "POST", "/sign-in", ROUTE_OPEN, NULL, house_sign_in },
	{ "POST", "/sign-out", ROUTE_FORM, NULL, house_sign_out },
	{ "POST", "/send", ROUTE_PROGRAM, web_send, NULL },
	{ "GET", "/healthz", ROUTE_OPEN, NULL, house_health },
	{ "GET", "/metrics", ROUTE_PROGRAM, web_metrics, NULL },
};

struct house_request {
	struct house *house;
	const struct serve_request *r;
	struct serve_answer *a;
	const struct route *route;
	struct web_session *session;
	struct sign_who who; /* of a program */
	struct visit visit;
	int64_t now;
};

/* --- answers without a page --- */

/* Also where all that came is its first line. */
static bool
house_is_for_send(const struct serve_request *r)
{
	struct str target = buf_view(&r->head->head);

	target = str_from(target, str_chr(target, ' ') + 1);
	return str_starts(target, STR("/send ")) ||
	    str_starts(target, STR("/send?"));
}

/* In words, which programs that send get as JSON. */
static void
house_say(const struct serve_request *r, struct serve_answer *a, int status,
    const char *text)
{
	static const struct {
		int status;
		enum err_kind kind;
	} kinds[] = { { 401, ERR_AUTH }, { 403, ERR_AUTH }, { 429, ERR_RETRY },
		{ 500, ERR_CONFIG }, { 503, ERR_RETRY }, { 504, ERR_UNSURE },
		{ 0, ERR_INPUT } };
	size_t i = 0;

	while (kinds[i].status != 0 && kinds[i].status != status)
		i++;
	call_refuse(a, house_is_for_send(r) ? kinds[i].kind : ERR_NONE, status,
	    text);
	if (status == 401)
		buf_addz(&a->fields,
		    "WWW-Authenticate: Basic realm=\"post365\", Bearer\r\n");
}

static void
house_say_wait(struct serve_answer *a, int64_t seconds)
{
	buf_addf(&a->fields, "Retry-After: %lld\r\n", (long long)seconds);
}

/* What serve refuses by itself. */
static void
house_say_refused(void *arg, const struct serve_request *r, const char *why,
    struct serve_answer *a)
{
	(void)arg;
	if (a->status != 507) {
		house_say(r, a, a->status, why);
		return;
	}
	house_say(r, a, 503, why);
	house_say_wait(a, 30);
}

static void
house_go(struct serve_answer *a, const char *path)
{
	a->status = 303;
	buf_addf(&a->fields, "Location: %s\r\n", path);
}

static void
house_health(struct house_request *q)
{
	struct stats *stats = q->house->how->stats;

	if (stats == NULL || stats_beats(stats, q->now, STATS_ALIVE_S))
		house_say(q->r, q->a, 200, "ok");
	else
		house_say(q->r, q->a, 503,
		    "the manager has not been heard of for 30 s");
}

static void
house_set_cookie(struct house_request *q, const char *value)
{
	buf_addf(&q->a->fields,
	    "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Strict%s%s\r\n",
	    q->house->cookie, value, q->r->tls ? "; Secure" : "",
	    value[0] == '\0' ? "; Max-Age=0" : "");
}

/* The browser holds back a cookie from a redirect that another site led to. */
static void
house_begin(struct house_request *q, struct str user)
{
	struct web_session *s =
	    web_sessions_begin(&q->house->sessions, user, q->now);

	house_set_cookie(q, s->id);
	q->a->status = 200;
	q->a->type = call_types[VISIT_HTML];
	buf_addz(&q->a->body,
	    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
	    "<meta http-equiv=\"refresh\" content=\"0;url=/\">"
	    "<title>post365</title><a href=\"/\">post365</a>\n");
}

/* --- requests --- */

static const struct route *
house_route(const struct serve_request *r)
{
	struct str method = r->method;

	if (str_eq(method, STR("HEAD")))
		method = STR("GET");
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (str_eq(r->path, str_of(routes[i].path)) &&
		    str_eq(method, str_of(routes[i].method)))
			return &routes[i];
	return NULL;
}

/* RFC 9110 15.5.6: what it is asked for by. */
static void
house_no_route(const struct serve_request *r, struct serve_answer *a)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (str_eq(r->path, str_of(routes[i].path)))
			buf_addf(&a->fields, "%s%s",
			    a->fields.n == 0 ? "Allow: " : ", ",
			    routes[i].method);
	if (a->fields.n == 0) {
		house_say(r, a, 404, "there is no such page; / is the first");
		return;
	}
	buf_addz(&a->fields, "\r\n");
	house_say(r, a, 405, "it is not asked for like that");
}

static struct str
house_field(const struct serve_request *r, const char *name)
{
	return http1_field(r->head, str_of(name));
}

/*
 * Of several cookies, the first that is a session's.
 *
 * A form's body may take minutes behind its head. What counts is who may when
 * something is shown or changed, so auth_file is read once, for the whole
 * request; for its head a session is enough, which bounds who may send a body.
 */
static struct web_session *
house_session(struct house *h, const struct serve_request *r, bool whole,
    int64_t now)
{
	struct str cookies = house_field(r, "Cookie"), id;
	struct web_session *s;

	while ((id = gate_cookie(&cookies, str_of(h->cookie))).p != NULL) {
		s = web_sessions_find(&h->sessions, id, now);
		if (s == NULL)
			continue;
		if (!whole || s->user[0] == '\0' ||
		    sign_is_admin(h->how->conf->auth_file, str_of(s->user))) {
			h->used = now;
			return s;
		}
		/* who was taken out of auth_file meanwhile is out */
		web_session_end(s);
	}
	return NULL;
}

/* A page of another site, or a name that leads here. NULL: it is for us. */
static const char *
house_stranger(const struct house *h, const struct serve_request *r,
    const struct route *route)
{
	struct str host = house_field(r, "Host");

	if (!gate_host(host, h->how->conf->web_hosts))
		return "this name is not known here; the setting web_hosts in "
		       "[relay] adds it, or use the address";
	if (str_eq(r->method, STR("POST")) && route->whom != ROUTE_PROGRAM &&
	    !gate_origin(&(struct gate_from){ house_field(r, "Origin"),
		house_field(r, "Sec-Fetch-Site"), host, r->tls }))
		return "this form does not come from a page of this address";
	return NULL;
}

/* Who has no session is shown how to get one. */
static void
house_send_away(const struct serve_request *r, struct serve_answer *a,
    const struct route *route)
{
	if (route->whom == ROUTE_FORM)
		house_say(r, a, 403,
		    "nothing was changed: your session is over; load the page "
		    "anew and sign in");
	else
		house_go(a, "/sign-in");
}

/* Whoever it is; failures are logged. */
static enum sign_in
house_sign(struct house *h, struct sign_ask *ask, struct sign_who *who)
{
	struct err e = { 0 };
	enum sign_in signed_in;

	ask->auth_file = h->how->conf->auth_file;
	ask->token_file = h->how->conf->web_token_file;
	ask->log = &h->how->cli->log;
	ask->now = os_mono_ms();
	signed_in = sign_check(&h->signs, ask, who, &e);
	if (signed_in == SIGN_WRONG || signed_in == SIGN_BROKEN)
		log_warn(&h->how->cli->log, "%s", e.msg);
	return signed_in;
}

/* A program, or a monitor. False: *a says why not. */
static bool
house_program(struct house *h, const struct serve_request *r,
    struct serve_answer *a, struct sign_who *who)
{
	struct sign_ask ask = { .peer = r->peer };
	enum sign_in signed_in = SIGN_WRONG;
	struct buf own;

	*who = (struct sign_who){ 0 };
	if (h->how->loopback && str_eq(r->path, STR("/metrics")))
		return true;
	buf_init_secret(&own, HOUSE_PASSWORD);
	if (sign_header(house_field(r, "Authorization"), &own, &ask))
		signed_in = house_sign(h, &ask, who);
	buf_release(&own);
	if (signed_in == SIGN_WRONG)
		house_say(r, a, 401,
		    "sign in as a user of auth_file, or by the token of "
		    "web_token_file (settings of [relay])");
	else if (signed_in == SIGN_SLOW)
		house_say(r, a, 429,
		    "too many attempts to sign in from this address");
	else if (signed_in == SIGN_BROKEN)
		house_say(r, a, 500,
		    "auth_file or web_token_file cannot be used; the log of "
		    "post365 says why");
	if (signed_in == SIGN_SLOW)
		house_say_wait(a, who->retry_after_s);
	return signed_in == SIGN_OK;
}

static bool
house_admit(void *arg, const struct serve_request *r, struct serve_admit *out,
    struct serve_answer *a)
{
	struct house *h = arg;
	const struct route *route = house_route(r);
	const char *stranger;
	struct sign_who who;

	if (route == NULL) {
		house_no_route(r, a);
		return false;
	}
	stranger = house_stranger(h, r, route);
	if (stranger != NULL) {
		house_say(r, a, 403, stranger);
		return false;
	}
	out->body_max = str_eq(r->method, STR("POST")) ? HOUSE_FORM : 1;
	if (route->whom < ROUTE_OPEN &&
	    house_session(h, r, false, os_mono_ms()) == NULL) {
		house_send_away(r, a, route);
		return false;
	}
	if (route->whom != ROUTE_PROGRAM)
		return true;
	out->to_file = route->page == web_send;
	if (out->to_file)
		out->body_max = HOUSE_MESSAGE;
	return house_program(h, r, a, &who);
}

/* Fills q->visit; false: the answer is there. */
static bool
house_read(struct house_request *q)
{
	struct visit *v = &q->visit;
	const struct serve_request *r = q->r;
	struct err e;

	v->cli = q->house->how->cli;
	v->conf = q->house->how->conf;
	v->path = r->path;
	v->post = str_eq(r->method, STR("POST"));
	v->session = q->session;
	v->user = str_of(q->who.name);
	v->stats = q->house->how->stats;
	v->body = r->body;
	v->file = r->file;
	v->content_type = house_field(r, "Content-Type");
	v->html.mem = &v->mem;
	v->html.out = &q->a->body;
	v->html.language = text_choose(house_field(r, "Accept-Language"));
	if (!form_parse(&v->mem, r->query, &v->query, &e) ||
	    (v->post && q->route->whom != ROUTE_PROGRAM &&
		!form_parse(&v->mem, r->body, &v->form, &e))) {
		house_say(q->r, q->a, 400, e.msg);
		return false;
	}
	v->account = form_get(v->post ? &v->form : &v->query, "account");
	if (q->route->whom != ROUTE_FORM ||
	    web_session_same(q->session->token, form_get(&v->form, "csrf")))
		return true;
	house_say(q->r, q->a, 403,
	    "nothing was changed: this form is from another session; load "
	    "the page anew");
	return false;
}

static void
house_show_job(struct house_request *q)
{
	const struct job *job =
	    jobs_find(&q->house->jobs, form_get(&q->visit.query, "job"));

	if (job != NULL)
		q->visit.job = (struct visit_job){ .number = job->number,
			.address = job->address,
			.lines = buf_view(&job->lines),
			.running = job->pid > 0 };
}

static void
house_call(struct house_request *q)
{
	const struct call_how how = { .visit = &q->visit,
		.page = q->route->page,
		.id = q->r->id,
		.program = q->route->whom == ROUTE_PROGRAM,
		.stranger = q->session == NULL && !q->who.program &&
		    q->who.name[0] == '\0',
		.mask = q->house->how->mask };
	const char *why;

	house_show_job(q);
	if (calls_begin(&q->house->calls, &how, q->now, &why)) {
		q->a->status = SERVE_LATER;
		return;
	}
	house_say(q->r, q->a, 503, why);
	house_say_wait(q->a, 1);
}

/* Signed in as its head said; and not more often than rate= allows. */
static bool
house_may_send(struct house_request *q)
{
	struct house *h = q->house;
	struct err e;

	if (!house_program(h, q->r, q->a, &q->who))
		return false;
	if (q->route->page != web_send ||
	    sign_may_send(&h->signs, &q->who, q->now, &e))
		return true;
	house_say(q->r, q->a, 429, "more messages than rate= allows");
	house_say_wait(q->a, (e.retry_after_ms + 999) / 1000);
	return false;
}

static void
house_handle(void *arg, const struct serve_request *r, struct serve_answer *a)
{
	struct house *h = arg;
	struct house_request q = { .house = h,
		.r = r,
		.a = a,
		.route = house_route(r),
		.now = os_mono_ms() };

	if (q.route->whom == ROUTE_PROGRAM && !house_may_send(&q))
		return;
	q.session = house_session(h, r, true, q.now);
	arena_init_secret(&q.visit.mem, HOUSE_MEMORY);
	/* it may have ended, or its user be out, since its head came */
	if (q.session == NULL && q.route->whom < ROUTE_OPEN)
		house_send_away(r, a, q.route);
	else if (house_read(&q) && q.route->own != NULL)
		q.route->own(&q);
	else if (a->status == 404)
		house_call(&q);
	arena_release(&q.visit.mem);
}

static void
house_test(struct house_request *q)
{
	struct visit *v = &q->visit;
	struct str to = form_get(&v->form, "to"), path;
	unsigned n = 0;

	if (to.n > 0 && to.n < JOB_ADDRESS)
		n = jobs_begin(&q->house->jobs, v, to, q->house->how->mask);
	path = arena_fmt(&v->mem, "/test?job=%u&account=%.*s", n,
	    STR_ARG(html_query(&v->html, v->account)));
	house_go(q->a, n > 0 && path.n > 0 ? path.p : "/test");
}

static void
house_sign_out(struct house_request *q)
{
	web_session_end(q->session);
	house_go(q->a, "/sign-in");
	house_set_cookie(q, "");
}

static void
house_sign_in(struct house_request *q)
{
	struct sign_ask ask = { .user = form_get(&q->visit.form, "user"),
		.password = form_get(&q->visit.form, "password"),
		.peer = q->r->peer };
	struct sign_who who;
	enum sign_in signed_in = house_sign(q->house, &ask, &who);

	if (signed_in == SIGN_OK && !who.admin)
		log_warn(&q->house->how->cli->log,
		    "web: \"%s\" from %s signs in, but has no role=admin",
		    who.name, q->r->peer);
	if (signed_in == SIGN_OK && who.admin)
		house_begin(q, str_of(who.name));
	else if (signed_in == SIGN_SLOW)
		house_go(q->a, "/sign-in?slow=1");
	else
		house_go(q->a, "/sign-in?wrong=1");
}

/* The printed token, once. */
static void
house_enter(struct house_request *q)
{
	struct house *h = q->house;

	if (q->session != NULL) {
		house_go(q->a, "/");
		return;
	}
	if (!web_session_same(h->once, form_get(&q->visit.query, "token"))) {
		house_go(q->a, "/sign-in?lost=1");
		return;
	}
	secret_wipe(h->once, sizeof(h->once));
	house_begin(q, STR(""));
}

/* --- the loop --- */

static void
house_wants(struct house *h, struct pollfd *at, int64_t *until)
{
	calls_wants(&h->calls, at, until);
	if (jobs_wants(&h->jobs, at + CALL_MOST))
		h->used = os_mono_ms();
	if (!h->how->forever && h->used + WEB_SESSION_IDLE_MS < *until)
		*until = h->used + WEB_SESSION_IDLE_MS;
}

/*
 * poll refuses more entries than a process may have descriptors (EINVAL),
 * those without one, too: they are left out.
 */
static void
house_poll(struct pollfd *at, size_t n, int64_t until)
{
	struct pollfd open[HOUSE_POLLS];
	size_t of[HOUSE_POLLS], used = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i].fd >= 0) {
			of[used] = i;
			open[used++] = at[i];
		}
	(void)os_poll(open, used, until);
	while (used-- > 0)
		at[of[used]].revents = open[used].revents;
}

static void
house_step(struct house *h, const struct pollfd *at, int64_t now)
{
	/* first who has gone: nothing wakes for that a second time */
	serve_step(&h->serve, now, os_wall());
	calls_step(&h->calls, at, &h->serve, now);
	jobs_step(&h->jobs, at + CALL_MOST);
}

static void
house_loop(struct house *h, int signals)
{
	struct pollfd at[HOUSE_POLLS];
	int64_t now = os_mono_ms(), until;
	size_t n;

	h->used = now;
	while (h->how->forever || now < h->used + WEB_SESSION_IDLE_MS) {
		until = INT64_MAX;
		house_wants(h, at, &until);
		at[HOUSE_SIGNALS] = (struct pollfd){ signals, POLLIN, 0 };
		n = HOUSE_OWN + serve_wants(&h->serve, at + HOUSE_OWN, &until);
		house_poll(at, n, until);
		if (at[HOUSE_SIGNALS].revents != 0)
			return;
		now = os_mono_ms();
		house_step(h, at, now);
	}
	log_warn(&h->how->cli->log, "ended after an hour without use");
}

int
house_run(const struct house_how *how)
{
	struct arena mem;
	struct house *h;
	struct serve_how serve = { .cert = how->cert,
		.body_max = 1,
		.spool = how->spool,
		.handle = house_handle,
		.admit = house_admit,
		.refuse = house_say_refused };
	struct buf fields;
	struct err unsaid;
	sigset_t set;
	int signals;

	buf_init(&fields, HTTP1_HEAD_MAX);
	look_fields(&fields);
	serve.fields = buf_view(&fields);
	arena_init_secret(&mem, HOUSE_MEMORY);
	serve.arg = h = arena_alloc(&mem, sizeof(*h));
	if (h == NULL || !buf_ok(&fields, &unsaid))
		return EX_OSERR;
	h->how = how;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)snprintf(h->cookie, sizeof(h->cookie), "post365-%u", how->port);
	if (how->once != NULL)
		memcpy(h->once, how->once, sizeof(h->once));
	sign_book_init(&h->signs);
	serve_init(&h->serve, &serve, how->listener);
	house_loop(h, signals);
	calls_close(&h->calls);
	jobs_close(&h->jobs);
	sign_book_release(&h->signs);
	serve_close(&h->serve);
	os_close(&signals);
	arena_release(&mem);
	buf_release(&fields);
	return EX_OK;
}
