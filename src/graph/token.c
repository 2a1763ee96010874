/* SPDX-License-Identifier: MIT */
#include "graph/token.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/crypt.h"
#include "base/os.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "graph/fault.h"

enum {
	TREE_MAX = 4 * 1024 * 1024,     /* of a token's JSON, see json.h */
	FILE_MAX = SECRET_LIMIT + 1024, /* a token and two numbers */
	FORM_MAX = 256 * 1024,          /* all texts percent-encoded */
	LIFE_MAX = 366 * 24 * 3600,     /* more is no number of seconds */
	LONG_LIFE = 2 * 3600,           /* renewed at half of it (MSAL-Py) */
	RENEW_MS = 10000,               /* for a renewal that is not urgent */
	RENEW_PAUSE = 300,              /* seconds between such that fail */
	SKEW_MAX = 300,                 /* seconds; Entra tolerates 5 minutes */
	SHOWN = 60, /* bytes of an answer that is no token */
	PATH_SIZE = 4096,
	NAME_HEX = 16 /* digits of the hash in a file's name */
};

/* Where a token is kept; empty names: nowhere. */
struct cache {
	char folder[PATH_SIZE], file[PATH_SIZE], lock[PATH_SIZE];
};

static struct str
without_slash(struct str s)
{
	return str_ends(s, STR("/")) ? str_first(s, s.n - 1) : s;
}

static bool
is_usable(const struct token *t, int64_t now)
{
	return secret_is_set(&t->bearer) && now + TOKEN_EARLY < t->expires;
}

/* RFC 6750 2.1 says b64token; nothing that could end a header line. */
static bool
is_sound(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '!' || text.p[i] > '~')
			return false;
	return text.n > 0;
}

static void
take(struct token *to, struct token *from)
{
	token_release(to);
	*to = *from;
	*from = (struct token){ 0 };
}

/* The cache */

static bool
cache_name(const struct identity *who, char hex[CRYPT_SHA256_HEX])
{
	struct str login = without_slash(who->login_url);
	struct buf key;
	struct err e;
	bool ok;

	/* A changed secret has another name: it is tried at once. */
	crypt_sha256_hex(secret_view(who->client_secret), hex);
	buf_init(&key, FORM_MAX);
	buf_addf(&key, "%.*s|%.*s|%.*s|%.*s|%s", STR_ARG(login),
	    STR_ARG(who->tenant), STR_ARG(who->client_id), STR_ARG(who->scope),
	    hex);
	crypt_sha256_hex(buf_view(&key), hex);
	ok = buf_ok(&key, &e);
	buf_release(&key);
	return ok;
}

static void
cache_open(struct cache *c, const struct token_source *s)
{
	char hex[CRYPT_SHA256_HEX];

	c->folder[0] = c->file[0] = c->lock[0] = '\0';
	if (s->folder.n == 0 || s->folder.n + 64 > PATH_SIZE ||
	    !cache_name(&s->who, hex))
		return;
	(void)snprintf(c->folder, PATH_SIZE, "%.*s", STR_ARG(s->folder));
	(void)snprintf(c->file, PATH_SIZE, "%.*s/token-%.*s",
	    STR_ARG(s->folder), NAME_HEX, hex);
	(void)snprintf(c->lock, PATH_SIZE, "%.*s/token-%.*s.lock",
	    STR_ARG(s->folder), NAME_HEX, hex);
}

static bool
cache_parse(struct str text, int64_t now, struct token *t)
{
	const struct json *v;
	struct arena mem;
	int64_t version = 0;
	struct str bearer;
	struct err e;
	bool ok;

	arena_init_secret(&mem, TREE_MAX);
	ok = json_parse(&mem, text, &v, &e) &&
	    json_i64(json_get(v, STR("v")), &version) && version == 1 &&
	    json_i64(json_get(v, STR("expires")), &t->expires) &&
	    json_i64(json_get(v, STR("refresh_at")), &t->refresh_at) &&
	    t->expires <= now + LIFE_MAX;
	if (ok) {
		bearer = json_str(json_get(v, STR("access_token")));
		ok = is_sound(bearer) && secret_set(&t->bearer, bearer, &e);
	}
	arena_release(&mem);
	return ok;
}

/* Reads what is kept; false if that is nothing, or nothing sound. */
static bool
cache_read(const struct cache *c, int64_t now, struct token *t)
{
	struct buf text;
	struct err e;
	bool ok;

	if (c->file[0] == '\0')
		return false;
	buf_init_secret(&text, FILE_MAX);
	ok = os_read_private(c->file, &text, &e) &&
	    cache_parse(buf_view(&text), now, t);
	buf_release(&text);
	return ok;
}

/* Puts the kept token in *t if it is the better one. */
static void
cache_get(const struct cache *c, int64_t now, struct token *t)
{
	struct token kept = { 0 };

	if (cache_read(c, now, &kept) && is_usable(&kept, now) &&
	    (!is_usable(t, now) || kept.refresh_at > t->refresh_at))
		take(t, &kept);
	token_release(&kept);
}

/* A token that cannot be kept still serves: a warning, no error. */
static void
cache_put(const struct cache *c, const struct token *t, const struct log *l)
{
	struct os_write how = { .mode = 0600 };
	struct buf text;
	struct jsonw w;
	struct err e;

	if (c->file[0] == '\0')
		return;
	buf_init_secret(&text, FILE_MAX);
	w = jsonw_begin(&text);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("v"));
	jsonw_i64(&w, 1);
	jsonw_member(&w, STR("access_token"), secret_view(&t->bearer));
	jsonw_key(&w, STR("expires"));
	jsonw_i64(&w, t->expires);
	jsonw_key(&w, STR("refresh_at"));
	jsonw_i64(&w, t->refresh_at);
	jsonw_close(&w, '}');
	if ((!jsonw_end(&w, &e) || !os_mkdirs(c->folder, 0700, &e) ||
		!os_write_file(c->file, buf_view(&text), how, &e)) &&
	    l != NULL)
		log_warn(l,
		    "the access token cannot be kept, so each run asks for a "
		    "new one: %s",
		    e.msg);
	buf_release(&text);
}

/*
 * False: another process is at it. Where locks cannot be had at all there is
 * nobody to wait for; *fd is -1 then.
 */
static bool
cache_lock(const struct cache *c, int64_t deadline, int *fd)
{
	struct err e;

	*fd = -1;
	return c->file[0] == '\0' || !os_mkdirs(c->folder, 0700, &e) ||
	    os_lock(c->lock, deadline, fd, &e) || e.exit == EX_CANTCREAT;
}

/* The answer */

static bool
not_a_token(const struct http_answer *a, const char *why, struct err *e)
{
	struct str type = http1_field(&a->head, STR("Content-Type"));
	struct str body = str_trim(buf_view(&a->body));
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

static void
set_times(const struct json *v, int64_t now, struct token *t)
{
	int64_t life, refresh;

	/* A life that is over already: good for once, and never kept. */
	life = seconds(json_get(v, STR("expires_in")), TOKEN_ASSUMED_LIFE);
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
	if (!is_sound(text))
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

static bool
parse_answer(const struct http_answer *a, int64_t now, struct token *t,
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

/* Nobody's secret is carried to another place than the one configured. */
static bool
redirected(const struct http_answer *a, struct err *e)
{
	struct str to = http1_field(&a->head, STR("Location"));

	err_set(e, ERR_CONFIG,
	    "the sign-in service has moved to \"%.*s\" (HTTP %d), where the "
	    "secret is not sent unasked",
	    STR_ARG(to), a->status);
	return err_remedy(e,
	    "If that address is right, set login_url to it, without the tenant "
	    "and what follows it.");
}

/* A clock that is wrong makes sign-ins fail; say so beside the reason. */
static bool
mention_clock(const struct http_answer *a, struct err *e)
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

static bool
judge(const struct http_answer *a, struct str host, int64_t now,
    struct token *t, struct err *e)
{
	char what[HTTP_HOST_MAX + 16];
	bool success = a->status >= 200 && a->status < 300;

	(void)snprintf(what, sizeof(what), "sign in at %.*s", STR_ARG(host));
	if (success && parse_answer(a, now, t, e))
		return true;
	if (success)
		err_wrap(e, "%s", what);
	else if (a->status >= 300 && a->status < 400)
		(void)(redirected(a, e) || err_wrap(e, "%s", what));
	else
		fault_token(a, str_of(what), now, e);
	return mention_clock(a, e);
}

/* The request */

bool
token_request_body(const struct identity *who, struct buf *out, struct err *e)
{
	url_form_add(out, STR("client_id"), who->client_id);
	url_form_add(out, STR("scope"), who->scope);
	url_form_add(out, STR("client_secret"),
	    secret_view(who->client_secret));
	url_form_add(out, STR("grant_type"), STR("client_credentials"));
	return buf_ok(out, e) || err_wrap(e, "token request");
}

static bool
make_url(const struct identity *who, struct buf *text, struct url *url,
    struct err *e)
{
	buf_adds(text, without_slash(who->login_url));
	buf_addc(text, '/');
	url_encode(text, who->tenant);
	buf_addz(text, "/oauth2/v2.0/token");
	return (buf_ok(text, e) && url_parse(buf_view(text), url, e)) ||
	    err_wrap(e, "login_url");
}

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

/* Asks the service, with at most ms for it. On success replaces *t. */
static bool
fetch(const struct token_source *s, int64_t deadline, int64_t ms,
    struct token *t, struct err *e)
{
	int64_t latest = clock_mono_ms(s->clock) + ms;
	struct http_answer a = { 0 };
	struct token fresh = { 0 };
	struct buf text, form;
	struct url url;
	bool ok;

	buf_init(&text, URL_MAX);
	buf_init_secret(&form, FORM_MAX);
	ok = make_url(&s->who, &text, &url, e) &&
	    token_request_body(&s->who, &form, e) &&
	    post(s, deadline < latest ? deadline : latest, &url,
		buf_view(&form), &a, e) &&
	    judge(&a, url.host, clock_wall(s->clock), &fresh, e);
	if (ok)
		take(t, &fresh);
	token_release(&fresh);
	http_answer_release(&a);
	buf_release(&form);
	buf_release(&text);
	return ok;
}

/* The old token is good still: nobody waits, and no failure matters. */
static void
renew(const struct token_source *s, const struct cache *c, int64_t deadline,
    struct token *t)
{
	int64_t now = clock_wall(s->clock);
	struct err e;
	int fd;

	if (!cache_lock(c, 0, &fd))
		return;
	cache_get(c, now, t);
	if (now >= t->refresh_at) {
		if (!fetch(s, deadline, RENEW_MS, t, &e)) {
			t->refresh_at = now + RENEW_PAUSE;
			if (s->log != NULL)
				log_trace(s->log,
				    "renewing the token early failed: %s",
				    e.msg);
		}
		cache_put(c, t, s->log);
	}
	os_close(&fd);
}

/* One process asks, the others wait and find its token in the cache. */
static bool
obtain(const struct token_source *s, const struct cache *c, int64_t deadline,
    struct token *t, struct err *e)
{
	int64_t latest = clock_mono_ms(s->clock) + TOKEN_REQUEST_MS;
	bool ok = true;
	int fd;

	/* One that holds it for longer is stuck; asking twice is no harm. */
	(void)cache_lock(c, deadline < latest ? deadline : latest, &fd);
	cache_get(c, clock_wall(s->clock), t);
	if (!is_usable(t, clock_wall(s->clock))) {
		ok = fetch(s, deadline, TOKEN_REQUEST_MS, t, e);
		if (ok && is_usable(t, clock_wall(s->clock)))
			cache_put(c, t, s->log);
	}
	os_close(&fd);
	return ok;
}

bool
token_get(const struct token_source *s, int64_t deadline, struct token *t,
    struct err *e)
{
	int64_t now = clock_wall(s->clock);
	struct cache c;

	if (is_usable(t, now) && now < t->refresh_at)
		return true;
	cache_open(&c, s);
	cache_get(&c, now, t);
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
	struct cache c;

	cache_open(&c, s);
	/*
	 * Without the lock, whose holder may be slow: the worst is that a
	 * token written in this very moment is asked for once more.
	 */
	if (cache_read(&c, clock_wall(s->clock), &kept) &&
	    secret_eq(&kept.bearer, secret_view(&t->bearer)))
		os_remove(c.file);
	token_release(&kept);
	token_release(t);
}

void
token_release(struct token *t)
{
	secret_release(&t->bearer);
	*t = (struct token){ 0 };
}
