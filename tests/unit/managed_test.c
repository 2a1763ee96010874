/* SPDX-License-Identifier: MIT */
#include "graph/managed.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "graph/token.h"
#include "serve.h"
#include "t.h"
#include "world.h"

#define JSON_OF(status) "HTTP/1.1 " status "\r\n\r\n"
#define DAY_TOKEN                                                              \
	TOKEN("t1",                                                            \
	    "\"expires_in\":\"86399\",\"expires_on\":\"1800086399\","          \
	    "\"resource\":\"https://graph.microsoft.com\","                    \
	    "\"refresh_token\":\"\",")
#define ID     "11111111-2222-3333-4444-555555555555"
#define OTHER  "99999999-2222-3333-4444-555555555555"
#define TOKENS "/var/opt/azcmagent/tokens/"

enum { STEPS = 7 };

/* A clock that does not sleep but lets time pass. */
struct lapse {
	int64_t slept_ms;
	unsigned sleeps;
};

static int64_t
lapse_wall(void *arg)
{
	struct lapse *l = arg;

	return NOW + l->slept_ms / 1000;
}

static int64_t
lapse_mono(void *arg)
{
	struct lapse *l = arg;

	return os_mono_ms() + l->slept_ms;
}

static void
lapse_sleep(void *arg, int64_t deadline)
{
	struct lapse *l = arg;
	int64_t ms = deadline - lapse_mono(l);

	l->sleeps++;
	if (ms > 0)
		l->slept_ms += ms;
}

#define A200 STR_INIT(DAY_TOKEN)
#define A400                                                                   \
	STR_INIT(JSON_OF("400 Bad Request") "{\"error\":\"invalid_request\","  \
					    "\"error_description\":"           \
					    "\"Identity not found\"}")
#define A403     STR_INIT(JSON_OF("403 Forbidden"))
#define A404     STR_INIT(JSON_OF("404 Not Found"))
#define A408     STR_INIT(JSON_OF("408 Request Timeout"))
#define A410     STR_INIT(JSON_OF("410 Gone"))
#define A429     STR_INIT(JSON_OF("429 Too Many Requests"))
#define A500     STR_INIT(JSON_OF("500 Oops") "{\"Message\":\"try later\"}")
#define A503     STR_INIT(JSON_OF("503 Service Unavailable"))
#define AFTER(s) STR_INIT("HTTP/1.1 429 Too Many\r\nRetry-After: " s "\r\n\r\n")
#define CHALLENGE(path)                                                        \
	STR_INIT("HTTP/1.1 401 Unauthorized\r\n"                               \
		 "WWW-Authenticate: Basic realm=" path "\r\n\r\n")

/* What the endpoint answers, one after the other, and what comes of it. */
static const struct row {
	const char *name;
	enum managed_source source;
	bool user; /* asks for the identity ID */
	struct str answer[STEPS];
	enum err_kind kind;     /* ERR_NONE: a token */
	unsigned requests;      /* all of them */
	int64_t slept;          /* seconds */
	const char *says, *do_; /* in message and remedy; NULL: anything */
} rows[] = {
	/* clang-format off */
	{ "imds", MANAGED_IMDS, false, { A200 }, ERR_NONE, 1, 0, NULL, NULL },
	{ "imds, user's", MANAGED_IMDS, true, { A200 }, ERR_NONE, 1, 0, NULL,
	  NULL },
	{ "imds 400", MANAGED_IMDS, false, { A400 }, ERR_CONFIG, 1, 0,
	  "HTTP 400, invalid_request: Identity not found",
	  "Virtual machines > (the machine) > Security > Identity" },
	{ "imds 400, user's", MANAGED_IMDS, true, { A400 }, ERR_CONFIG, 1, 0,
	  "managed identity by IMDS at http://127.0.0.1", ID },
	{ "imds 403", MANAGED_IMDS, false, { A403 }, ERR_AUTH, 1, 0,
	  "HTTP 403", "A policy" },
	{ "imds 404, then well", MANAGED_IMDS, false, { A404, A200 }, ERR_NONE,
	  2, 2, NULL, NULL },
	/* an update takes 70 s */
	{ "imds 410 for 70 s", MANAGED_IMDS, false,
	  { A410, A410, A410, A410, A410, A200 }, ERR_NONE, 6, 72, NULL, NULL },
	{ "imds 410 for ever", MANAGED_IMDS, false,
	  { A410, A410, A410, A410, A410, A410 }, ERR_RETRY, 6, 72, "HTTP 410",
	  "70 s" },
	{ "imds 404 for ever", MANAGED_IMDS, false,
	  { A404, A404, A404, A404, A404, A404 }, ERR_RETRY, 6, 72, "HTTP 404",
	  "may not be in Azure" },
	{ "imds 429", MANAGED_IMDS, false, { A429, A200 }, ERR_NONE, 2, 2,
	  NULL, NULL },
	{ "imds Retry-After", MANAGED_IMDS, false, { AFTER("17"), A200 },
	  ERR_NONE, 2, 17, NULL, NULL },
	{ "imds Retry-After that is shorter", MANAGED_IMDS, false,
	  { AFTER("1"), A200 }, ERR_NONE, 2, 2, NULL, NULL },
	{ "imds Retry-After beyond the deadline", MANAGED_IMDS, false,
	  { AFTER("300"), A200 }, ERR_RETRY, 1, 0, "HTTP 429",
	  "tried again later" },
	{ "imds 5xx", MANAGED_IMDS, false, { A500, A503, A200 }, ERR_NONE, 3,
	  8, NULL, NULL },
	{ "imds redirects", MANAGED_IMDS, false, {
	  STR_INIT("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
	  "\r\n") }, ERR_CONFIG, 1, 0, "HTTP 302", NULL },
	{ "imds helper, in plain text", MANAGED_IMDS, false, { STR_INIT(
	  "HTTP/1.1 400 X\r\n\r\n no identity\x1b[2Jis found for the pod\n") },
	  ERR_CONFIG, 1, 0, "HTTP 400: \"no identity?[2Jis found for the pod\"",
	  NULL },
	{ "imds is a portal", MANAGED_IMDS, false,
	  { STR_INIT("HTTP/1.1 200 OK\r\n\r\n<html>"),
	    STR_INIT("HTTP/1.1 200 OK\r\n\r\n<html>"),
	    A200 }, ERR_NONE, 3, 8, NULL, NULL },
	{ "imds cuts off", MANAGED_IMDS, false,
	  { STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), A200 },
	  ERR_NONE, 2, 2, NULL, NULL },
	{ "imds of another identity", MANAGED_IMDS, true,
	  { STR_INIT(TOKEN("HUSHED", "\"client_id\":\"" OTHER "\",")) },
	  ERR_CONFIG, 1, 0, "it gave a token of " OTHER, "system" },
	{ "imds of this identity", MANAGED_IMDS, true,
	  { STR_INIT(TOKEN("t1", "\"client_id\":\"" ID "\","
	  "\"expires_in\":\"86399\",")) }, ERR_NONE, 1, 0, NULL, NULL },

	{ "app service", MANAGED_APP_SERVICE, false, { A200 }, ERR_NONE, 1, 0,
	  NULL, NULL },
	{ "app service, user's", MANAGED_APP_SERVICE, true, { A200 }, ERR_NONE,
	  1, 0, NULL, NULL },
	{ "app service 400", MANAGED_APP_SERVICE, false, { STR_INIT(
	  JSON_OF("400 Bad Request") "{\"statusCode\":400,\"message\":"
	  "\"No Managed Identity found for specified ClientId.\"}") },
	  ERR_CONFIG, 1, 0, "HTTP 400: No Managed Identity",
	  "(the app) > Settings > Identity" },
	{ "app service echoes", MANAGED_APP_SERVICE, false, { STR_INIT(
	  JSON_OF("401 X") "{\"message\":\"what is HUSHED?\"}") },
	  ERR_AUTH, 1, 0, "HTTP 401", "IDENTITY_ENDPOINT" },
	{ "app service echoes in plain words", MANAGED_APP_SERVICE, false, {
	  STR_INIT(JSON_OF("401 X") "what is HUSHED?") },
	  ERR_AUTH, 1, 0, "HTTP 401", "IDENTITY_ENDPOINT" },
	{ "app service 404", MANAGED_APP_SERVICE, false, { A404, A200 },
	  ERR_CONFIG, 1, 0, "HTTP 404", "IDENTITY_ENDPOINT" },
	{ "app service 410", MANAGED_APP_SERVICE, false, { A410, A200 },
	  ERR_CONFIG, 1, 0, "HTTP 410", NULL },
	{ "app service 408", MANAGED_APP_SERVICE, false, { A408, A200 },
	  ERR_NONE, 2, 1, NULL, NULL },
	{ "app service 429", MANAGED_APP_SERVICE, false, { A429, A200 },
	  ERR_NONE, 2, 1, NULL, NULL },
	{ "app service 500 twice", MANAGED_APP_SERVICE, false,
	  { A500, A500, A200 }, ERR_NONE, 3, 2, NULL, NULL },
	{ "app service 503 for ever", MANAGED_APP_SERVICE, false,
	  { A503, A503, A500, A200 }, ERR_RETRY, 3, 2, "HTTP 500: try later",
	  "later" },

	{ "azure ml", MANAGED_MACHINE_LEARNING, true, { A200 }, ERR_NONE, 1, 0,
	  NULL, NULL },
	{ "azure ml 400", MANAGED_MACHINE_LEARNING, true, { A400 }, ERR_CONFIG,
	  1, 0, "Azure ML", "ml.azure.com" },
	{ "azure ml 503", MANAGED_MACHINE_LEARNING, true, { A503, A200 },
	  ERR_NONE, 2, 1, NULL, NULL },

	/* its settings choose */
	{ "service fabric, user's", MANAGED_SERVICE_FABRIC, true, { A200 },
	  ERR_CONFIG, 0, 0, "nobody can choose", "managed_identity = system" },

	{ "arc without a challenge", MANAGED_ARC, false, { A200 }, ERR_AUTH,
	  1, 0, "HTTP 200 instead of a challenge", "azcmagent" },
	{ "arc, another scheme", MANAGED_ARC, false, {
	  STR_INIT("HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer\r\n\r\n") },
	  ERR_AUTH, 1, 0, "HTTP 401 instead of a challenge", NULL },
	{ "arc 403", MANAGED_ARC, false, { A403 }, ERR_AUTH, 1, 0, "HTTP 403",
	  NULL },
	{ "arc 503", MANAGED_ARC, false, { A503, A503, A503 }, ERR_RETRY, 3, 2,
	  "HTTP 503", NULL },
	{ "arc, missing key", MANAGED_ARC, false,
	  { CHALLENGE(TOKENS "post365-test.key") }, ERR_AUTH, 1, 0,
	  "post365-test.key: cannot open", "himds" },
	{ "arc, in quotes", MANAGED_ARC, false,
	  { CHALLENGE("\"" TOKENS "post365-test.key\"") }, ERR_AUTH, 1, 0,
	  "post365-test.key: cannot open", "himds" },
	{ "arc, another folder", MANAGED_ARC, false,
	  { CHALLENGE("/etc/ssl/x.key") }, ERR_CONFIG, 1, 0,
	  "\"/etc/ssl/x.key\", which is no key in", "listens" },
	{ "arc, another ending", MANAGED_ARC, false,
	  { CHALLENGE(TOKENS "x.pem") }, ERR_CONFIG, 1, 0, "is no key", NULL },
	{ "arc, a folder below", MANAGED_ARC, false,
	  { CHALLENGE(TOKENS "a/x.key") }, ERR_CONFIG, 1, 0, "is no key",
	  NULL },
	{ "arc, climbs", MANAGED_ARC, false,
	  { CHALLENGE(TOKENS "../x.key") }, ERR_CONFIG, 1, 0, "is no key",
	  NULL },
	{ "arc, a similar folder", MANAGED_ARC, false,
	  { CHALLENGE("/var/opt/azcmagent/tokens2/x.key") }, ERR_CONFIG, 1, 0,
	  "is no key", NULL },
	{ "arc, no path", MANAGED_ARC, false, { CHALLENGE("") }, ERR_CONFIG, 1,
	  0, "is no key", NULL },
	/* clang-format on */
};

struct stage {
	struct serve server;
	struct lapse lapse;
	struct clock clock;
	struct managed managed;
	struct managed_with with;
	char endpoint[96];
};

static void
stage_open(struct stage *s, enum managed_source source, uint16_t port)
{
	s->lapse = (struct lapse){ 0 };
	s->clock = (struct clock){ .wall = lapse_wall,
		.mono_ms = lapse_mono,
		.sleep_until = lapse_sleep,
		.arg = &s->lapse };
	(void)snprintf(s->endpoint, sizeof(s->endpoint),
	    "http://127.0.0.1:%u/identity", port);
	s->managed = (struct managed){
		.source = source,
		.endpoint = str_of(s->endpoint),
		.header = STR("HUSHED"),
		.resource = STR("https://graph.microsoft.com"),
		.thumbprint = STR("0123456789012345678901234567890123456789"),
	};
	s->with = (struct managed_with){
		.clock = &s->clock,
		.deadline = lapse_mono(&s->lapse) + MANAGED_MS,
	};
}

/* One request for each of the answers. */
static void
stage_start(struct stage *s, const struct row *row, struct serve_step *step)
{
	size_t n = 0;

	for (; n < STEPS && row->answer[n].n > 0; n++)
		step[n] = (struct serve_step){ SERVE_ALL, row->answer[n],
			SERVE_CLOSE, 0 };
	serve_start(&s->server, step, n, true);
	stage_open(s, row->source, s->server.port);
	if (row->user)
		s->managed.client_id = STR(ID);
}

static bool
holds(const char *text, const char *part)
{
	return part == NULL || strstr(text, part) != NULL;
}

static void
check_row(const struct row *row)
{
	struct serve_step step[STEPS];
	struct token t = { 0 };
	struct err e = { 0 };
	struct stage s;
	bool ok;

	stage_start(&s, row, step);
	ok = managed_fetch(&s.managed, &s.with, &t, &e);
	T_CHECK(ok == (row->kind == ERR_NONE), "%s: %s", row->name, e.msg);
	T_CHECK(ok || e.kind == row->kind, "%s: %s, %s", row->name,
	    err_kind_name(e.kind), e.msg);
	T_CHECK(ok || holds(e.msg, row->says), "%s: %s", row->name, e.msg);
	T_CHECK(ok || holds(e.remedy, row->do_), "%s: %s", row->name, e.remedy);
	T_CHECK(ok || e.remedy[0] != '\0', "%s: no remedy", row->name);
	T_CHECK(strstr(e.msg, "HUSHED") == NULL, "%s: %s", row->name, e.msg);
	T_CHECK(atomic_load(&s.server.seen->requests) == row->requests,
	    "%s: %u requests", row->name,
	    atomic_load(&s.server.seen->requests));
	T_CHECK((s.lapse.slept_ms + 500) / 1000 == row->slept,
	    "%s: slept %lld ms", row->name, (long long)s.lapse.slept_ms);
	if (ok)
		T_CHECK(secret_eq(&t.bearer, STR("t1")) &&
			t.expires - lapse_wall(&s.lapse) == 86399 &&
			t.refresh_at - lapse_wall(&s.lapse) == 43199,
		    "%s: %lld, %lld", row->name, (long long)t.expires,
		    (long long)t.refresh_at);
	else
		T_CHECK(!secret_is_set(&t.bearer), "%s: a token", row->name);
	token_release(&t);
	serve_stop(&s.server);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(&rows[i]);
}

/* The request of each source. */
static const struct {
	enum managed_source source;
	bool user;
	const char *line, *header; /* the start line; a field or NULL */
} requests[] = {
	/* clang-format off */
	{ MANAGED_IMDS, false, "GET /identity?api-version=2018-02-01"
	  "&resource=https%3A%2F%2Fgraph.microsoft.com HTTP/1.1\r\n",
	  "\r\nMetadata: true\r\n" },
	{ MANAGED_IMDS, true, "GET /identity?api-version=2018-02-01"
	  "&resource=https%3A%2F%2Fgraph.microsoft.com&client_id=" ID
	  " HTTP/1.1\r\n", "\r\nMetadata: true\r\n" },
	{ MANAGED_APP_SERVICE, true, "GET /identity?api-version=2019-08-01"
	  "&resource=https%3A%2F%2Fgraph.microsoft.com&client_id=" ID
	  " HTTP/1.1\r\n", "\r\nX-IDENTITY-HEADER: HUSHED\r\n" },
	{ MANAGED_MACHINE_LEARNING, true, "GET /identity?api-version=2017-09-01"
	  "&resource=https%3A%2F%2Fgraph.microsoft.com&clientid=" ID
	  " HTTP/1.1\r\n", "\r\nsecret: HUSHED\r\n" },
	{ MANAGED_ARC, true, "GET /identity?api-version=2020-06-01"
	  "&resource=https%3A%2F%2Fgraph.microsoft.com&client_id=" ID
	  " HTTP/1.1\r\n", "\r\nMetadata: true\r\n" },
	/* clang-format on */
};

static void
test_requests(void)
{
	static const struct row plain = { .answer = { A200 } };

	for (size_t i = 0; i < N(requests); i++) {
		struct row row = plain;
		struct serve_step step[STEPS];
		struct token t = { 0 };
		struct stage s;
		struct err e;

		row.source = requests[i].source;
		row.user = requests[i].user;
		stage_start(&s, &row, step);
		if (managed_fetch(&s.managed, &s.with, &t, &e))
			token_release(&t);
		T_CHECK(str_starts(serve_text(&s.server),
			    str_of(requests[i].line)),
		    "%zu: %.*s", i, STR_ARG(serve_text(&s.server)));
		T_CHECK(serve_saw(&s.server, str_of(requests[i].header)),
		    "%zu: %.*s", i, STR_ARG(serve_text(&s.server)));
		T_CHECK(!serve_saw(&s.server, STR("Authorization")), "%zu", i);
		T_CHECK(row.source == MANAGED_APP_SERVICE ||
			row.source == MANAGED_MACHINE_LEARNING ||
			!serve_saw(&s.server, STR("HUSHED")),
		    "%zu: a secret", i);
		serve_stop(&s.server);
	}
}

/* An endpoint that has a query already, as some agent may. */
static void
test_query(void)
{
	static const struct row row = { .answer = { A200 } };
	struct serve_step step[STEPS];
	struct token t = { 0 };
	struct stage s;
	struct err e;

	stage_start(&s, &row, step);
	(void)strcat(s.endpoint, "?a=b");
	s.managed.endpoint = str_of(s.endpoint);
	T_CHECK(managed_fetch(&s.managed, &s.with, &t, &e), "%s", e.msg);
	T_CHECK(serve_saw(&s.server,
		    STR("GET /identity?a=b&api-version=2018-02-01&resource=")),
	    "%.*s", STR_ARG(serve_text(&s.server)));
	token_release(&t);
	serve_stop(&s.server);
}

/* Nobody is there: at boot the network may come later. */
static void
test_nobody(void)
{
	static const struct {
		enum managed_source source;
		const char *do_;
	} each[] = {
		{ MANAGED_IMDS, "client_certificate" },
		{ MANAGED_APP_SERVICE, "IDENTITY_ENDPOINT" },
		{ MANAGED_MACHINE_LEARNING, "MSI_ENDPOINT" },
		{ MANAGED_ARC, "himds" },
	};
	struct serve_step step = { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 };
	struct token t = { 0 };
	struct stage s;
	struct err e;
	uint16_t port;

	serve_start(&s.server, &step, 1, true);
	port = s.server.port;
	serve_stop(&s.server);
	for (size_t i = 0; i < N(each); i++) {
		stage_open(&s, each[i].source, port);
		T_CHECK(!managed_fetch(&s.managed, &s.with, &t, &e), "%zu", i);
		T_CHECK(e.kind == ERR_RETRY, "%zu: %s, %s", i,
		    err_kind_name(e.kind), e.msg);
		T_CHECK(holds(e.remedy, each[i].do_), "%zu: %s", i, e.remedy);
		T_CHECK(s.lapse.sleeps == 2 && s.lapse.slept_ms <= 2000,
		    "%zu: %u sleeps, %lld ms", i, s.lapse.sleeps,
		    (long long)s.lapse.slept_ms);
	}
}

/* What would end after the deadline is not begun. */
static void
test_deadline(void)
{
	static const struct row row = { .answer = { A410 } };
	static const struct {
		int64_t ms;
		unsigned requests;
	} each[] = { { 1900, 1 }, { 7000, 2 }, { 21000, 3 }, { 60000, 5 } };

	for (size_t i = 0; i < N(each); i++) {
		struct serve_step step[STEPS];
		struct token t = { 0 };
		struct stage s;
		struct err e;

		stage_start(&s, &row, step);
		s.with.deadline = lapse_mono(&s.lapse) + each[i].ms;
		T_CHECK(!managed_fetch(&s.managed, &s.with, &t, &e) &&
			e.kind == ERR_RETRY,
		    "%zu: %s", i, e.msg);
		T_CHECK(atomic_load(&s.server.seen->requests) ==
			each[i].requests,
		    "%zu: %u", i, atomic_load(&s.server.seen->requests));
		T_CHECK(s.lapse.slept_ms < each[i].ms, "%zu: %lld", i,
		    (long long)s.lapse.slept_ms);
		serve_stop(&s.server);
	}
}

static void
test_names(void)
{
	T_CHECK(strcmp(managed_source_name(MANAGED_IMDS), "IMDS") == 0, "IMDS");
	T_CHECK(strcmp(managed_source_name(MANAGED_ARC), "Azure Arc") == 0,
	    "Arc");
}

/* Without memory there is no token, or the right one. */
static struct stage *poor;

static void
fetch_without_memory(void)
{
	struct token t = { 0 };
	struct err e;

	if (managed_fetch(&poor->managed, &poor->with, &t, &e))
		T_CHECK(secret_eq(&t.bearer, STR("t1")), "another token");
	else
		T_CHECK(e.kind == ERR_RETRY || e.kind == ERR_CONFIG, "%s: %s",
		    err_kind_name(e.kind), e.msg);
	token_release(&t);
	poor->lapse = (struct lapse){ 0 };
}

static void
test_no_memory(void)
{
	static const struct row row = { .answer = { A200 }, .user = true };
	struct serve_step step[STEPS];
	struct stage s;

	stage_start(&s, &row, step);
	poor = &s;
	t_each_allocation_fails(fetch_without_memory);
	serve_stop(&s.server);
}

static const struct t_test tests[] = {
	{ "what the endpoint answers", test_rows },
	{ "the requests", test_requests },
	{ "an endpoint with a query", test_query },
	{ "nobody there", test_nobody },
	{ "the deadline", test_deadline },
	{ "names", test_names },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
