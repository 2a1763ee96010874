/* SPDX-License-Identifier: MIT */
#include "graph/token_cache.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/crypt.h"
#include "base/dir.h"
#include "base/os.h"
#include "base/replace.h"
#include "codec/json.h"
#include "codec/jsonw.h"

enum {
	TREE_MAX = 4 * 1024 * 1024,     /* of a token's JSON, see json.h */
	FILE_MAX = SECRET_LIMIT + 1024, /* a token and two numbers */
	HOLD_MAX = 8192,                /* a time and the texts of an error */
	KEY_MAX = 64 * 1024,            /* what a token belongs to */
	LIFE_MAX = 366 * 24 * 3600,     /* more is no number of seconds */
	OLD_S = 7 * 24 * 3600,          /* no token lives so long */
	NAME_HEX = 16 /* digits of the hash in a file's name */
};

bool
token_is_sound(struct str bearer)
{
	for (size_t i = 0; i < bearer.n; i++)
		if (bearer.p[i] < '!' || bearer.p[i] > '~')
			return false;
	return bearer.n > 0;
}

static bool
name_of(const struct identity *who, char hex[CRYPT_SHA256_HEX])
{
	struct buf key;
	struct err e;
	bool ok;

	buf_init(&key, KEY_MAX);
	ok = identity_endpoint(who, &key, &e);
	buf_addf(&key, "|%.*s|%.*s|%s|%.*s", STR_ARG(who->client_id),
	    STR_ARG(who->scope), identity_kind_name(who->kind),
	    STR_ARG(who->proof_id));
	crypt_sha256_hex(buf_view(&key), hex);
	ok = ok && buf_ok(&key, &e);
	buf_release(&key);
	return ok;
}

static void
path_of(char out[TOKEN_CACHE_PATH], const char *folder, const char *hex,
    const char *end)
{
	(void)snprintf(out, TOKEN_CACHE_PATH, "%.*s/token-%.*s%s",
	    TOKEN_CACHE_PATH - 64, folder, NAME_HEX, hex, end);
}

void
token_cache_open(struct token_cache *c, struct str folder,
    const struct identity *who)
{
	char hex[CRYPT_SHA256_HEX];

	c->folder[0] = c->file[0] = c->lock[0] = c->hold[0] = '\0';
	if (folder.n == 0 || folder.n + 64 > TOKEN_CACHE_PATH ||
	    !name_of(who, hex))
		return;
	(void)snprintf(c->folder, sizeof(c->folder), "%.*s", STR_ARG(folder));
	path_of(c->file, c->folder, hex, "");
	path_of(c->lock, c->folder, hex, ".lock");
	path_of(c->hold, c->folder, hex, ".hold");
}

static bool
parse(struct str text, int64_t now, struct token *t)
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
		ok = token_is_sound(bearer) &&
		    secret_set(&t->bearer, bearer, &e);
	}
	arena_release(&mem);
	return ok;
}

bool
token_cache_read(const struct token_cache *c, int64_t now, struct token *t)
{
	struct buf text;
	struct err e;
	bool ok;

	if (c->file[0] == '\0')
		return false;
	buf_init_secret(&text, FILE_MAX);
	ok = os_read_private(c->file, &text, &e) &&
	    parse(buf_view(&text), now, t);
	buf_release(&text);
	return ok;
}

/* Closes the object and puts it where it belongs. */
static bool
save(const struct token_cache *c, const char *path, struct jsonw *w,
    struct err *e)
{
	struct replace_how how = { .mode = 0600, .sweep = true };

	jsonw_close(w, '}');
	return jsonw_end(w, e) && os_mkdirs(c->folder, 0700, e) &&
	    replace_file(path, buf_view(w->out), how, e);
}

static bool
is_ours(struct str name)
{
	struct str hex = str_from(name, 6), end = str_from(hex, NAME_HEX);

	if (!str_starts(name, STR("token-")) || hex.n < NAME_HEX)
		return false;
	for (size_t i = 0; i < NAME_HEX; i++)
		if (ascii_hex(hex.p[i]) < 0)
			return false;
	return end.n == 0 || str_eq(end, STR(".lock")) ||
	    str_eq(end, STR(".hold"));
}

static void
sweep_one(void *folder, const char *name, bool regular)
{
	const struct dir *d = folder;
	struct os_stat st;
	struct err ignored;
	int fd = -1;

	if (!regular || !is_ours(str_of(name)) || !dir_stat(d, name, &st) ||
	    os_wall() - st.mtime < OLD_S)
		return;
	/* a lock that somebody holds stays */
	(void)(dir_file(d, name, DIR_UPDATE, &fd, &ignored) && fd >= 0 &&
	    os_try_lock(fd) && dir_remove(d, name, &ignored));
	os_close(&fd);
}

/* Of a secret or a machine that is no more: nobody else comes for them. */
static void
sweep(const struct token_cache *c)
{
	struct dir d = { 0 };
	struct err ignored;

	(void)(dir_open(&d, c->folder, NULL, 0700, &ignored) &&
	    dir_each(&d, sweep_one, &d, &ignored));
	dir_close(&d);
}

void
token_cache_put(const struct token_cache *c, const struct token *t,
    const struct log *l)
{
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
	if (!save(c, c->file, &w, &e) && l != NULL)
		log_warn(l,
		    "the access token cannot be kept, so each run asks for a "
		    "new one: %s",
		    e.msg);
	buf_release(&text);
	sweep(c);
}

void
token_cache_remove(const struct token_cache *c)
{
	if (c->file[0] != '\0')
		os_remove(c->file);
}

bool
token_cache_lock(const struct token_cache *c, int64_t deadline, int *fd)
{
	struct err e;

	*fd = -1;
	return c->file[0] == '\0' || !os_mkdirs(c->folder, 0700, &e) ||
	    os_lock(c->lock, deadline, fd, &e) || e.exit == EX_CANTCREAT;
}

void
token_cache_hold(const struct token_cache *c, int64_t now,
    const struct err *why)
{
	int64_t seconds = (why->retry_after_ms + 999) / 1000;
	struct buf text;
	struct jsonw w;
	struct err e;

	if (c->hold[0] == '\0')
		return;
	buf_init(&text, HOLD_MAX);
	w = jsonw_begin(&text);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("until"));
	jsonw_i64(&w,
	    now + (seconds < TOKEN_HOLD_MAX ? seconds : TOKEN_HOLD_MAX));
	jsonw_member(&w, STR("code"), str_of(why->code));
	jsonw_member(&w, STR("message"), str_of(why->msg));
	/* what cannot be remembered is asked again: no harm, only a request */
	(void)(save(c, c->hold, &w, &e));
	buf_release(&text);
}

static bool
still_held(struct str text, int64_t now, struct err *e)
{
	const struct json *v;
	struct arena mem;
	struct err why;
	int64_t until;
	bool held;

	arena_init(&mem, TREE_MAX);
	held = json_parse(&mem, text, &v, &why) &&
	    json_i64(json_get(v, STR("until")), &until) && until > now &&
	    until <= now + TOKEN_HOLD_MAX;
	if (held) {
		err_set(e, ERR_RETRY,
		    "not asked again for %lld s, as the sign-in service "
		    "wants: %.*s",
		    (long long)(until - now),
		    STR_ARG(json_str(json_get(v, STR("message")))));
		e->retry_after_ms = (until - now) * 1000;
		err_code(e, json_str(json_get(v, STR("code"))));
	}
	arena_release(&mem);
	return held;
}

bool
token_cache_held(const struct token_cache *c, int64_t now, struct err *e)
{
	struct buf text;
	struct err ignored;
	bool held;

	if (c->hold[0] == '\0')
		return false;
	buf_init(&text, HOLD_MAX);
	held = os_read_private(c->hold, &text, &ignored) &&
	    still_held(buf_view(&text), now, e);
	buf_release(&text);
	return held;
}
