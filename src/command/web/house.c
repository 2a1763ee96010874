/* SPDX-License-Identifier: MIT */
#include "command/web/house.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/os.h"
#include "base/secret.h"
#include "command/web/job.h"
#include "command/web/visit.h"
#include "net/serve.h"
#include "web/gate.h"
#include "web/look.h"

enum {
	HOUSE_CALLS = 8,   /* children at a time */
	HOUSE_MS = 150000, /* for one of them */
	HOUSE_FORM = 256 * 1024,
	HOUSE_MESSAGE = 210 << 20, /* 150 MB as base64, and the rest of it */
	HOUSE_MEMORY = 64 << 20,
	HOUSE_COOKIE = 32
};

/* A child that makes an answer. */
struct call {
	pid_t pid; /* 0: a free place */
	int fd;
	uint64_t id; /* of the request */
	struct buf out;
	int64_t until;
};

struct house {
	const struct house_how *how;
	struct serve serve;
	struct web_sessions sessions;
	struct call call[HOUSE_CALLS];
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
	struct visit visit;
	int64_t now;
};

static const char *const house_types[] = { "text/html; charset=utf-8",
	"application/json", "text/plain; charset=utf-8",
	"application/x-pem-file", "text/plain; version=0.0.4; charset=utf-8" };

/* --- answers without a page --- */

static void
house_text(struct serve_answer *a, int status, const char *text)
{
	a->status = status;
	a->type = house_types[VISIT_TEXT];
	buf_addf(&a->body, "%s\n", text);
	look_fields(&a->fields);
}

static void
house_go(struct serve_answer *a, const char *path)
{
	a->status = 303;
	buf_addf(&a->fields, "Location: %s\r\n", path);
	look_fields(&a->fields);
}

/* As POST /send says it. */
static void
house_refuse_program(struct serve_answer *a, int status, const char *text)
{
	a->status = status;
	a->type = house_types[VISIT_JSON];
	buf_addf(&a->body,
	    "{\"status\":\"failed\",\"error\":{\"code\":\"\",\"message\":"
	    "\"%s\",\"remedy\":\"\",\"retryable\":%s}}\n",
	    text, status == 429 ? "true" : "false");
	if (status == 401)
		buf_addz(&a->fields,
		    "WWW-Authenticate: Basic realm=\"post365\", Bearer\r\n");
}

static void
house_health(struct house_request *q)
{
	struct stats *stats = q->house->how->stats;

	if (stats == NULL || stats_beats(stats, q->now, STATS_ALIVE_S))
		house_text(q->a, 200, "ok");
	else
		house_text(q->a, 503,
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
	look_fields(&q->a->fields);
	q->a->status = 200;
	q->a->type = house_types[VISIT_HTML];
	buf_addz(&q->a->body,
	    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
	    "<meta http-equiv=\"refresh\" content=\"0;url=/\">"
	    "<title>post365</title><a href=\"/\">post365</a>\n");
}

/* --- children --- */

static struct call *
house_place(struct house *h)
{
	for (size_t i = 0; i < HOUSE_CALLS; i++)
		if (h->call[i].pid == 0)
			return &h->call[i];
	return NULL;
}

/* What the parent reads: a line, header fields, and the body. */
static void
house_write(struct visit *v, int fd)
{
	struct buf head;
	struct err e;
	bool ok;

	buf_init(&head, HTTP1_HEAD_MAX);
	buf_addf(&head, "%d %d %zu\n", v->status, (int)v->type, v->fields.n);
	buf_adds(&head, buf_view(&v->fields));
	ok = buf_ok(&head, &e) && buf_ok(&v->body_out, &e) &&
	    os_write_fd(fd, "answer", buf_view(&head), &e) &&
	    os_write_fd(fd, "answer", buf_view(&v->body_out), &e);
	_exit(ok ? EX_OK : EX_SOFTWARE);
}

static void __attribute__((noreturn))
house_child(struct house_request *q, int fd)
{
	struct visit *v = &q->visit;
	const int keep[] = { fd, v->file != NULL ? v->file->fd : -1,
		q->house->how->cli->log.fd };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigprocmask(SIG_SETMASK, q->house->how->mask, NULL);
	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	v->status = 200;
	buf_init(&v->fields, HTTP1_HEAD_MAX);
	buf_init_secret(&v->body_out, SERVE_ANSWER_MAX);
	v->html.out = &v->body_out;
	v->html.mem = &v->mem;
	look_fields(&v->fields);
	q->route->page(v);
	house_write(v, fd);
	_exit(EX_SOFTWARE);
}

static void
house_call(struct house_request *q)
{
	struct call *c = house_place(q->house);
	int fd[2];

	if (c == NULL || pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0) {
		house_text(q->a, 503, "too much at once; try again");
		buf_addz(&q->a->fields, "Retry-After: 1\r\n");
		return;
	}
	*c = (struct call){ .fd = fd[0],
		.id = q->r->id,
		.until = q->now + HOUSE_MS,
		.pid = fork() };
	if (c->pid == 0)
		house_child(q, fd[1]);
	os_close(&fd[1]);
	if (c->pid < 0) {
		os_close(&c->fd);
		c->pid = 0;
		house_text(q->a, 503, "no process can be started");
		return;
	}
	buf_init_secret(&c->out, SERVE_ANSWER_MAX + HTTP1_HEAD_MAX);
	q->a->status = SERVE_LATER;
}

/* "200 0 123\n", 123 bytes of fields, and the body. */
static bool
house_read_answer(struct str out, struct serve_answer *a)
{
	struct str line, word[3];
	uint64_t n[3];

	if (!str_next(&out, '\n', &line))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!str_next(&line, ' ', &word[i]) ||
		    !str_u64(word[i], HTTP1_HEAD_MAX, &n[i]))
			return false;
	if (n[1] > VISIT_STATS || n[2] > out.n)
		return false;
	a->status = (int)n[0];
	a->type = house_types[n[1]];
	buf_adds(&a->fields, str_first(out, (size_t)n[2]));
	buf_adds(&a->body, str_from(out, (size_t)n[2]));
	return true;
}

static void
house_end_call(struct house *h, struct call *c, int64_t now)
{
	struct serve_answer a;
	int status = 0;

	(void)kill(c->pid, SIGKILL); /* one that has ended does not mind */
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	serve_answer_init(&a);
	if (now >= c->until)
		house_text(&a, 504, "the page was not made in time");
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != EX_OK ||
	    !house_read_answer(buf_view(&c->out), &a))
		house_text(&a, 500, "the page could not be made");
	(void)serve_reply(&h->serve, c->id, &a, now, os_wall());
	serve_answer_release(&a);
	os_close(&c->fd);
	buf_release(&c->out);
	*c = (struct call){ 0 };
}

/* True: it says no more. */
static bool
house_hear(struct call *c)
{
	char piece[65536];
	ssize_t n = read(c->fd, piece, sizeof(piece));

	if (n > 0)
		buf_add(&c->out, piece, (size_t)n);
	return n == 0 || (n < 0 && errno != EAGAIN);
}

/* --- requests --- */

static const struct route *
house_route(const struct serve_request *r, bool *path_known)
{
	struct str method = r->method;

	*path_known = false;
	if (str_eq(method, STR("HEAD")))
		method = STR("GET");
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!str_eq(r->path, str_of(routes[i].path)))
			continue;
		*path_known = true;
		if (str_eq(method, str_of(routes[i].method)))
			return &routes[i];
	}
	return NULL;
}

static void
house_no_route(struct serve_answer *a, bool path_known)
{
	if (path_known)
		house_text(a, 405, "this page is not asked for like that");
	else
		house_text(a, 404, "there is no such page; / is the first");
}

static struct str
house_field(const struct serve_request *r, const char *name)
{
	return http1_field(r->head, str_of(name));
}

static struct web_session *
house_session(struct house *h, const struct serve_request *r, int64_t now)
{
	struct str id =
	    gate_cookie(house_field(r, "Cookie"), str_of(h->cookie));
	struct web_session *s = web_sessions_find(&h->sessions, id, now);

	if (s != NULL)
		h->used = now;
	return s;
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
	    !gate_origin(house_field(r, "Origin"),
		house_field(r, "Sec-Fetch-Site"), host))
		return "this form does not come from a page of this address";
	return NULL;
}

/* Who has no session is shown how to get one. */
static bool
house_let_in(struct house *h, const struct serve_request *r,
    struct serve_answer *a, const struct route *route)
{
	if (route->whom == ROUTE_OPEN || route->whom == ROUTE_PROGRAM ||
	    house_session(h, r, os_mono_ms()) != NULL)
		return true;
	if (route->whom == ROUTE_FORM)
		house_text(a, 403,
		    "nothing was changed: your session is over; load the page "
		    "anew and sign in");
	else
		house_go(a, "/sign-in");
	return false;
}

/* A program, or a monitor. False: *a says why not. */
static bool
house_program(const struct house *h, const struct serve_request *r,
    struct serve_answer *a)
{
	if (h->how->loopback && str_eq(r->path, STR("/metrics")))
		return true;
	house_refuse_program(a, 401,
	    "sign in: a user of auth_file, or the token of web_token_file");
	return false;
}

static bool
house_admit(void *arg, const struct serve_request *r, struct serve_admit *out,
    struct serve_answer *a)
{
	struct house *h = arg;
	bool path_known;
	const struct route *route = house_route(r, &path_known);
	const char *stranger;

	if (route == NULL) {
		house_no_route(a, path_known);
		return false;
	}
	stranger = house_stranger(h, r, route);
	if (stranger != NULL) {
		house_text(a, 403, stranger);
		return false;
	}
	out->body_max = str_eq(r->method, STR("POST")) ? HOUSE_FORM : 1;
	if (route->whom != ROUTE_PROGRAM)
		return house_let_in(h, r, a, route);
	out->to_file = route->page == web_send;
	if (out->to_file)
		out->body_max = HOUSE_MESSAGE;
	return house_program(h, r, a);
}

/* Fills q->visit; false: the answer is there. */
static bool
house_read(struct house_request *q)
{
	struct visit *v = &q->visit;
	const struct serve_request *r = q->r;
	struct err e;

	v->cli = q->house->how->cli;
	v->path = r->path;
	v->post = str_eq(r->method, STR("POST"));
	v->session = q->session;
	v->peer = str_of(r->peer);
	v->tls = r->tls;
	v->has_users = q->house->how->conf->auth_file.n > 0;
	v->stats = q->house->how->stats;
	v->body = r->body;
	v->file = r->file;
	v->content_type = house_field(r, "Content-Type");
	v->html.language = text_choose(house_field(r, "Accept-Language"));
	if (!form_parse(&v->mem, r->query, &v->query, &e) ||
	    (v->post && q->route->whom != ROUTE_PROGRAM &&
		!form_parse(&v->mem, r->body, &v->form, &e))) {
		house_text(q->a, 400, e.msg);
		return false;
	}
	if (q->route->whom != ROUTE_FORM ||
	    web_session_same(q->session->token, form_get(&v->form, "csrf")))
		return true;
	house_text(q->a, 403,
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
house_handle(void *arg, const struct serve_request *r, struct serve_answer *a)
{
	struct house *h = arg;
	bool unused;
	struct house_request q = { .house = h,
		.r = r,
		.a = a,
		.route = house_route(r, &unused),
		.now = os_mono_ms() };

	q.session = house_session(h, r, q.now);
	arena_init_secret(&q.visit.mem, HOUSE_MEMORY);
	/* it may have ended since its head came */
	if (q.session == NULL && q.route->whom < ROUTE_OPEN)
		(void)house_let_in(h, r, a, q.route);
	else if (house_read(&q) && q.route->own != NULL)
		q.route->own(&q);
	else if (a->status == 404) {
		house_show_job(&q);
		house_call(&q);
	}
	arena_release(&q.visit.mem);
}

static void
house_test(struct house_request *q)
{
	struct str to = form_get(&q->visit.form, "to");
	char path[40];
	unsigned n = 0;

	if (to.n > 0 && to.n < JOB_ADDRESS)
		n = jobs_begin(&q->house->jobs, &q->visit, to,
		    q->house->how->mask);
	(void)snprintf(path, sizeof(path), "/test?job=%u", n);
	house_go(q->a, n > 0 ? path : "/test");
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

static size_t
house_wants(struct house *h, struct pollfd *at, int64_t *until)
{
	size_t n = 0;

	for (size_t i = 0; i < HOUSE_CALLS; i++) {
		struct call *c = &h->call[i];

		at[n++] = (struct pollfd){ c->pid > 0 ? c->fd : -1, POLLIN, 0 };
		if (c->pid > 0 && c->until < *until)
			*until = c->until;
	}
	for (size_t i = 0; i < JOB_MOST; i++) {
		struct job *job = &h->jobs.one[i];

		at[n++] =
		    (struct pollfd){ job->pid > 0 ? job->fd : -1, POLLIN, 0 };
		if (job->pid > 0)
			h->used = os_mono_ms();
	}
	if (!h->how->forever && h->used + WEB_SESSION_IDLE_MS < *until)
		*until = h->used + WEB_SESSION_IDLE_MS;
	return n;
}

static void
house_step(struct house *h, const struct pollfd *at, int64_t now)
{
	for (size_t i = 0; i < HOUSE_CALLS; i++) {
		struct call *c = &h->call[i];

		if (c->pid > 0 &&
		    ((at[i].revents != 0 && house_hear(c)) || now >= c->until))
			house_end_call(h, c, now);
	}
	at += HOUSE_CALLS;
	for (size_t i = 0; i < JOB_MOST; i++)
		if (h->jobs.one[i].pid > 0 && at[i].revents != 0)
			job_hear(&h->jobs.one[i]);
	serve_step(&h->serve, now, os_wall());
}

static void
house_loop(struct house *h, int signals)
{
	struct pollfd at[HOUSE_CALLS + JOB_MOST + 1 + SERVE_FDS];
	int64_t now = os_mono_ms(), until;
	size_t n;

	h->used = now;
	while (h->how->forever || now < h->used + WEB_SESSION_IDLE_MS) {
		until = INT64_MAX;
		n = house_wants(h, at, &until);
		at[n] = (struct pollfd){ signals, POLLIN, 0 };
		(void)os_poll(at,
		    n + 1 + serve_wants(&h->serve, at + n + 1, &until), until);
		if (at[n].revents != 0)
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
		.handle = house_handle,
		.admit = house_admit };
	sigset_t set;
	int signals;

	arena_init_secret(&mem, HOUSE_MEMORY);
	serve.arg = h = arena_alloc(&mem, sizeof(*h));
	if (h == NULL)
		return EX_OSERR;
	h->how = how;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)snprintf(h->cookie, sizeof(h->cookie), "post365-%u", how->port);
	if (how->once != NULL)
		memcpy(h->once, how->once, sizeof(h->once));
	serve_init(&h->serve, &serve, how->listener);
	house_loop(h, signals);
	for (size_t i = 0; i < HOUSE_CALLS; i++)
		if (h->call[i].pid > 0) {
			h->call[i].until = 0;
			house_end_call(h, &h->call[i], os_mono_ms());
		}
	jobs_close(&h->jobs);
	serve_close(&h->serve);
	os_close(&signals);
	arena_release(&mem);
	return EX_OK;
}
