/* SPDX-License-Identifier: MIT */
#include "graph/call.h"

#include <string.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "graph/grant.h"

enum {
	ATTEMPTS = 2, /* one more: the token may be stale */
	FIXED = 3,    /* fields of every request */
	FIELDS = FIXED + 2,
	CLAIMS_MAX = 8192, /* of a head of HTTP */
	CLAIMS_TREE = 1024 * 1024
};

static const char no_permission[] = "NoPermissionsInAccessToken";

static bool
make_url(const struct graph *g, struct str path, struct buf *text,
    struct url *url, struct err *e)
{
	buf_adds(text, g->url_text);
	buf_adds(text, path);
	return (buf_ok(text, e) && url_parse(buf_view(text), url, e)) ||
	    err_wrap(e, "graph_url");
}

static bool
make_bearer(const struct token *t, struct buf *out, struct err *e)
{
	buf_reset(out);
	buf_addz(out, "Bearer ");
	buf_adds(out, secret_view(&t->bearer));
	return buf_ok(out, e);
}

/* Remote text of which support wants to know; made of visible ASCII only. */
static void
copy_id(struct str s, char out[FAULT_ID_SIZE])
{
	size_t n = 0;

	for (; n < s.n && n < FAULT_ID_SIZE - 1; n++)
		out[n] = s.p[n];
	for (size_t i = 0; i < n; i++)
		if (out[i] < '!' || out[i] > '~')
			out[i] = '?';
	out[n] = '\0';
}

/* One request with the token at hand. */
static bool
ask(const struct graph *g, const struct graph_request *r,
    const struct http_request *base, struct graph_answer *out, struct err *e)
{
	struct http_request request = *base;
	struct http_field field[FIELDS] = {
		{ .name = STR("Accept"), .value = STR("application/json") },
		{ .name = STR("Authorization"), .secret = true },
		{ .name = STR("client-request-id"),
		    .value = { out->client_request_id, OS_UUID_SIZE - 1 } },
	};
	size_t n = FIXED;
	struct buf bearer;
	bool ok;

	request.field = field;
	if (r->content_type.n > 0)
		field[n++] = (struct http_field){ .name = STR("Content-Type"),
			.value = r->content_type };
	if (r->prefer.n > 0)
		field[n++] = (struct http_field){ .name = STR("Prefer"),
			.value = r->prefer };
	request.n_fields = n;
	os_uuid(out->client_request_id);
	out->request_id[0] = '\0';
	out->attempts++;
	http_answer_release(&out->http);
	buf_init_secret(&bearer, SECRET_LIMIT + 16);
	ok = make_bearer(&g->token, &bearer, e);
	field[1].value = buf_view(&bearer);
	ok = ok && http_call(g->source.http, &request, &out->http, e);
	buf_release(&bearer);
	if (ok)
		copy_id(http1_field(&out->http.head, STR("request-id")),
		    out->request_id);
	return ok || err_wrap(e, "%.*s", STR_ARG(r->what));
}

static bool
judge(const struct graph *g, const struct graph_request *r,
    const struct graph_answer *a, struct err *e)
{
	/* of 202 and 204 nobody needs a body */
	if (a->http.status == r->expect)
		return r->expect == 202 || r->expect == 204 ||
		    http_is_whole(&a->http, e) ||
		    err_wrap(e, "%.*s", STR_ARG(r->what));
	if (a->http.status < 200 || a->http.status > 299) {
		fault_graph(&a->http, r->what, clock_wall(g->source.clock), e);
		return grant_remedy(&g->token,
		    str_iends(r->path, STR("/sendMail")), e);
	}
	/* facts.md 3.2, last row: 200 was said and nothing was sent */
	err_set(e, ERR_UNSURE,
	    "%.*s: answered with HTTP %d, where only %d means that it was done",
	    STR_ARG(r->what), a->http.status, r->expect);
	return err_remedy(e,
	    "Look into the mailbox's Sent Items before sending it again. If "
	    "graph_url does not lead to Microsoft directly, see what answers "
	    "there.");
}

/*
 * RFC 6750 3, as Microsoft uses it: claims="BASE64 OF JSON" in the challenge.
 * Appends the JSON; nothing, if there is none or it is not sound.
 */
static void
take_claims(const struct http_answer *a, struct buf *out)
{
	struct str field = http1_field(&a->head, STR("WWW-Authenticate"));
	struct str key = STR("claims=\"");
	size_t at = str_find(field, key);
	const struct json *tree;
	struct arena mem;
	struct err ignored;

	buf_reset(out);
	if (a->status != 401 || at == field.n)
		return;
	field = str_from(field, at + key.n);
	field = str_first(field, str_chr(field, '"'));
	arena_init(&mem, CLAIMS_TREE);
	/* with or without padding, in either alphabet */
	if ((!base64_decode(out, field, &ignored) &&
		!base64url_decode(out, field, &ignored)) ||
	    !json_parse(&mem, buf_view(out), &tree, &ignored) ||
	    tree->type != JSON_OBJECT)
		buf_reset(out);
	arena_release(&mem);
}

/*
 * Would another token do better? After a 401 it would, unless that is about
 * permissions: one granted now is in tokens of now only, so a kept one may
 * lack it (facts.md 1.6).
 */
static bool
wants_new_token(const struct graph *g, const struct graph_answer *a)
{
	struct err said;

	if (a->http.status != 403 && a->http.status != 401)
		return false;
	fault_graph(&a->http, STR("x"), 0, &said);
	/* facts.md 3.2: of a 401, too, one that no new token mends */
	if (a->http.status == 403 || strcmp(said.code, no_permission) == 0)
		return !g->token.fresh && said.kind == ERR_AUTH;
	return true;
}

/* Asks, and once more with a fresh token where that may help. */
static bool
ask_twice(struct graph *g, const struct graph_request *r,
    const struct http_request *base, struct graph_answer *out, struct err *e)
{
	struct buf claims;
	bool ok = true;

	buf_init(&claims, CLAIMS_MAX);
	while (ok && out->attempts < ATTEMPTS) {
		g->source.claims = buf_view(&claims);
		/* It opens while the token comes; if that is here, at once. */
		http_warm(g->source.http, base->url);
		ok = token_get(&g->source, base->deadline, &g->token, e) &&
		    ask(g, r, base, out, e);
		/* one that is refused though new is kept: no new one for each
		   mail */
		if (!ok || out->attempts == ATTEMPTS ||
		    !wants_new_token(g, out))
			break;
		take_claims(&out->http, &claims);
		token_drop(&g->source, &g->token);
	}
	g->source.claims = (struct str){ 0 };
	buf_release(&claims);
	return ok;
}

static bool
call(struct graph *g, const struct graph_request *r, const struct url *url,
    struct graph_answer *out, struct err *e)
{
	struct http_request base = {
		.method = r->method,
		.url = url,
		.body = r->body,
		.has_body = !str_eq(r->method, STR("GET")) &&
		    !str_eq(r->method, STR("DELETE")),
		.repeatable = r->repeatable,
		.secret_body = r->secret,
		.deadline = clock_mono_ms(g->source.clock) +
		    (r->timeout_ms > 0 ? r->timeout_ms : g->timeout_ms),
	};

	return ask_twice(g, r, &base, out, e) && judge(g, r, out, e);
}

bool
graph_call(struct graph *g, const struct graph_request *r,
    struct graph_answer *out, struct err *e)
{
	struct url url;
	struct buf text;
	bool ok;

	meter_take(&g->meter, r->body.size); /* before the time for it begins */
	*out = (struct graph_answer){ 0 };
	buf_init(&text, URL_MAX);
	ok = make_url(g, r->path, &text, &url, e) && call(g, r, &url, out, e);
	buf_release(&text);
	return ok;
}

void
graph_answer_release(struct graph_answer *a)
{
	http_answer_release(&a->http);
	*a = (struct graph_answer){ 0 };
}
