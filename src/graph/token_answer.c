/* SPDX-License-Identifier: MIT */
#include "graph/token_answer.h"

#include "base/arena.h"
#include "codec/date.h"
#include "codec/json.h"
#include "codec/page.h"
#include "graph/token_cache.h"

enum {
	TREE_MAX = 4 * 1024 * 1024, /* of a token's JSON, see json.h */
	LIFE_MAX = 366 * 24 * 3600, /* more is no number of seconds */
	LONG_LIFE = 2 * 3600,       /* renewed at half of it (MSAL-Py) */
	SKEW_MAX = 300,             /* seconds; Entra tolerates 5 minutes */
	SHOWN = 60                  /* bytes of an answer that is no token */
};

static bool
not_a_token(const struct http_answer *a, const char *why, struct err *e)
{
	struct str type = http1_field(&a->head, STR("Content-Type"));
	struct str body = page_shown(str_trim(buf_view(&a->body)));
	bool shown = body.n > 0 && body.p[0] != '{'; /* JSON may hold one */

	err_set(e, ERR_RETRY,
	    "the answer is no token: %s (Content-Type: %.*s%s%.*s%s)", why,
	    STR_ARG(type), shown ? ", begins with \"" : "",
	    STR_ARG(str_first(shown ? body : STR(""), SHOWN)),
	    shown ? "\"" : "");
	return err_remedy(e,
	    "Something between here and Microsoft may be answering: a proxy, a "
	    "firewall, a sign-on page of the network. Check login_url and the "
	    "way to the internet.");
}

/* Seconds that the answer gives, or fallback where that is no such number. */
static int64_t
seconds(const struct json *v, int64_t fallback)
{
	int64_t n;

	return json_i64(v, &n) && n <= LIFE_MAX ? n : fallback;
}

/*
 * Seconds until expires_on: a number of seconds since 1970, or a date, as
 * different endpoints have it (facts.md 1.5).
 */
static int64_t
life_until(const struct json *v, int64_t now)
{
	int64_t when;

	if (json_i64(v, &when) || date_parse_iso(json_str(v), &when) ||
	    date_parse_us(json_str(v), &when))
		return when - now <= LIFE_MAX ? when - now : LIFE_MAX;
	return TOKEN_ASSUMED_LIFE;
}

static void
set_times(const struct json *v, int64_t now, struct token *t)
{
	int64_t life, refresh;

	/* A life that is over already: good for once, and never kept. */
	life = seconds(json_get(v, STR("expires_in")),
	    life_until(json_get(v, STR("expires_on")), now));
	life = life > 0 ? life : 0;
	refresh = seconds(json_get(v, STR("refresh_in")), 0);
	if (refresh <= 0 || refresh > life)
		refresh = life > LONG_LIFE ? life / 2 : life;
	t->expires = now + life;
	t->refresh_at = now + refresh;
}

static bool
take_answer(const struct json *v, int64_t now, const struct http_answer *a,
    struct token *t, struct err *e)
{
	struct str text = json_str(json_get(v, STR("access_token")));
	struct str type = json_str(json_get(v, STR("token_type")));

	if (text.n == 0)
		return not_a_token(a, "it has no access_token", e);
	if (!token_is_sound(text))
		return not_a_token(a,
		    "its access_token has characters that cannot be sent", e);
	/* RFC 6749 7.1: of a type that we do not know, it must not be used */
	if (!str_ieq(type, STR("Bearer")))
		return not_a_token(a, "its token_type is not Bearer", e);
	if (text.n > SECRET_LIMIT)
		return not_a_token(a, "its access_token is too long", e);
	set_times(v, now, t);
	return secret_set(&t->bearer, text, e);
}

bool
token_answer(const struct http_answer *a, int64_t now, struct token *t,
    struct err *e)
{
	const struct json *v;
	struct arena mem;
	struct err why;
	bool ok;

	arena_init_secret(&mem, TREE_MAX);
	if (json_parse(&mem, buf_view(&a->body), &v, &why))
		ok = take_answer(v, now, a, t, e);
	else if (why.kind == ERR_RETRY) /* no memory */
		ok = err_set(e, ERR_RETRY, "%s", why.msg);
	else
		ok = not_a_token(a, why.msg, e);
	arena_release(&mem);
	return ok;
}

bool
token_mention_clock(const struct http_answer *a, struct err *e)
{
	int64_t ahead = a->server_clock_skew;
	struct err old = *e;

	if (!a->has_date || (ahead <= SKEW_MAX && ahead >= -SKEW_MAX))
		return false;
	return err_remedy(e,
	    "%s%sThis machine's clock is %lld s %s the server's: set it first.",
	    old.remedy, old.remedy[0] != '\0' ? " " : "",
	    (long long)(ahead < 0 ? -ahead : ahead),
	    ahead < 0 ? "behind" : "ahead of");
}
