/* SPDX-License-Identifier: MIT */
#include "graph/token.h"

#include <stdio.h>

#include "base/os.h"
#include "codec/page.h"
#include "codec/url.h"
#include "graph/fault.h"
#include "graph/token_answer.h"
#include "graph/token_cache.h"

enum {
	FORM_MAX = 256 * 1024, /* all texts percent-encoded */
	RENEW_MS = 10000,      /* for a renewal that is not urgent */
	RENEW_PAUSE = 300      /* seconds between such that fail */
};

static bool
is_usable(const struct token *t, int64_t now)
{
	return secret_is_set(&t->bearer) && now + TOKEN_EARLY < t->expires;
}

static void
take(struct token *to, struct token *from)
{
	token_release(to);
	*to = *from;
	*from = (struct token){ 0 };
}

/* Puts the kept token in *t if it is the better one. */
static void
take_kept(const struct token_cache *c, int64_t now, struct token *t)
{
	struct token kept = { 0 };

	if (token_cache_read(c, now, &kept) && is_usable(&kept, now) &&
	    (!is_usable(t, now) || kept.refresh_at > t->refresh_at))
		take(t, &kept);
	token_release(&kept);
}

/* Nobody's secret is carried to another place than the one configured. */
static bool
redirected(const struct http_answer *a, struct err *e)
{
	struct str to = http1_field(&a->head, STR("Location"));

	err_set(e, ERR_CONFIG,
	    "the sign-in service has moved to \"%.*s\" (HTTP %d), where the "
	    "secret is not sent unasked",
	    STR_ARG(page_shown(to)), a->status);
	return err_remedy(e,
	    "If that address is right, set login_url to it, without the tenant "
	    "and what follows it.");
}

static bool
judge(const struct http_answer *a, struct str host, int64_t now,
    struct token *t, struct err *e)
{
	char what[HTTP_HOST_MAX + 16];
	bool success = a->status >= 200 && a->status < 300;

	(void)snprintf(what, sizeof(what), "sign in at %.*s", STR_ARG(host));
	if (success && http_is_whole(a, e) && token_answer(a, now, t, e))
		return true;
	if (success)
		err_wrap(e, "%s", what);
	else if (a->status >= 300 && a->status < 400)
		(void)(redirected(a, e) || err_wrap(e, "%s", what));
	else
		fault_token(a, str_of(what), now, e);
	return token_mention_clock(a, e);
}

/* The request */

static bool
post(const struct token_source *s, int64_t deadline, const struct url *url,
    struct str form, struct http_answer *a, struct err *e)
{
	char id[OS_UUID_SIZE];
	struct http_field field[] = {
		{ .name = STR("Content-Type"),
		    .value = STR("application/x-www-form-urlencoded") },
		{ .name = STR("Accept"), .value = STR("application/json") },
		{ .name = STR("client-request-id"), .value = { id, 36 } },
	};
	struct http_request r = {
		.method = STR("POST"),
		.url = url,
		.field = field,
		.n_fields = sizeof(field) / sizeof(*field),
		.body = source_of(form),
		.has_body = true,
		.secret_body = true,
		.repeatable = true,
		.deadline = deadline,
	};

	os_uuid(id);
	return http_call(s->http, &r, a, e) || err_wrap(e, "sign in");
}

/* How long the service is left alone where it did not say. */
static void
set_pause(int status, struct err *e)
{
	if (e->kind == ERR_RETRY && e->retry_after_ms == 0)
		e->retry_after_ms =
		    1000 * (status == 429 ? TOKEN_HOLD_S : TOKEN_HOLD_5XX_S);
}

/* By the flow of RFC 6749 4.4. */
static bool
sign_in_once(const struct token_source *s, int64_t deadline,
    struct token *fresh, struct err *e)
{
	const struct identity *who = &s->who;
	int64_t now = clock_wall(s->clock);
	struct identity_ask ask = { .claims = s->claims, .now = now };
	struct http_answer a = { 0 };
	struct buf text, form;
	struct url url;
	bool ok;

	buf_init(&text, URL_MAX);
	buf_init_secret(&form, FORM_MAX);
	ok = (identity_endpoint(who, &text, e) &&
		 url_parse(buf_view(&text), &url, e)) ||
	    err_wrap(e, "login_url");
	ok = ok && (who->prepare == NULL || who->prepare(who->arg, e)) &&
	    identity_form(who, &ask, &form, e) &&
	    post(s, deadline, &url, buf_view(&form), &a, e) &&
	    judge(&a, url.host, clock_wall(s->clock), fresh, e);
	if (!ok && a.status >= 400)
		identity_remedy(who, e);
	if (!ok && a.status >= 429)
		set_pause(a.status, e);
	http_answer_release(&a);
	buf_release(&form);
	buf_release(&text);
	return ok;
}

/* The secret is wrong, or its time is over (facts.md 2). */
static bool
is_old_secret(const struct err *e)
{
	return str_eq(str_of(e->code), STR("AADSTS7000215")) ||
	    str_eq(str_of(e->code), STR("AADSTS7000222"));
}

/* A secret that was renewed while we ran is asked for once more. */
static bool
sign_in(const struct token_source *s, int64_t deadline, struct token *fresh,
    struct err *e)
{
	const struct identity *who = &s->who;

	if (sign_in_once(s, deadline, fresh, e))
		return true;
	if (!is_old_secret(e) || who->renew == NULL || !who->renew(who->arg))
		return false;
	return sign_in_once(s, deadline, fresh, e);
}

static bool
ask_managed(const struct token_source *s, int64_t deadline, struct token *fresh,
    struct err *e)
{
	struct managed_with with = {
		.clock = s->clock,
		.log = s->log,
		.deadline = deadline,
	};

	return managed_fetch(s->who.managed, &with, fresh, e);
}

/* Asks the service, with at most ms for it. On success replaces *t. */
static bool
fetch(const struct token_source *s, int64_t deadline, int64_t ms,
    struct token *t, struct err *e)
{
	int64_t latest = clock_mono_ms(s->clock) + ms;
	struct token fresh = { 0 };
	bool ok;

	deadline = deadline < latest ? deadline : latest;
	if (s->who.kind == IDENTITY_MANAGED)
		ok = ask_managed(s, deadline, &fresh, e);
	else
		ok = sign_in(s, deadline, &fresh, e);
	if (ok) {
		take(t, &fresh);
		t->fresh = true;
	}
	token_release(&fresh);
	return ok;
}

/* The old token is good still: nobody waits, and no failure matters. */
static void
renew(const struct token_source *s, const struct token_cache *c,
    int64_t deadline, struct token *t)
{
	int64_t now = clock_wall(s->clock);
	struct err e;
	int fd;

	if (!token_cache_lock(c, 0, &fd))
		return;
	take_kept(c, now, t);
	if (now >= t->refresh_at) {
		if (token_cache_held(c, now, &e) ||
		    !fetch(s, deadline, RENEW_MS, t, &e)) {
			t->refresh_at = now + RENEW_PAUSE;
			if (s->log != NULL)
				log_trace(s->log,
				    "renewing the token early failed: %s",
				    e.msg);
		}
		token_cache_put(c, t, s->log);
	}
	os_close(&fd);
}

/* One process asks, the others wait and find its token in the cache. */
static bool
obtain(const struct token_source *s, const struct token_cache *c,
    int64_t deadline, struct token *t, struct err *e)
{
	/* one may have to outlast an update of its endpoint */
	int64_t most =
	    s->who.kind == IDENTITY_MANAGED ? MANAGED_MS : TOKEN_REQUEST_MS;
	int64_t latest = clock_mono_ms(s->clock) + most;
	int64_t now;
	bool ok = true;
	int fd;

	/* One that holds it for longer is stuck; asking twice is no harm. */
	(void)token_cache_lock(c, deadline < latest ? deadline : latest, &fd);
	now = clock_wall(s->clock);
	if (s->claims.n == 0)
		take_kept(c, now, t);
	if (!is_usable(t, now)) {
		ok = !token_cache_held(c, now, e) &&
		    fetch(s, deadline, most, t, e);
		if (ok && is_usable(t, clock_wall(s->clock)))
			token_cache_put(c, t, s->log);
		if (!ok && e->kind == ERR_RETRY && e->retry_after_ms > 0)
			token_cache_hold(c, now, e);
		if (!ok)
			e->away = e->kind == ERR_RETRY;
	}
	os_close(&fd);
	return ok;
}

bool
token_get(const struct token_source *s, int64_t deadline, struct token *t,
    struct err *e)
{
	int64_t now = clock_wall(s->clock);
	struct token_cache c;

	t->fresh = false;
	if (is_usable(t, now) && now < t->refresh_at)
		return true;
	token_cache_open(&c, s->folder, &s->who);
	if (s->claims.n == 0)
		take_kept(&c, now, t);
	if (!is_usable(t, now))
		return obtain(s, &c, deadline, t, e);
	if (now >= t->refresh_at)
		renew(s, &c, deadline, t);
	return true;
}

void
token_drop(const struct token_source *s, struct token *t)
{
	struct token kept = { 0 };
	struct token_cache c;

	token_cache_open(&c, s->folder, &s->who);
	/*
	 * Without the lock, whose holder may be slow: the worst is that a
	 * token written in this very moment is asked for once more.
	 */
	if (token_cache_read(&c, clock_wall(s->clock), &kept) &&
	    secret_eq(&kept.bearer, secret_view(&t->bearer)))
		token_cache_remove(&c);
	token_release(&kept);
	token_release(t);
}

void
token_release(struct token *t)
{
	secret_release(&t->bearer);
	*t = (struct token){ 0 };
}
