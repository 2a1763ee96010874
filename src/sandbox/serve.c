/* SPDX-License-Identifier: MIT */
#include "sandbox/serve.h"
#include "sandbox/draft.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/http1.h"
#include "codec/utf8.h"
#include "net/conn.h"
#include "net/serve.h"
#include "sandbox/graph.h"
#include "sandbox/keep.h"
#include "sandbox/login.h"
#include "sandbox/play.h"

enum {
	HANDSHAKE_MS = 8000, /* who says nothing takes a place from others */
	IDLE_MS = 120000,    /* between requests; Graph's is not known */
	REQUEST_MS = 600000, /* 4 MB at 7 kB/s */
	READ_SIZE = 16384,
	TLS_SIZE = 128,
	ID_MAX = 128,        /* of a client-request-id; GUIDs have 36 */
	FILE_MAX = 64 * 1024 /* of FOLDER/faults */
};

/* The connection, and the request that it is at. */
struct serving {
	const struct sandbox *s;
	struct conn conn;
	int fd; /* below conn; conn's */
	uint32_t number;
	char tls[TLS_SIZE]; /* conn_describe, for when conn is gone */
	char read[READ_SIZE];
	struct str input; /* what of read is not used up */
	struct http1 head;
	struct buf body;
	struct arena mem; /* of one request */
	struct sandbox_request request;
	struct rules file_rules; /* as they stood at this request */
	const struct rule *rule;
	bool chosen; /* rule is the one for this request */
	bool login;
};

/*
 * The version of FOLDER/faults: 0 if there is none, and another number
 * whenever it was written anew.
 */
static uint32_t
faults_version(const char *path)
{
	struct stat st;
	uint64_t mixed;

	if (stat(path, &st) < 0)
		return 0;
	mixed = ((uint64_t)st.st_ino << 40) ^
	    ((uint64_t)st.st_mtim.tv_sec << 30) ^ (uint64_t)st.st_mtim.tv_nsec;
	return (uint32_t)(mixed ^ mixed >> 32) | 1;
}

/*
 * Forgets the counts of an older version; only one process gets to do it, and
 * is told so.
 */
static bool
renew_counts(struct sandbox_state *state, uint32_t version)
{
	uint32_t seen = atomic_load(&state->file_version);

	if (seen == version ||
	    !atomic_compare_exchange_strong(&state->file_version, &seen,
		version))
		return false;
	for (size_t i = 0; i < RULES_MAX; i++)
		atomic_store(&state->file_used[i], 0);
	return true;
}

static void
choose(struct serving *c, enum rule_where where, bool accepted)
{
	const struct sandbox *s = c->s;

	c->rule = rules_pick(&s->rules, s->state->used, where, accepted);
	if (c->rule == NULL)
		c->rule = rules_pick(&c->file_rules, s->state->file_used, where,
		    accepted);
}

/* A line a request on the screen, with -v. */
static void
trace_entry(const struct log *l, const struct keep_entry *entry)
{
	char status[16] = "no answer", message[32] = "";

	if (entry->status > 0)
		(void)snprintf(status, sizeof(status), "%d", entry->status);
	if (entry->message > 0)
		(void)snprintf(message, sizeof(message), ", mail/%06u",
		    entry->message);
	log_trace(l, "%.*s %.*s (%zu bytes): %s%s%.*s%s%s%s%s%s",
	    STR_ARG(entry->method), STR_ARG(entry->path), entry->bytes, status,
	    entry->code.n > 0 ? " " : "", STR_ARG(entry->code), message,
	    entry->fault != NULL ? ", fault " : "",
	    entry->fault != NULL ? entry->fault : "",
	    entry->problem != NULL ? "; " : "",
	    entry->problem != NULL ? entry->problem : "");
}

static void
append_log(const struct serving *c, const struct keep_entry *entry)
{
	struct err e;

	if (!keep_log(c->s, entry, &e))
		log_warn(&c->s->log, "%s", e.msg);
	if (entry->method.n > 0)
		trace_entry(&c->s->log, entry);
	else if (entry->problem != NULL || entry->fault != NULL)
		log_trace(&c->s->log, "connection %u: %s", entry->connection,
		    entry->problem != NULL ? entry->problem : entry->fault);
}

static bool
phase_is(const struct serving *c, enum rule_phase phase)
{
	return c->rule != NULL && rule_phase(c->rule->kind) == phase;
}

/* What went wrong outside of a request, or after its line was written. */
static void
write_problem(const struct serving *c, const char *problem)
{
	struct keep_entry entry = { .connection = c->number,
		.tls = str_of(c->tls),
		.problem = problem };

	if (phase_is(c, RULE_AT_ACCEPT))
		entry.fault = rule_name(c->rule->kind);
	append_log(c, &entry);
}

static void
write_log(const struct serving *c, const struct play *p, uint32_t message,
    const char *problem)
{
	struct keep_entry entry = {
		.connection = c->number,
		.tls = str_of(c->tls),
		.method = http1_method(&c->head),
		.path = http1_target(&c->head),
		.status = p->status,
		.bytes = c->body.n,
		.code = p->answer->code,
		.fault = c->rule == NULL ? NULL : rule_name(c->rule->kind),
		.problem = problem,
		.message = message,
		.request_id = str_of(c->request.id),
		.client_request_id = c->request.client_request_id,
	};

	append_log(c, &entry);
}

/*
 * A file that is broken has no rules: the services answer as they do without
 * it, and it is said on the screen and in the log, once.
 */
static void
load_faults(struct serving *c)
{
	struct str path =
	    arena_fmt(&c->mem, "%.*s/faults", STR_ARG(c->s->folder));
	uint32_t version;
	struct buf text;
	struct err e;
	bool first;

	c->file_rules.n = 0;
	version = path.n == 0 ? 0 : faults_version(path.p);
	first = renew_counts(c->s->state, version);
	if (version == 0)
		return;
	buf_init(&text, FILE_MAX);
	if (!os_read_file(path.p, &text, &e) ||
	    !rules_parse(&c->mem, arena_str(&c->mem, buf_view(&text)), path,
		&c->file_rules, &e)) {
		c->file_rules.n = 0;
		if (first) {
			log_warn(&c->s->log, "%s: no rule of it is played",
			    e.msg);
			write_problem(c, e.msg);
		}
	}
	buf_release(&text);
}

/* Once the head is there: whose request is it, and what is to go wrong? */
static bool
take_head(struct serving *c, struct err *e)
{
	struct str target = http1_target(&c->head);
	struct str path = str_first(target, str_chr(target, '?'));
	enum rule_where where = RULE_ANY;

	c->chosen = true;
	load_faults(c);
	c->login = login_is_path(path);
	if (c->login)
		where = RULE_TOKEN;
	else
		where = sandbox_graph_where(http1_method(&c->head), path);
	choose(c, where, true);
	if (str_ieq(http1_field(&c->head, STR("Expect")),
		STR("100-continue")) &&
	    !phase_is(c, RULE_AT_HEAD))
		return play_continue(&c->conn, e);
	return true;
}

static bool
fill_input(struct serving *c, int64_t deadline, struct err *e)
{
	size_t got;

	if (!conn_read(&c->conn, c->read, sizeof(c->read), &got, deadline, e))
		return false;
	c->input = (struct str){ c->read, got };
	return true;
}

enum got { GOT_REQUEST, GOT_HEAD, GOT_BROKEN, GOT_NOTHING };

/*
 * Reads a request, or its head only where the rule wants that. *e tells
 * about GOT_NOTHING; its kind is ERR_NONE for an end in order.
 */
static enum got
read_request(struct serving *c, struct err *e)
{
	int64_t deadline = os_mono_ms() + IDLE_MS;
	enum parse r = PARSE_MORE;

	*e = (struct err){ 0 };
	while (r == PARSE_MORE) {
		if (c->input.n == 0 && !fill_input(c, deadline, e))
			return GOT_NOTHING;
		if (c->input.n == 0)
			return http1_is_untouched(&c->head) ? GOT_NOTHING :
							      GOT_BROKEN;
		deadline = os_mono_ms() + REQUEST_MS;
		r = http1_feed(&c->head, &c->input, &c->body);
		if (!http1_has_head(&c->head) || c->chosen)
			continue;
		if (!take_head(c, e))
			return GOT_NOTHING;
		if (phase_is(c, RULE_AT_HEAD))
			return GOT_HEAD;
	}
	return r == PARSE_DONE ? GOT_REQUEST : GOT_BROKEN;
}

static const char *
find_fault_in_head(const struct serving *c)
{
	int status;

	if (http1_has_head(&c->head) && c->head.minor == 0)
		return "the sandbox speaks HTTP/1.1";
	return serve_flaw(&c->head, &status);
}

static void
fill_request(struct serving *c)
{
	struct sandbox_request *r = &c->request;
	const struct http1 *h = &c->head;
	struct str target = http1_target(h);
	struct str id = http1_field(h, STR("client-request-id"));

	r->method = http1_method(h);
	r->path = str_first(target, str_chr(target, '?'));
	r->query = str_from(target, r->path.n + 1);
	r->content_range = http1_field(h, STR("Content-Range"));
	r->prefer = http1_field(h, STR("Prefer"));
	r->content_type = http1_field(h, STR("Content-Type"));
	r->authorization = http1_field(h, STR("Authorization"));
	r->host = http1_field(h, STR("Host"));
	if (utf8_is_valid(id) && id.n <= ID_MAX)
		r->client_request_id = id;
	r->body = buf_view(&c->body);
	r->now = os_wall();
	r->mem = &c->mem;
	r->life = SANDBOX_TOKEN_LIFE;
	if (c->rule != NULL && c->rule->kind == RULE_TOKEN_EXPIRES)
		r->life = c->rule->number;
	r->session_gone = c->rule != NULL && c->rule->kind == RULE_SESSION_GONE;
}

/* The service's word, unless a rule is played in its place. */
static bool
answer(struct serving *c, struct sandbox_mail *m, struct sandbox_answer *a)
{
	if (phase_is(c, RULE_AT_HEAD) || phase_is(c, RULE_AT_REQUEST))
		return false;
	if (!c->login)
		return sandbox_graph_answer(c->s, &c->request, m, a);
	login_answer(c->s, &c->request, a);
	return false;
}

/* What the request says beside the message. */
static void
note_request(const struct serving *c, struct sandbox_mail *m)
{
	char time[DATE_ISO_SIZE];

	date_iso(c->request.now, time);
	mail_note(m, STR("time"), str_of(time));
	mail_note(m, STR("size"), arena_fmt(m->mem, "%zu", c->body.n));
	mail_note(m, STR("request-id"), str_of(c->request.id));
	mail_note(m, STR("client-request-id"), c->request.client_request_id);
	mail_note(m, STR("user-agent"),
	    http1_field(&c->head, STR("User-Agent")));
	mail_note(m, STR("connection"), arena_fmt(m->mem, "%u", c->number));
	mail_note(m, STR("tls"), str_of(c->tls));
}

/* The message as files; an answer of 500 if that is not possible. */
static uint32_t
keep(struct serving *c, struct sandbox_mail *m, struct sandbox_answer *a)
{
	uint32_t number = 0;
	struct err e;

	note_request(c, m);
	if (!buf_ok(&m->meta, &e) || !keep_mail(c->s, m, &number, &e)) {
		answer_graph_error(a, &c->request, 500, STR("ErrorItemSave"),
		    str_of(e.msg));
		draft_take_back(c->s, &c->request);
	}
	return number;
}

static void
tell_parent(const struct serving *c)
{
	ssize_t ignored;

	if (c->s->kept_fd < 0)
		return;
	ignored = write(c->s->kept_fd, "", 1);
	(void)ignored;
}

/* A whole request, or the head of one; true: the connection goes on. */
static bool
serve_request(struct serving *c)
{
	struct sandbox_mail m = { 0 };
	struct sandbox_answer a;
	struct play p = { &c->conn, c->fd, c->rule, &c->request, &a, c->login,
		c->head.keep_alive, 0 };
	uint32_t message = 0;
	struct err e = { 0 };

	answer_init(&a);
	if (answer(c, &m, &a))
		message = keep(c, &m, &a);
	mail_release(&m);
	play_prepare(&p);
	/* Before it is played: that may take longer than we are let live. */
	write_log(c, &p, message, NULL);
	if (!play_answer(&p, &e)) {
		p.keep_alive = false;
		write_problem(c, e.msg);
	}
	if (message > 0)
		tell_parent(c);
	answer_release(&a);
	return p.keep_alive;
}

/* What is no request, or one too large; the connection ends. */
static void
refuse_broken(struct serving *c, const char *problem)
{
	bool large = http1_has_head(&c->head) && c->head.reason != NULL &&
	    str_eq(str_of(c->head.reason), STR("body too large"));
	struct sandbox_answer a;
	struct play p = { &c->conn, c->fd, NULL, &c->request, &a, c->login,
		false, 0 };
	struct err e;

	answer_init(&a);
	if (large)
		sandbox_graph_too_large(&c->request, &a);
	else
		answer_graph_error(&a, &c->request, 400, STR("BadRequest"),
		    str_of(problem));
	play_prepare(&p);
	write_log(c, &p, 0, large ? NULL : problem);
	if (play_answer(&p, &e))
		play_linger(&c->conn);
	answer_release(&a);
}

static bool
serve_one(struct serving *c)
{
	const char *problem;
	struct err e;
	enum got got;

	c->chosen = c->login = false;
	c->rule = NULL;
	c->request = (struct sandbox_request){ 0 };
	os_uuid(c->request.id);
	got = read_request(c, &e);
	if (got == GOT_NOTHING) {
		if (e.kind != ERR_NONE)
			write_problem(c, e.msg);
		return false;
	}
	fill_request(c);
	problem = c->head.reason;
	if (got != GOT_BROKEN)
		problem = find_fault_in_head(c);
	else if (problem == NULL)
		problem = "the request is not complete";
	if (problem == NULL)
		return serve_request(c);
	refuse_broken(c, problem);
	return false;
}

static void
serve_all(struct serving *c)
{
	struct str tls = conn_describe(&c->conn);
	bool more = true;

	(void)snprintf(c->tls, sizeof(c->tls), "%.*s", STR_ARG(tls));
	while (more) {
		http1_init(&c->head, HTTP1_REQUEST);
		buf_init_secret(&c->body, SANDBOX_BODY_MAX);
		arena_init(&c->mem, SANDBOX_MEMORY_MAX);
		more = serve_one(c);
		http1_release(&c->head);
		buf_release(&c->body);
		arena_release(&c->mem);
	}
}

/* A rule for this moment, or nothing. Those rules have no texts. */
static void
choose_at_accept(struct serving *c)
{
	arena_init(&c->mem, SANDBOX_MEMORY_MAX);
	load_faults(c);
	choose(c, RULE_ANY, false);
	arena_release(&c->mem);
}

void
sandbox_serve(const struct sandbox *s, int fd)
{
	int64_t deadline = os_mono_ms() + HANDSHAKE_MS;
	struct serving c = { .s = s, .fd = fd };
	struct err e;

	c.number = atomic_fetch_add(&s->state->connections, 1) + 1;
	choose_at_accept(&c);
	if (c.rule != NULL) {
		write_problem(&c, NULL);
		play_accepted(fd, c.rule);
		os_close(&fd);
	} else if (conn_accept(&c.conn, fd, s->plain ? NULL : &s->cert,
		       deadline, &e) &&
	    conn_open(&c.conn, &e)) {
		serve_all(&c);
	} else {
		write_problem(&c, e.msg);
	}
	conn_close(&c.conn);
}
