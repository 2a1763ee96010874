/* SPDX-License-Identifier: MIT */
#include "config/level.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "config/key.h"

enum {
	KEY_NAME_MAX = 64, /* longer than any key */
	QUOTE_WHOLE = 16,  /* no secret that Entra makes is so short */
	QUOTE_LEAST = 8
};

static const struct str prefix = STR_INIT("POST365_");

void
config_level_defaults(struct config_level *out)
{
	*out = (struct config_level){ 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (config_rows[i].standard != NULL) {
			out->value[i] = str_of(config_rows[i].standard);
			out->origin[i] = STR("default");
		}
}

/* systemd.exec(5): what LoadCredential= and its kin put there. */
void
config_level_systemd(struct arena *a, struct config_level *out)
{
	struct str folder = str_of(getenv("CREDENTIALS_DIRECTORY")), path;
	struct os_stat st;
	struct err absent;

	*out = (struct config_level){ 0 };
	if (folder.n == 0)
		return;
	path = arena_fmt(a, "%.*s/" CONFIG_SYSTEMD_SECRET, STR_ARG(folder));
	if (path.n == 0 || !os_stat_path(path.p, &st, &absent))
		return;
	out->value[CONFIG_CLIENT_SECRET_FILE] = path;
	out->origin[CONFIG_CLIENT_SECRET_FILE] =
	    STR("from systemd credential " CONFIG_SYSTEMD_SECRET);
}

void
config_level_section(struct arena *a, struct str file,
    const struct config_section *s, struct config_level *out)
{
	*out = (struct config_level){ .account = s->name.n > 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (s->key[i].line == 0)
			continue;
		out->value[i] = s->key[i].value;
		out->origin[i] =
		    arena_fmt(a, "from %.*s:%u", STR_ARG(file), s->key[i].line);
	}
}

struct variable {
	struct str name, value;
};

/* A list for people: adds one with ", " before it. */
static void
level_list(struct arena *a, struct str *list, struct str one)
{
	*list = arena_fmt(a, "%.*s%s%.*s", STR_ARG(*list),
	    list->n > 0 ? ", " : "", STR_ARG(one));
}

/* Whether the rest may go on: what only signing in needs stops no storing. */
static bool
level_put_off(size_t key, struct config *c, const struct err *e)
{
	if (e->kind != ERR_CONFIG || config_rows[key].half != CONFIG_ACCESS)
		return false;
	config_unusable(c, e);
	return true;
}

static bool
take_variable(struct config *c, const struct variable *v, enum config_key key,
    struct config_level *to, struct err *e)
{
	if (v->value.n == 0)
		return true;
	if (!config_text_check(v->value, e)) {
		err_wrap(e, "environment %.*s", STR_ARG(v->name));
		return level_put_off(key, c, e);
	}
	to->value[key] = v->value;
	to->origin[key] =
	    arena_fmt(&c->mem, "from environment %.*s", STR_ARG(v->name));
	return true;
}

/* EnvironmentCredential's order, which is that of the rows. */
static void
keep_first_credential(struct arena *a, struct config_level *level)
{
	bool found = false;

	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (level->value[i].p == NULL ||
		    !config_row_is_credential(&config_rows[i]))
			continue;
		if (!found) {
			found = true;
			continue;
		}
		level_list(a, &level->passed_over,
		    str_of(config_rows[i].azure));
		level->value[i] = (struct str){ 0 };
	}
}

bool
config_level_azure(struct config *c, struct config_level *out, struct err *e)
{
	struct variable v;

	*out = (struct config_level){ 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		v.name = str_of(config_rows[i].azure);
		if (v.name.n == 0)
			continue;
		v.value = str_trim(str_of(getenv(v.name.p)));
		/* some of the Azure libraries accept the bare host */
		if (i == CONFIG_LOGIN_URL && v.value.n > 0 &&
		    str_find(v.value, STR("://")) == v.value.n)
			v.value = arena_fmt(&c->mem, "https://%.*s",
			    STR_ARG(v.value));
		if (!take_variable(c, &v, (enum config_key)i, out, e))
			return false;
	}
	keep_first_credential(&c->mem, out);
	return arena_ok(&c->mem, e);
}

/* Most likely a mistake, but perhaps another program's. */
static void
warn_unknown(const struct log *log, struct str name, struct str key)
{
	const char *near = config_row_nearest(key);

	if (near != NULL)
		log_warn(log,
		    "environment %.*s: no such setting; did you "
		    "mean that of %s?",
		    STR_ARG(name), near);
	else
		log_warn(log, "environment %.*s: no such setting",
		    STR_ARG(name));
}

/*
 * A Kubernetes service or Docker link called post365 makes such variables in
 * each container: none is a setting, and none a mistake.
 */
static bool
is_of_service(struct str name)
{
	return str_starts(name, STR("SERVICE_")) || str_eq(name, STR("PORT")) ||
	    str_starts(name, STR("PORT_")) || str_eq(name, STR("NAME")) ||
	    str_starts(name, STR("ENV_"));
}

static bool
take_own(struct config *c, const struct log *log, const struct variable *v,
    struct config_level *out, struct err *e)
{
	struct str name = str_from(v->name, prefix.n);
	const struct config_row *row;
	char key[KEY_NAME_MAX];

	if (str_eq(name, STR("CONFIG")) || str_eq(name, STR("ACCOUNT")) ||
	    is_of_service(name))
		return true;
	name = str_first(name, sizeof(key));
	for (size_t i = 0; i < name.n; i++)
		key[i] = ascii_lower(name.p[i]);
	name.p = key;
	row = config_row_find(name);
	if (row == NULL) {
		warn_unknown(log, v->name, name);
		return true;
	}
	if (row->type == NULL && v->value.n > 0)
		return err_set(e, ERR_CONFIG,
		    "environment %.*s: %s is not in "
		    "this version",
		    STR_ARG(v->name), row->name);
	return row->type == NULL ||
	    take_variable(c, v, (enum config_key)(row - config_rows), out, e);
}

bool
config_level_environment(struct config *c, const struct log *log,
    struct config_level *out, struct err *e)
{
	struct variable v;
	struct str pair;
	size_t eq;

	*out = (struct config_level){ 0 };
	for (char **p = environ; p != NULL && *p != NULL; p++) {
		pair = str_of(*p);
		if (!str_starts(pair, prefix))
			continue;
		eq = str_chr(pair, '=');
		v.name = str_first(pair, eq);
		v.value = str_trim(str_from(pair, eq + 1));
		if (!take_own(c, log, &v, out, e))
			return false;
	}
	return true;
}

/* With key file, password, algorithm and last day: those are the old one's. */
static void
drop_credential(struct config *c)
{
	const struct config_row *alg =
	    &config_rows[CONFIG_CLIENT_ASSERTION_ALG];

	secret_release(&c->client_secret);
	secret_release(&c->client_certificate_password);
	c->client_secret_file = c->client_secret_command = (struct str){ 0 };
	c->client_certificate = c->federated_token_file = (struct str){ 0 };
	c->managed_identity = c->client_certificate_key = (struct str){ 0 };
	c->client_certificate_password_file = (struct str){ 0 };
	c->client_assertion_alg = str_of(alg->standard);
	c->secret_expires = 0;
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (config_row_is_credential(&config_rows[i]) ||
		    config_row_is_of_credential(&config_rows[i]))
			c->origin[i] = (struct str){ 0 };
	c->origin[CONFIG_CLIENT_ASSERTION_ALG] = STR("default");
}

static bool
refuse_both(const struct config_level *level, size_t key, const char *other,
    struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "%.*s: %s is given beside %s; leave one of them out",
	    STR_ARG(str_from(level->origin[key], 5)), config_rows[key].name,
	    other);
}

/* The proof that a level gives; NULL: none. */
static const struct config_row *
level_proof(const struct config_level *level)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (level->value[i].p != NULL &&
		    config_row_is_credential(&config_rows[i]))
			return &config_rows[i];
	return NULL;
}

/* Remembers what gives way: what is there, and what the level says. */
static void
note_credential(struct config *c, struct str passed_over)
{
	const struct config_row *old = config_credential(c);

	if (old != NULL)
		level_list(&c->mem, &c->credential_note,
		    arena_fmt(&c->mem, "%s (%.*s)", old->name,
			STR_ARG(c->origin[old - config_rows])));
	if (passed_over.n > 0)
		level_list(&c->mem, &c->credential_note, passed_over);
}

/* Makes room for a credential; two at one level contradict each other. */
static bool
replace_credential(const struct config_level *level, struct config *c,
    struct err *e)
{
	const struct config_row *found = level_proof(level);

	if (found == NULL)
		return true;
	for (size_t i = (size_t)(found - config_rows) + 1; i < CONFIG_KEYS; i++)
		if (level->value[i].p != NULL &&
		    config_row_is_credential(&config_rows[i]))
			return refuse_both(level, i, found->name, e);
	note_credential(c, level->passed_over);
	drop_credential(c);
	return arena_ok(&c->mem, e);
}

/* The password of the certificate and its file: the later one counts. */
static bool
replace_password(const struct config_level *level, struct config *c,
    struct err *e)
{
	enum config_key word = CONFIG_CLIENT_CERTIFICATE_PASSWORD;
	enum config_key file = CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE;

	if (level->value[word].p != NULL && level->value[file].p != NULL)
		return refuse_both(level, file, config_rows[word].name, e);
	if (level->value[word].p != NULL) {
		c->client_certificate_password_file = (struct str){ 0 };
		c->origin[file] = (struct str){ 0 };
	}
	if (level->value[file].p != NULL) {
		secret_release(&c->client_certificate_password);
		c->origin[word] = (struct str){ 0 };
	}
	return true;
}

static void
replace_cloud(const struct config_level *level, struct config *c)
{
	if (level->value[CONFIG_CLOUD].p == NULL)
		return;
	c->login_url = c->graph_url = (struct str){ 0 };
	c->origin[CONFIG_LOGIN_URL] = (struct str){ 0 };
	c->origin[CONFIG_GRAPH_URL] = (struct str){ 0 };
}

/* An account's `from` is its mailbox, whatever stands above. */
static void
replace_mailbox(const struct config_level *level, struct config *c)
{
	if (!level->account || level->value[CONFIG_FROM].p == NULL)
		return;
	c->mailbox = (struct str){ 0 };
	c->origin[CONFIG_MAILBOX] = (struct str){ 0 };
}

/*
 * A secret may stand where it does not belong: of a long value its beginning
 * is enough to find it.
 */
static void
level_quote_less(struct str value, struct err *e)
{
	size_t at = 0, n;
	struct str rest, quoted;

	for (;; at += n + 1) {
		rest = str_from(str_of(e->msg), at);
		n = str_chr(rest, '"');
		if (n == rest.n)
			return;
		quoted = str_from(rest, n + 1);
		at += n + 1;
		n = str_chr(quoted, '"');
		quoted = str_first(quoted, n);
		if (n <= QUOTE_WHOLE || str_find(value, quoted) == value.n)
			continue;
		(void)memcpy(e->msg + at + QUOTE_LEAST, "...", 3);
		(void)memmove(e->msg + at + QUOTE_LEAST + 3, e->msg + at + n,
		    str_of(e->msg + at + n).n + 1);
		n = QUOTE_LEAST + 3;
	}
}

static bool
level_parse(const struct config_level *level, size_t key, struct config *c,
    struct err *e)
{
	const struct config_row *row = &config_rows[key];
	struct str origin = str_from(level->origin[key], 5);

	if (level->account && row->top_only) {
		err_set(e, ERR_CONFIG, "%.*s: %s cannot differ by account",
		    STR_ARG(origin), row->name);
		return err_remedy(e,
		    "move it above the first [account ...]: it is for all "
		    "senders of this machine");
	}
	if (!config_row_parse(row, level->value[key], c, e)) {
		level_quote_less(level->value[key], e);
		return err_wrap(e, "%.*s: %s", STR_ARG(origin), row->name) ||
		    level_put_off(key, c, e);
	}
	c->origin[key] = level->origin[key];
	return true;
}

bool
config_level_apply(const struct config_level *level, struct config *c,
    struct err *e)
{
	if ((!replace_credential(level, c, e) ||
		!replace_password(level, c, e)) &&
	    !level_put_off(CONFIG_CLIENT_SECRET, c, e))
		return false;
	replace_cloud(level, c);
	replace_mailbox(level, c);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (level->value[i].p != NULL && !level_parse(level, i, c, e))
			return false;
	return true;
}

/* The level that decides of a key, below `end`; 0 (defaults): none gives it. */
static size_t
level_of(const struct config_level level[], size_t end, enum config_key key)
{
	while (--end > 0 && level[end].value[key].p == NULL)
		;
	return end;
}

static size_t
level_of_proof(const struct config_level level[], size_t end)
{
	while (--end > 0 && level_proof(&level[end]) == NULL)
		;
	return end;
}

static void
refuse_half(struct config *c, const struct config_row *key, struct str at,
    const struct config_row *other, struct str other_at)
{
	struct err e;

	err_set(&e, ERR_CONFIG,
	    "%s (%.*s) and %s (%.*s) come from two places, so they may belong "
	    "to two applications",
	    key->name, STR_ARG(at), other->name, STR_ARG(other_at));
	err_remedy(&e,
	    "give tenant_id, client_id and the proof (secret, certificate "
	    "...) together in one of the two places, and nothing of them in "
	    "the other");
	config_unusable(c, &e);
}

/* The same text again changes nothing. */
static bool
says_same(const struct config_level level[], size_t at, enum config_key key)
{
	return str_ieq(level[at].value[key],
	    level[level_of(level, at, key)].value[key]);
}

/*
 * A client or tenant that replaced another one does not belong to the proof
 * of another level; nor does a proof that replaced the client's own.
 */
static void
settle_half(const struct config_level level[], struct config *c,
    enum config_key key)
{
	size_t proof = level_of_proof(level, CONFIG_LEVELS);
	size_t at = level_of(level, CONFIG_LEVELS, key);
	const struct config_row *row = level_proof(&level[proof]);
	bool replaced, orphan;

	if (at == 0 || row == NULL ||
	    row == &config_rows[CONFIG_MANAGED_IDENTITY])
		return;
	replaced = at != proof && level_of(level, at, key) > 0 &&
	    !says_same(level, at, key);
	orphan = key == CONFIG_CLIENT_ID && at < proof &&
	    level_of_proof(level, proof) >= at;
	if (replaced || orphan)
		refuse_half(c, &config_rows[key], level[at].origin[key], row,
		    level[proof].origin[row - config_rows]);
}

/* What Azure's variables would have said. */
static void
pass_over(struct config_level *azure, struct config *c)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (azure->value[i].p != NULL)
			level_list(&c->mem, &c->credential_note,
			    str_of(config_rows[i].azure));
	if (azure->passed_over.n > 0)
		level_list(&c->mem, &c->credential_note, azure->passed_over);
	*azure = (struct config_level){ 0 };
}

void
config_level_settle(struct config_level level[CONFIG_LEVELS], struct config *c)
{
	static const enum config_place own[] = { CONFIG_TOP, CONFIG_ENVIRONMENT,
		CONFIG_SECTION };
	const struct config_level *one;

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		one = &level[own[i]];
		if (one->value[CONFIG_CLIENT_ID].p != NULL ||
		    level_proof(one) != NULL)
			pass_over(&level[CONFIG_AZURE], c);
	}
	settle_half(level, c, CONFIG_CLIENT_ID);
	settle_half(level, c, CONFIG_TENANT_ID);
}

/* "POST365_FROM (replaces that from FILE:3)" */
static void
note_variable(const struct config_level level[], size_t at, enum config_key key,
    struct config *c)
{
	size_t low = level_of(level, at, key), i = CONFIG_LEVELS;
	struct str name = str_from(level[at].origin[key], 17);

	while (level[--i].value[key].p == NULL)
		;
	if (i > at)
		name = arena_fmt(&c->mem, "%.*s (gives way to that %.*s)",
		    STR_ARG(name), STR_ARG(level[i].origin[key]));
	else if (low > 0)
		name = arena_fmt(&c->mem, "%.*s (replaces that %.*s)",
		    STR_ARG(name), STR_ARG(level[low].origin[key]));
	level_list(&c->mem, &c->environment, name);
}

void
config_level_note(const struct config_level level[CONFIG_LEVELS],
    struct config *c)
{
	for (size_t i = CONFIG_AZURE; i <= CONFIG_ENVIRONMENT; i++)
		for (size_t key = 0; key < CONFIG_KEYS; key++)
			if (level[i].value[key].p != NULL)
				note_variable(level, i, (enum config_key)key,
				    c);
}
