/* SPDX-License-Identifier: MIT */
#include "graph/token.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "t.h"
#include "world.h"

/* What the service answers, and what becomes of it. */
static const struct {
	const char *name;
	struct str answer;
	enum err_kind kind;    /* ERR_NONE: a token */
	int64_t life, refresh; /* of a token: seconds from now */
	const char *says;      /* in the message */
} rows[] = {
	/* clang-format off */
	{ "plain", STR_INIT(TOKEN("t1", HOUR)), ERR_NONE, 3599, 3599, NULL },
	{ "type in capitals", STR_INIT(JSON "{\"token_type\":\"BEARER\","
	  "\"access_token\":\"t\"," HOUR "\"x\":[{}]}"), ERR_NONE, 3599, 3599,
	  NULL },
	{ "numbers as strings", STR_INIT(TOKEN("t",
	  "\"expires_in\":\"3600\",\"refresh_in\":\"1800\",")), ERR_NONE,
	  3600, 1800, NULL },
	{ "refresh_in", STR_INIT(TOKEN("t",
	  "\"expires_in\":86399,\"refresh_in\":43199,")), ERR_NONE, 86399,
	  43199, NULL },
	{ "long life", STR_INIT(TOKEN("t", "\"expires_in\":86400,")), ERR_NONE,
	  86400, 43200, NULL },
	{ "refresh_in beyond the life", STR_INIT(TOKEN("t",
	  "\"expires_in\":3600,\"refresh_in\":7200,")), ERR_NONE, 3600, 3600,
	  NULL },
	{ "no expires_in", STR_INIT(TOKEN("t", "")), ERR_NONE, 600, 600, NULL },
	{ "expires_in 0", STR_INIT(TOKEN("t", "\"expires_in\":0,")), ERR_NONE,
	  0, 0, NULL },
	{ "expires_in negative", STR_INIT(TOKEN("t", "\"expires_in\":-1,")),
	  ERR_NONE, 0, 0, NULL },
	{ "expires_in of centuries", STR_INIT(TOKEN("t",
	  "\"expires_in\":9000000000,")), ERR_NONE, 600, 600, NULL },
	{ "expires_in overflows", STR_INIT(TOKEN("t",
	  "\"expires_in\":9223372036854775807,")), ERR_NONE, 600, 600, NULL },
	{ "expires_in lowest", STR_INIT(TOKEN("t",
	  "\"expires_in\":-9223372036854775808,")), ERR_NONE, 0, 0, NULL },
	{ "expires_in true", STR_INIT(TOKEN("t", "\"expires_in\":true,")),
	  ERR_NONE, 600, 600, NULL },
	{ "expires_on", STR_INIT(TOKEN("t", "\"expires_on\":1800003600,")),
	  ERR_NONE, 3600, 3600, NULL },
	{ "expires_on as a string", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"1800086400\",")), ERR_NONE, 86400, 43200, NULL },
	{ "expires_on as an ISO date", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"2027-01-15T09:00:00.5Z\",")), ERR_NONE, 3600,
	  3600, NULL },
	{ "expires_on with a blank", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"2027-01-15 09:00:00\",")), ERR_NONE, 3600, 3600,
	  NULL },
	{ "expires_on as App Service has it", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"01/15/2027 09:00:00 +00:00\",")), ERR_NONE, 3600,
	  3600, NULL },
	{ "expires_on with AM", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"1/15/2027 9:00:00 AM +00:00\",")), ERR_NONE,
	  3600, 3600, NULL },
	{ "expires_on is over", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"01/15/2027 07:00:00\",")), ERR_NONE, 0, 0,
	  NULL },
	{ "expires_on of no kind", STR_INIT(TOKEN("t",
	  "\"expires_on\":\"tomorrow\",")), ERR_NONE, 600, 600, NULL },
	{ "expires_in beside expires_on", STR_INIT(TOKEN("t",
	  "\"expires_in\":\"1800\",\"expires_on\":\"1800086400\",")),
	  ERR_NONE, 1800, 1800, NULL },
	{ "no token", STR_INIT(JSON "{\"token_type\":\"Bearer\"}"), ERR_RETRY,
	  0, 0, "no access_token" },
	{ "empty token", STR_INIT(TOKEN("", HOUR)), ERR_RETRY, 0, 0,
	  "no access_token" },
	{ "token is a number", STR_INIT(JSON "{\"token_type\":\"Bearer\","
	  "\"access_token\":1}"), ERR_RETRY, 0, 0, "no access_token" },
	{ "line end in the token", STR_INIT(TOKEN("a\\r\\nX: y", HOUR)),
	  ERR_RETRY, 0, 0, "cannot be sent" },
	{ "another type", STR_INIT(JSON "{\"token_type\":\"pop\","
	  "\"access_token\":\"HUSHED\"}"), ERR_RETRY, 0, 0, "token_type" },
	{ "truncated", STR_INIT(JSON "{\"access_token\":\"HUSHED"), ERR_RETRY,
	  0, 0, "application/json" },
	{ "an array", STR_INIT(JSON "[1]"), ERR_RETRY, 0, 0,
	  "no access_token" },
	{ "nothing", STR_INIT(JSON), ERR_RETRY, 0, 0, "is no token" },
	{ "no content", STR_INIT("HTTP/1.1 204 No Content\r\n\r\n"),
	  ERR_RETRY, 0, 0, "is no token" },
	{ "portal", STR_INIT("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	  "\r\n<html><title>Free WiFi</title>"), ERR_RETRY, 0, 0,
	  "text/html, begins with \"<html>" },
	{ "redirect", STR_INIT("HTTP/1.1 307 X\r\nLocation: "
	  "https://login.microsoftonline.us/x\r\n\r\n"), ERR_CONFIG, 0, 0,
	  "https://login.microsoftonline.us/x" },
	{ "found elsewhere", STR_INIT("HTTP/1.1 302 Found\r\nLocation: /a\r\n"
	  "\r\n"), ERR_CONFIG, 0, 0, "/a" },
	{ "wrong secret", STR_INIT("HTTP/1.1 401 Unauthorized\r\n\r\n"
	  "{\"error\":\"invalid_client\",\"error_description\":"
	  "\"AADSTS7000215: Invalid client secret provided.\","
	  "\"error_codes\":[7000215]}"), ERR_AUTH, 0, 0, "7000215" },
	{ "busy", STR_INIT("HTTP/1.1 503 Busy\r\n\r\nbusy"), ERR_RETRY, 0, 0,
	  "sign in at 127.0.0.1" },
	{ "throttled", STR_INIT("HTTP/1.1 429 X\r\nRetry-After: 7\r\n\r\n"),
	  ERR_RETRY, 0, 0, "sign in at 127.0.0.1" },
	{ "cut off", STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
	  "{\"access_token\":\"HUSHED"), ERR_RETRY, 0, 0, "sign in" },
	/* clang-format on */
};

static void
check_row(size_t i)
{
	struct serve_step step = { SERVE_ALL, rows[i].answer, SERVE_CLOSE, 0 };
	const char *name = rows[i].name;
	struct token t = { 0 };
	struct world w;
	struct err e;
	bool ok;

	world_start(&w, &step, 1);
	ok = world_get(&w, &t, &e);
	T_CHECK(ok == (rows[i].kind == ERR_NONE), "%s: %s", name, e.msg);
	T_CHECK(ok || e.kind == rows[i].kind, "%s: %s, %s", name,
	    err_kind_name(e.kind), e.msg);
	T_CHECK(ok || rows[i].says == NULL ||
		strstr(e.msg, rows[i].says) != NULL,
	    "%s: %s", name, e.msg);
	T_CHECK(strstr(e.msg, "HUSHED") == NULL, "%s: %s", name, e.msg);
	if (ok) {
		T_CHECK(t.expires - NOW == rows[i].life, "%s: %lld", name,
		    (long long)(t.expires - NOW));
		T_CHECK(t.refresh_at - NOW == rows[i].refresh, "%s: %lld", name,
		    (long long)(t.refresh_at - NOW));
	}
	if (strcmp(name, "throttled") == 0)
		T_CHECK(e.retry_after_ms == 7000, "%lld",
		    (long long)e.retry_after_ms);
	/* kept is only what can be used again */
	T_CHECK(world_find_file(&w) == (ok && rows[i].life > TOKEN_EARLY),
	    "%s: kept, or not", name);
	T_CHECK(world_lines_said(&w) == 0, "%s: warned", name);
	token_release(&t);
	world_stop(&w);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
}

static void
test_request(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 0 };
	struct token t = { 0 };
	struct world w;

	world_start(&w, &step, 1);
	world_check(&w, &t, "t1", "request");
	T_CHECK(str_starts(serve_text(&w.server),
		    STR("POST /contoso.example/oauth2/v2.0/token "
			"HTTP/1.1\r\n")),
	    "%.*s", STR_ARG(serve_text(&w.server)));
	T_CHECK(str_ends(serve_text(&w.server),
		    STR("\r\n\r\n"
			"client_id=client-1"
			"&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
			"&client_secret=s~e%2Fc%3Dr%26t"
			"&grant_type=client_credentials")),
	    "%.*s", STR_ARG(serve_text(&w.server)));
	T_CHECK(serve_saw(&w.server,
		    STR("\r\nContent-Type: "
			"application/x-www-form-urlencoded\r\n")),
	    "type");
	T_CHECK(serve_saw(&w.server, STR("\r\nclient-request-id: ")), "id");
	T_CHECK(serve_saw(&w.server, STR("\r\nAccept: application/json\r\n")),
	    "accept");
	token_release(&t);
	world_stop(&w);
}

/* What the service says of a secret, and whether it is asked for anew. */
static const struct {
	const char *name;
	struct str answer;
	bool other; /* there may be another one */
	unsigned requests, renewed;
} refusals[] = {
	/* clang-format off */
	{ "wrong", STR_INIT("HTTP/1.1 401 X\r\n\r\n"
	  "{\"error\":\"invalid_client\",\"error_codes\":[7000215]}"), true, 2,
	  1 },
	{ "expired", STR_INIT("HTTP/1.1 401 X\r\n\r\n"
	  "{\"error\":\"invalid_client\",\"error_codes\":[7000222]}"), true, 2,
	  1 },
	{ "no other", STR_INIT("HTTP/1.1 401 X\r\n\r\n"
	  "{\"error\":\"invalid_client\",\"error_codes\":[7000222]}"), false,
	  1, 1 },
	{ "something else", STR_INIT("HTTP/1.1 401 X\r\n\r\n"
	  "{\"error\":\"invalid_client\",\"error_codes\":[700027]}"), true, 1,
	  0 },
	/* clang-format on */
};

struct renewal {
	bool other;
	unsigned times;
};

static bool
renew(void *arg)
{
	struct renewal *r = arg;

	r->times++;
	return r->other;
}

static void
test_renewed(void)
{
	for (size_t i = 0; i < N(refusals); i++) {
		struct serve_step step = { SERVE_ALL, refusals[i].answer,
			SERVE_CLOSE, 0 };
		struct renewal r = { refusals[i].other, 0 };
		struct token t = { 0 };
		struct world w;
		struct err e;

		world_start(&w, &step, 1);
		w.source.who.renew = renew;
		w.source.who.arg = &r;
		T_CHECK(!world_get(&w, &t, &e) && e.kind == ERR_AUTH, "%s",
		    refusals[i].name);
		T_CHECK(world_requests(&w) == refusals[i].requests &&
			r.times == refusals[i].renewed,
		    "%s: %u requests, renewed %u times", refusals[i].name,
		    world_requests(&w), r.times);
		world_stop(&w);
	}
}

static void
test_clock(void)
{
	struct serve_step step = { SERVE_ALL,
		STR_INIT("HTTP/1.1 401 X\r\n"
			 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
			 "{\"error\":\"invalid_client\"}"),
		SERVE_CLOSE, 0 };
	struct token t = { 0 };
	struct world w;
	struct err e;

	world_start(&w, &step, 1);
	T_CHECK(!world_get(&w, &t, &e), "signed in");
	T_CHECK(strstr(e.remedy, " s ahead of the server's") != NULL, "%s",
	    e.remedy);
	world_stop(&w);
}

static void
test_bad_settings(void)
{
	static const char *urls[] = { "ftp://x", "login.example",
		"http://192.0.2.1", "https://a b" };
	struct serve_step step = { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 };
	struct token t = { 0 };
	struct world w;
	struct err e;

	world_start(&w, &step, 1);
	for (size_t i = 0; i < N(urls); i++) {
		w.source.who.login_url = str_of(urls[i]);
		T_CHECK(!world_get(&w, &t, &e) && e.kind == ERR_CONFIG,
		    "%s: %s, %s", urls[i], err_kind_name(e.kind), e.msg);
	}
	world_stop(&w);
}

/* The third-party list of token answers. */
struct hostile {
	char folder[4096];
	unsigned played;
};

static void
check_hostile(struct str name, struct str verdict, struct str body)
{
	bool refuse = str_eq(verdict, STR("reject"));
	bool accept = str_starts(verdict, STR("token")) &&
	    str_find(verdict, STR(" or ")) == verdict.n;
	struct serve_step step = { SERVE_ALL, { 0 }, SERVE_CLOSE, 0 };
	struct token t = { 0 };
	struct buf answer;
	struct world w;
	struct err e;
	bool ok;

	buf_init(&answer, 1 << 24);
	buf_addz(&answer, JSON);
	buf_adds(&answer, body);
	step.answer = buf_view(&answer);
	world_start(&w, &step, 1);
	ok = world_get(&w, &t, &e);
	T_CHECK(!refuse || !ok, "%.*s: taken", STR_ARG(name));
	T_CHECK(!accept || ok, "%.*s: %s", STR_ARG(name), e.msg);
	T_CHECK(ok || e.kind == ERR_RETRY, "%.*s: %s", STR_ARG(name), e.msg);
	T_CHECK(!ok || t.expires <= NOW + 366 * 86400, "%.*s: %lld",
	    STR_ARG(name), (long long)t.expires);
	if (str_ends(verdict, STR("good")))
		T_CHECK(secret_eq(&t.bearer, STR("good")), "%.*s: %.*s",
		    STR_ARG(name), STR_ARG(secret_view(&t.bearer)));
	token_release(&t);
	world_stop(&w);
	buf_release(&answer);
}

static void
play_hostile(struct hostile *h, struct str line)
{
	struct str name = { 0 }, bytes, verdict = { 0 };
	struct buf body;
	char path[8192];

	if (!str_next(&line, '\t', &name) || !str_next(&line, '\t', &bytes) ||
	    !str_next(&line, '\t', &verdict) ||
	    str_starts(verdict, STR("error")) ||
	    str_starts(verdict, STR("per-item")))
		return;
	(void)snprintf(path, sizeof(path), "%s/%.*s", h->folder, STR_ARG(name));
	if (access(path, R_OK) != 0)
		return;
	buf_init(&body, 1 << 24);
	t_read_file(path, &body);
	check_hostile(name, verdict, buf_view(&body));
	buf_release(&body);
	h->played++;
}

static void
test_hostile(void)
{
	struct hostile h = { .played = 0 };
	struct str rest, line;
	struct buf index;
	char path[8192];

	(void)snprintf(h.folder, sizeof(h.folder),
	    "%s/corpora/json-graph-hostile", t_shared() ? t_shared() : "");
	(void)snprintf(path, sizeof(path), "%s/index.tsv", h.folder);
	if (t_shared() == NULL || access(path, R_OK) != 0) {
		t_skip("json-graph-hostile is not here");
		return;
	}
	buf_init(&index, 1 << 20);
	t_read_file(path, &index);
	rest = buf_view(&index);
	(void)str_next(&rest, '\n', &line); /* the heading */
	while (str_next(&rest, '\n', &line))
		play_hostile(&h, line);
	T_CHECK(h.played > 20, "%u cases", h.played);
	buf_release(&index);
}

/* Without memory there is no token, or the right one. */
static struct world *poor;

static void
get_without_memory(void)
{
	struct token t = { 0 };
	struct err e;

	if (world_get(poor, &t, &e)) {
		T_CHECK(secret_eq(&t.bearer, STR("t1")), "another token");
		T_CHECK(t.expires == NOW + 3599, "%lld", (long long)t.expires);
	} else {
		T_CHECK(e.kind == ERR_RETRY, "%s: %s", err_kind_name(e.kind),
		    e.msg);
	}
	token_drop(&poor->source, &t);
	if (world_find_file(poor)) /* drop needs memory too */
		(void)unlink(poor->file);
}

static void
test_no_memory(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t\\u0031", HOUR)),
		SERVE_CLOSE, 0 };
	struct world w;

	world_start(&w, &step, 1);
	poor = &w;
	t_each_allocation_fails(get_without_memory);
	world_stop(&w);
}

static const struct t_test tests[] = {
	{ "what the service answers", test_rows },
	{ "the request", test_request },
	{ "renewed", test_renewed },
	{ "a wrong clock", test_clock },
	{ "bad settings", test_bad_settings },
	{ "hostile answers", test_hostile },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
