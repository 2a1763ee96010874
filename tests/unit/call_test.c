/* SPDX-License-Identifier: MIT */
#include "graph/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "serve.h"
#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

#define ACCEPTED                                                               \
	"HTTP/1.1 202 Accepted\r\nrequest-id: r-1\r\n"                         \
	"Content-Length: 0\r\n\r\n"
#define STATUS(line, body)                                                     \
	"HTTP/1.1 " line "\r\nrequest-id: r-2\r\nConnection: close\r\n"        \
	"\r\n" body
#define CUT(line)                                                              \
	"HTTP/1.1 " line "\r\nrequest-id: r-2\r\nContent-Length: 99\r\n"       \
	"\r\n{\"error\":{\"co"
#define TOKEN(text)                                                            \
	"HTTP/1.1 200 OK\r\n\r\n{\"token_type\":\"Bearer\","                   \
	"\"expires_in\":3599,\"access_token\":\"" text "\"}"
#define ERROR(code) "{\"error\":{\"code\":\"" code "\",\"message\":\"m\"}}"

enum { TIMEOUT_MS = 20000, SHORT_MS = 1000, LATE_MS = 5000 };

/* The two services and a client. */
struct world {
	struct serve login, graph_server;
	struct http http;
	struct clock clock;
	struct secret secret;
	struct graph graph;
	char login_url[64], graph_url[64];
};

static int64_t
wall(void *arg)
{
	(void)arg;
	return 1800000000;
}

static int64_t
mono(void *arg)
{
	(void)arg;
	return os_mono_ms();
}

static const struct serve_step sign_in[] = {
	{ SERVE_ALL, STR_INIT(TOKEN("t1")), SERVE_CLOSE, 0 },
	{ SERVE_ALL, STR_INIT(TOKEN("t2")), SERVE_CLOSE, 0 },
};

static void
world_start(struct world *w, const struct serve_step *login, size_t n_login,
    const struct serve_step *step, size_t n)
{
	struct http_conf conf = { .connect_timeout_ms = 5000 };
	struct err e;

	*w = (struct world){ .clock = { .wall = wall, .mono_ms = mono } };
	serve_start(&w->login, login, n_login, true);
	serve_start(&w->graph_server, step, n, true);
	http_init(&w->http, &conf);
	(void)snprintf(w->login_url, sizeof(w->login_url),
	    "http://127.0.0.1:%u", w->login.port);
	(void)snprintf(w->graph_url, sizeof(w->graph_url),
	    "http://127.0.0.1:%u/v1.0", w->graph_server.port);
	T_CHECK(secret_set(&w->secret, STR("s"), &e), "%s", e.msg);
	w->graph.source = (struct token_source){
		.http = &w->http,
		.clock = &w->clock,
		.who = { .login_url = str_of(w->login_url),
		    .tenant = STR("t"),
		    .client_id = STR("c"),
		    .scope = STR("s"),
		    .secret = &w->secret },
	};
	w->graph.url_text = str_of(w->graph_url);
	w->graph.timeout_ms = TIMEOUT_MS;
}

static void
world_stop(struct world *w)
{
	token_release(&w->graph.token);
	http_release(&w->http);
	secret_release(&w->secret);
	serve_stop(&w->login);
	serve_stop(&w->graph_server);
}

static struct graph_request
send_mail(void)
{
	return (struct graph_request){
		.method = STR("POST"),
		.path = STR("/users/a%40b/sendMail"),
		.content_type = STR("application/json"),
		.body = source_of(STR("{\"message\":{}}")),
		.expect = 202,
		.what = STR("sendMail for a@b"),
	};
}

static unsigned
seen(const struct serve *s)
{
	return atomic_load(&s->seen->requests);
}

/* What Graph answers, and what it means. */
static const struct {
	const char *name;
	struct serve_step step[2];
	enum err_kind kind; /* ERR_NONE: done */
	int status;         /* in the answer; 0: there was none */
	unsigned attempts, tokens;
	const char *request_id, *says;
} rows[] = {
	/* clang-format off */
	{ "accepted", { { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  ERR_NONE, 202, 1, 1, "r-1", NULL },
	{ "stale token", {
	    { SERVE_ALL, STR_INIT(STATUS("401 Unauthorized",
	      ERROR("InvalidAuthenticationToken"))), SERVE_CLOSE, 0 },
	    { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  ERR_NONE, 202, 2, 2, "r-1", NULL },
	{ "refused token", { { SERVE_ALL, STR_INIT(STATUS("401 Unauthorized",
	    ERROR("InvalidAuthenticationToken"))), SERVE_CLOSE, 0 } },
	  ERR_AUTH, 401, 2, 2, "r-2", "InvalidAuthenticationToken" },
	{ "no permission at all", { { SERVE_ALL, STR_INIT(STATUS(
	    "401 Unauthorized", ERROR("NoPermissionsInAccessToken"))),
	    SERVE_CLOSE, 0 } },
	  ERR_AUTH, 401, 1, 1, "r-2", "NoPermissionsInAccessToken" },
	{ "denied", { { SERVE_ALL, STR_INIT(STATUS("403 Forbidden",
	    ERROR("ErrorAccessDenied"))), SERVE_CLOSE, 0 } },
	  ERR_AUTH, 403, 1, 1, "r-2", "ErrorAccessDenied" },
	{ "200 is no success", { { SERVE_ALL, STR_INIT(STATUS("200 OK", "")),
	    SERVE_CLOSE, 0 } },
	  ERR_UNSURE, 200, 1, 1, "r-2", "HTTP 200, where only 202" },
	{ "201 neither", { { SERVE_ALL, STR_INIT(STATUS("201 Created", "{}")),
	    SERVE_CLOSE, 0 } },
	  ERR_UNSURE, 201, 1, 1, "r-2", "HTTP 201, where only 202" },
	{ "throttled", { { SERVE_ALL, STR_INIT(STATUS("429 Slow down"
	    "\r\nRetry-After: 3", ERROR("TooManyRequests"))), SERVE_CLOSE,
	    0 } },
	  ERR_RETRY, 429, 1, 1, "r-2", "TooManyRequests" },
	{ "gateway timed out", { { SERVE_ALL, STR_INIT(STATUS("504 X", "")),
	    SERVE_CLOSE, 0 } },
	  ERR_UNSURE, 504, 1, 1, "r-2", "504" },
	{ "bad recipient", { { SERVE_ALL, STR_INIT(STATUS("400 Bad Request",
	    ERROR("ErrorInvalidRecipients"))), SERVE_CLOSE, 0 } },
	  ERR_REFUSED, 400, 1, 1, "r-2", "ErrorInvalidRecipients" },
	{ "closed without an answer", { { SERVE_ALL, STR_INIT(""),
	    SERVE_CLOSE, 0 } },
	  ERR_UNSURE, 0, 1, 1, "", "answer was lost" },
	{ "cut 400", { { SERVE_ALL, STR_INIT(CUT("400 No")), SERVE_CLOSE,
	    0 } },
	  ERR_RETRY, 400, 1, 1, "r-2", "HTTP 400" },
	{ "cut 401", { { SERVE_ALL, STR_INIT(CUT("401 No")), SERVE_CLOSE,
	    0 } },
	  ERR_AUTH, 401, 2, 2, "r-2", "HTTP 401" },
	{ "cut 403", { { SERVE_ALL, STR_INIT(CUT("403 No")), SERVE_CLOSE,
	    0 } },
	  ERR_AUTH, 403, 1, 1, "r-2", "HTTP 403" },
	{ "cut 404", { { SERVE_ALL, STR_INIT(CUT("404 No")), SERVE_CLOSE,
	    0 } },
	  ERR_CONFIG, 404, 1, 1, "r-2", "HTTP 404" },
	{ "cut 413", { { SERVE_ALL, STR_INIT(CUT("413 No")), SERVE_CLOSE,
	    0 } },
	  ERR_CONFIG, 413, 1, 1, "r-2", "HTTP 413" },
	{ "cut 424", { { SERVE_ALL, STR_INIT(CUT("424 No")), SERVE_CLOSE,
	    0 } },
	  ERR_UNSURE, 424, 1, 1, "r-2", "HTTP 424" },
	{ "cut 429", { { SERVE_ALL, STR_INIT(CUT("429 No\r\nRetry-After: 3")),
	    SERVE_CLOSE, 0 } },
	  ERR_RETRY, 429, 1, 1, "r-2", "HTTP 429" },
	{ "cut 503", { { SERVE_ALL, STR_INIT(CUT("503 No\r\nRetry-After: 3")),
	    SERVE_CLOSE, 0 } },
	  ERR_RETRY, 503, 1, 1, "r-2", "HTTP 503" },
	{ "cut 503 without a time", { { SERVE_ALL, STR_INIT(CUT("503 No")),
	    SERVE_CLOSE, 0 } },
	  ERR_UNSURE, 503, 1, 1, "r-2", "HTTP 503" },
	{ "cut 202", { { SERVE_ALL, STR_INIT(CUT("202 OK")), SERVE_CLOSE, 0 } },
	  ERR_NONE, 202, 1, 1, "r-2", NULL },
	{ "an id of odd bytes", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 A\r\n"
	    "request-id: a\xff b\r\nContent-Length: 0\r\n\r\n"), SERVE_KEEP,
	    0 } },
	  ERR_NONE, 202, 1, 1, "a??b", NULL },
	{ "an endless id", { { SERVE_ALL, STR_INIT("HTTP/1.1 202 A\r\n"
	    "request-id: 0123456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567890123456789\r\n"
	    "Content-Length: 0\r\n\r\n"), SERVE_KEEP, 0 } },
	  ERR_NONE, 202, 1, 1,
	  "012345678901234567890123456789012345678901234567890123456789012",
	  NULL },
	/* clang-format on */
};

static void
check_row(size_t i)
{
	size_t n = rows[i].step[1].answer.p != NULL ? 2 : 1;
	struct graph_request r = send_mail();
	const char *name = rows[i].name;
	struct graph_answer a;
	struct err e = { 0 };
	struct world w;
	bool ok;

	world_start(&w, sign_in, N(sign_in), rows[i].step, n);
	ok = graph_call(&w.graph, &r, &a, &e);
	T_CHECK(ok == (rows[i].kind == ERR_NONE), "%s: %s", name, e.msg);
	T_CHECK(ok || e.kind == rows[i].kind, "%s: %s, %s", name,
	    err_kind_name(e.kind), e.msg);
	T_CHECK(ok || rows[i].says == NULL ||
		strstr(e.msg, rows[i].says) != NULL,
	    "%s: %s", name, e.msg);
	T_CHECK(ok || strstr(e.msg, "sendMail for a@b") != NULL, "%s: %s", name,
	    e.msg);
	T_CHECK(a.http.status == rows[i].status, "%s: %d", name, a.http.status);
	T_CHECK(a.attempts == rows[i].attempts &&
		seen(&w.graph_server) == a.attempts,
	    "%s: %u attempts", name, a.attempts);
	T_CHECK(seen(&w.login) == rows[i].tokens, "%s: %u tokens", name,
	    seen(&w.login));
	T_CHECK(strcmp(a.request_id, rows[i].request_id) == 0, "%s: \"%s\"",
	    name, a.request_id);
	/* one that was refused though new is kept: no request for each mail */
	if (strcmp(name, "refused token") == 0)
		T_CHECK(secret_eq(&w.graph.token.bearer, STR("t2")), "dropped");
	if (rows[i].kind == ERR_RETRY && rows[i].status != 400)
		T_CHECK(e.retry_after_ms == 3000, "%lld",
		    (long long)e.retry_after_ms);
	graph_answer_release(&a);
	world_stop(&w);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
}

static size_t
count(struct str text, struct str needle)
{
	size_t n = 0, at;

	while ((at = str_find(text, needle)) < text.n) {
		text = str_from(text, at + needle.n);
		n++;
	}
	return n;
}

static void
test_request(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(STATUS("401 X", "")), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	char id[128];
	struct str text;
	struct err e;

	world_start(&w, sign_in, N(sign_in), step, N(step));
	T_CHECK(graph_call(&w.graph, &r, &a, &e), "%s", e.msg);
	text = serve_text(&w.graph_server);
	T_CHECK(str_starts(text,
		    STR("POST /v1.0/users/a%40b/sendMail HTTP/1.1\r\n")),
	    "%.*s", STR_ARG(text));
	T_CHECK(count(text, STR("\r\nAuthorization: Bearer t1\r\n")) == 1,
	    "%.*s", STR_ARG(text));
	T_CHECK(count(text, STR("\r\nAuthorization: Bearer t2\r\n")) == 1,
	    "%.*s", STR_ARG(text));
	T_CHECK(count(text, STR("\r\nContent-Type: application/json\r\n")) == 2,
	    "%.*s", STR_ARG(text));
	T_CHECK(count(text, STR("\r\n\r\n{\"message\":{}}")) == 2, "%.*s",
	    STR_ARG(text));
	/* an id of its own for each attempt; the last is told */
	T_CHECK(count(text, STR("\r\nclient-request-id: ")) == 2, "%.*s",
	    STR_ARG(text));
	(void)snprintf(id, sizeof(id), "\r\nclient-request-id: %s\r\n",
	    a.client_request_id);
	T_CHECK(count(text, str_of(id)) == 1, "%s", id);
	graph_answer_release(&a);
	world_stop(&w);
}

/* A GET has no body and says so by saying nothing. */
static void
test_get(void)
{
	struct serve_step step = { SERVE_ALL,
		STR_INIT(STATUS("200 OK", "{\"id\":7}")), SERVE_CLOSE, 0 };
	struct graph_request r = {
		.method = STR("GET"),
		.path = STR("/users/a"),
		.expect = 200,
		.what = STR("look up a"),
	};
	struct graph_answer a;
	struct world w;
	struct err e;

	world_start(&w, sign_in, N(sign_in), &step, 1);
	T_CHECK(graph_call(&w.graph, &r, &a, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&a.http.body), STR("{\"id\":7}")), "%zu",
	    a.http.body.n);
	T_CHECK(!serve_saw(&w.graph_server, STR("Content-")), "%.*s",
	    STR_ARG(serve_text(&w.graph_server)));
	graph_answer_release(&a);
	world_stop(&w);
}

/* The token is nowhere in memory that was given back. */
static void
test_wiped(void)
{
	struct serve_step login = { SERVE_ALL,
		STR_INIT(TOKEN("T0kenThatNobodyMaySee")), SERVE_CLOSE, 0 };
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(STATUS("401 X", "")), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	struct err e;

	world_start(&w, &login, 1, step, N(step));
	t_watch(STR("T0kenThatNobodyMaySee"));
	T_CHECK(graph_call(&w.graph, &r, &a, &e), "%s", e.msg);
	T_CHECK(serve_saw(&w.graph_server, STR("T0kenThatNobodyMaySee")),
	    "not sent");
	graph_answer_release(&a);
	token_release(&w.graph.token);
	http_release(&w.http);
	T_CHECK(t_left_behind() == 0, "in %u pieces", t_left_behind());
	t_watch((struct str){ 0 });
	world_stop(&w);
}

/* A request that has a time of its own ends with that. */
static void
test_own_timeout(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(""), SERVE_HANG, 0 };
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	struct err e;
	int64_t start;

	world_start(&w, sign_in, N(sign_in), &step, 1);
	start = os_mono_ms();
	r.timeout_ms = SHORT_MS;
	T_CHECK(!graph_call(&w.graph, &r, &a, &e) && e.kind == ERR_UNSURE, "%s",
	    e.msg);
	T_CHECK(os_mono_ms() - start < SHORT_MS + LATE_MS, "after %lld ms",
	    (long long)(os_mono_ms() - start));
	graph_answer_release(&a);
	world_stop(&w);
}

/*
 * A permission granted after a refusal works at the next call: a kept token
 * is replaced when it is denied.
 */
static void
test_denied_then_granted(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL,
		    STR_INIT(STATUS("403 X", ERROR("ErrorAccessDenied"))),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL,
		    STR_INIT(STATUS("403 X", ERROR("ErrorAccessDenied"))),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	struct err e;

	world_start(&w, sign_in, N(sign_in), step, N(step));
	for (size_t i = 0; i < 3; i++) {
		T_CHECK(graph_call(&w.graph, &r, &a, &e) == (i > 0),
		    "call %zu: %s", i, e.msg);
		T_CHECK(a.attempts == (i == 1 ? 2 : 1), "call %zu: %u", i,
		    a.attempts);
		graph_answer_release(&a);
	}
	T_CHECK(seen(&w.login) == 2, "%u tokens", seen(&w.login));
	/* login twice, Graph three times: the last two calls shared one */
	T_CHECK(w.http.connections == 5, "%u", w.http.connections);
	world_stop(&w);
}

/* A denial that another token cannot cure asks for none. */
static void
test_send_as_denied(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
		{ SERVE_ALL,
		    STR_INIT(STATUS("403 X", ERROR("ErrorSendAsDenied"))),
		    SERVE_CLOSE, 0 },
	};
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	struct err e;

	world_start(&w, sign_in, N(sign_in), step, N(step));
	for (size_t i = 0; i < N(step); i++) {
		T_CHECK(graph_call(&w.graph, &r, &a, &e) == (i == 0),
		    "call %zu: %s", i, e.msg);
		graph_answer_release(&a);
	}
	T_CHECK(seen(&w.login) == 1, "%u tokens", seen(&w.login));
	world_stop(&w);
}

#define CHALLENGE(claims)                                                      \
	"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"\", "   \
	"error=\"insufficient_claims\", claims=\"" claims "\"\r\n\r\n"

/* What the challenge wants stands in the next token request, or nothing. */
static void
test_claims(void)
{
	static const struct {
		const char *name;
		struct str challenge;
		const char *want; /* in the second token request; NULL: none */
	} row[] = {
		/* clang-format off */
		{ "padded", STR_INIT(CHALLENGE("eyJhIjoxfQ==")),
		    "&claims=%7B%22a%22%3A1%7D" },
		{ "not padded", STR_INIT(CHALLENGE("eyJhIjoxfQ")),
		    "&claims=%7B%22a%22%3A1%7D" },
		{ "of the URL alphabet", STR_INIT(CHALLENGE("eyJhIjoiPz8_In0")),
		    "&claims=%7B%22a%22%3A%22%3F%3F%3F%22%7D" },
		{ "an array", STR_INIT(CHALLENGE("WzFd")), NULL },
		{ "no JSON", STR_INIT(CHALLENGE("YWJj")), NULL },
		{ "no base64", STR_INIT(CHALLENGE("{}")), NULL },
		{ "empty", STR_INIT(CHALLENGE("")), NULL },
		/* clang-format on */
	};

	for (size_t i = 0; i < N(row); i++) {
		struct serve_step step[] = {
			{ SERVE_ALL, row[i].challenge, SERVE_CLOSE, 0 },
			{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
		};
		struct graph_request r = send_mail();
		struct graph_answer a;
		struct world w;
		struct err e;

		world_start(&w, sign_in, N(sign_in), step, N(step));
		T_CHECK(graph_call(&w.graph, &r, &a, &e), "%s: %s", row[i].name,
		    e.msg);
		T_CHECK(seen(&w.login) == 2, "%s: %u tokens", row[i].name,
		    seen(&w.login));
		T_CHECK(serve_saw(&w.login,
			    str_of(row[i].want != NULL ? row[i].want :
							 "&claims=")) ==
			(row[i].want != NULL),
		    "%s: %.*s", row[i].name, STR_ARG(serve_text(&w.login)));
		T_CHECK(w.graph.source.claims.n == 0, "%s: left behind",
		    row[i].name);
		graph_answer_release(&a);
		world_stop(&w);
	}
}

static void
test_no_sign_in(void)
{
	struct serve_step login = { SERVE_ALL,
		STR_INIT(STATUS("401 X",
		    "{\"error\":\"invalid_client\",\"error_description\":"
		    "\"AADSTS7000215: "
		    "no\",\"error_codes\":[7000215]}")),
		SERVE_CLOSE, 0 };
	struct serve_step step = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		0 };
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	struct err e;

	world_start(&w, &login, 1, &step, 1);
	T_CHECK(!graph_call(&w.graph, &r, &a, &e), "sent");
	T_CHECK(e.kind == ERR_AUTH && strstr(e.msg, "sign in") != NULL, "%s",
	    e.msg);
	T_CHECK(a.attempts == 0 && seen(&w.graph_server) == 0, "%u",
	    a.attempts);
	graph_answer_release(&a);
	w.graph.url_text = STR("nonsense");
	T_CHECK(!graph_call(&w.graph, &r, &a, &e) && e.kind == ERR_CONFIG, "%s",
	    e.msg);
	graph_answer_release(&a);
	world_stop(&w);
}

/* One limit for all of it, whoever is slow. */
static void
test_timeout(void)
{
	struct serve_step silent = { SERVE_ALL, STR_INIT(""), SERVE_HANG, 0 };
	struct serve_step step = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		0 };
	struct graph_request r = send_mail();
	struct graph_answer a;
	struct world w;
	struct err e;
	int64_t t0;

	for (int graph_is = 0; graph_is < 2; graph_is++) {
		world_start(&w, graph_is ? sign_in : &silent, 1,
		    graph_is ? &silent : &step, 1);
		w.graph.timeout_ms = SHORT_MS;
		t0 = os_mono_ms();
		T_CHECK(!graph_call(&w.graph, &r, &a, &e), "sent");
		T_CHECK(e.kind == (graph_is ? ERR_UNSURE : ERR_RETRY), "%s",
		    e.msg);
		T_CHECK(os_mono_ms() - t0 < SHORT_MS + LATE_MS, "too late");
		graph_answer_release(&a);
		world_stop(&w);
	}
}

/* Without memory nothing is said to be sent that was not. */
static struct world *poor;

static void
send_without_memory(void)
{
	struct graph_request r = send_mail();
	unsigned before = seen(&poor->graph_server);
	struct graph_answer a;
	struct err e = { 0 };

	http_release(&poor->http);
	http_init(&poor->http,
	    &(struct http_conf){ .connect_timeout_ms = 5000 });
	token_release(&poor->graph.token);
	if (graph_call(&poor->graph, &r, &a, &e)) {
		T_CHECK(a.http.status == 202, "%d", a.http.status);
		T_CHECK(seen(&poor->graph_server) > before, "not sent");
	} else {
		T_CHECK(e.kind == ERR_RETRY || e.kind == ERR_UNSURE, "%s: %s",
		    err_kind_name(e.kind), e.msg);
		T_CHECK(seen(&poor->graph_server) == before ||
			e.kind == ERR_UNSURE,
		    "sent: %s", e.msg);
	}
	graph_answer_release(&a);
}

static void
test_no_memory(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP,
		0 };
	struct world w;

	world_start(&w, sign_in, N(sign_in), &step, 1);
	poor = &w;
	t_each_allocation_fails(send_without_memory);
	world_stop(&w);
}

static const struct t_test tests[] = {
	{ "what Graph answers", test_rows },
	{ "the request", test_request },
	{ "a request without a body", test_get },
	{ "denied, then granted", test_denied_then_granted },
	{ "denied for good", test_send_as_denied },
	{ "claims", test_claims },
	{ "no sign-in", test_no_sign_in },
	{ "one limit for all", test_timeout },
	{ "the token is wiped", test_wiped },
	{ "a limit of its own", test_own_timeout },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
