/* SPDX-License-Identifier: MIT */
#include "config/level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/secret.h"
#include "config/access.h"
#include "config/oddity.h"

enum {
	KEY_NAME_MAX = 64 /* longer than any key */
};

static const struct str prefix = STR_INIT("POST365_");

/* Where a key lets go of others. */
static const struct {
	enum config_key first, last; /* who gives one of these */
	enum config_key from, to;    /* lets go of these */
	bool account;                /* in an account only */
} replaced[] = {
	/* clang-format off */
	{ CONFIG_CLIENT_SECRET, CONFIG_MANAGED_IDENTITY,
	  CONFIG_CLIENT_SECRET, CONFIG_SECRET_EXPIRES, false },
	{ CONFIG_CLIENT_CERTIFICATE_PASSWORD,
	  CONFIG_CLIENT_CERTIFICATE_PASSWORD,
	  CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE,
	  CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE, false },
	{ CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE,
	  CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE,
	  CONFIG_CLIENT_CERTIFICATE_PASSWORD,
	  CONFIG_CLIENT_CERTIFICATE_PASSWORD, false },
	{ CONFIG_CLOUD, CONFIG_CLOUD, CONFIG_LOGIN_URL, CONFIG_GRAPH_URL,
	  false },
	{ CONFIG_FROM, CONFIG_FROM, CONFIG_MAILBOX, CONFIG_MAILBOX, true },
	/* clang-format on */
};

const char *
config_origin_place(const struct config_origin *o,
    struct config_origin_text *out)
{
	static const char *const what[] = { [CONFIG_SYSTEMD] =
						"systemd credential ",
		[CONFIG_AZURE] = "environment ",
		[CONFIG_ENVIRONMENT] = "environment ",
		[CONFIG_OPTION] = "option ",
		[CONFIG_DERIVED] = NULL };
	const char *kind = what[o->place] != NULL ? what[o->place] : "";

	if (o->line > 0)
		(void)snprintf(out->s, sizeof(out->s), "%s:%u", o->name,
		    o->line);
	else
		(void)snprintf(out->s, sizeof(out->s), "%s%s", kind,
		    o->name != NULL ? o->name : "");
	return out->s;
}

const char *
config_origin(const struct config_origin *o, struct config_origin_text *out)
{
	struct config_origin_text place;

	(void)config_origin_place(o, &place);
	(void)snprintf(out->s, sizeof(out->s), "%s%.*s",
	    o->place == CONFIG_DEFAULTS || o->place == CONFIG_DERIVED ? "" :
									"from ",
	    (int)sizeof(out->s) - 6, place.s);
	return out->s;
}

void
config_pass_fail(struct config_pass *p, const struct err *e)
{
	if (p->why.kind == ERR_NONE)
		p->why = *e;
}

void
config_level_defaults(struct config_level *out)
{
	*out = (struct config_level){ 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (config_rows[i].standard != NULL) {
			out->value[i] = str_of(config_rows[i].standard);
			out->origin[i].name = "default";
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
	    (struct config_origin){ CONFIG_SYSTEMD, 0, CONFIG_SYSTEMD_SECRET };
}

void
config_level_section(const struct config_section *s, enum config_place place,
    struct config_level *out)
{
	*out = (struct config_level){ .account = s->name.n > 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (s->key[i].line == 0)
			continue;
		out->value[i] = s->key[i].value;
		out->origin[i] = (struct config_origin){ place, s->key[i].line,
			s->key[i].file };
	}
}

/* A list for people: adds one with ", " before it. */
static void
level_list(struct arena *a, struct str *list, struct str one)
{
	*list = arena_fmt(a, "%.*s%s%.*s", STR_ARG(*list),
	    list->n > 0 ? ", " : "", STR_ARG(one));
}

/* A variable of either kind. */
struct level_variable {
	enum config_place place;
	struct str name, value; /* name: with an end that is NUL or '=' */
};

static void
level_take(struct config_pass *p, const struct level_variable *v, size_t key,
    struct config_level *to)
{
	struct err e;

	if (v->value.n == 0)
		return;
	if (!config_text_check(v->value, &e)) {
		err_wrap(&e, "environment %.*s", STR_ARG(v->name));
		if (config_rows[key].half == p->half)
			config_pass_fail(p, &e);
		return;
	}
	to->value[key] = v->value;
	to->origin[key] =
	    (struct config_origin){ v->place, 0, arena_str(p->mem, v->name).p };
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

void
config_level_azure(struct config_pass *p, struct config_level *out)
{
	struct level_variable v = { .place = CONFIG_AZURE };

	*out = (struct config_level){ 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		v.name = str_of(config_rows[i].azure);
		if (v.name.n == 0)
			continue;
		v.value = str_trim(str_of(getenv(v.name.p)));
		/* some of the Azure libraries accept the bare host */
		if (i == CONFIG_LOGIN_URL && p->half == CONFIG_ACCESS &&
		    v.value.n > 0 && str_find(v.value, STR("://")) == v.value.n)
			v.value =
			    arena_fmt(p->mem, "https://%.*s", STR_ARG(v.value));
		level_take(p, &v, i, out);
	}
	keep_first_credential(p->mem, out);
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

/* The row of "POST365_<KEY>"; NULL: none. key: its name as it was looked for.
 */
static const struct config_row *
level_row(struct str variable, char key[KEY_NAME_MAX], struct str *name)
{
	*name = str_first(str_from(variable, prefix.n), KEY_NAME_MAX);
	for (size_t i = 0; i < name->n; i++)
		key[i] = ascii_lower(name->p[i]);
	name->p = key;
	return config_row_find(*name);
}

static void
level_take_own(struct config_pass *p, const struct log *log,
    const struct level_variable *v, struct config_level *out)
{
	struct str name = str_from(v->name, prefix.n);
	const struct config_row *row;
	char key[KEY_NAME_MAX];
	struct err e;

	if (str_eq(name, STR("CONFIG")) || str_eq(name, STR("ACCOUNT")) ||
	    str_starts(name, STR("RELAY_")) || is_of_service(name))
		return;
	row = level_row(v->name, key, &name);
	if (row == NULL) {
		warn_unknown(log, v->name, name);
	} else if (row->type != NULL) {
		level_take(p, v, (size_t)(row - config_rows), out);
	} else if (v->value.n > 0 && row->half == p->half) {
		err_set(&e, ERR_CONFIG,
		    "environment %.*s: %s is a setting of the relay's: "
		    "its variable begins with POST365_RELAY_",
		    STR_ARG(v->name), row->name);
		config_pass_fail(p, &e);
	}
}

void
config_level_environment(struct config_pass *p, const struct log *log,
    struct config_level *out)
{
	struct level_variable v = { .place = CONFIG_ENVIRONMENT };
	struct str pair;
	size_t eq;

	*out = (struct config_level){ 0 };
	for (char **e = environ; e != NULL && *e != NULL; e++) {
		pair = str_of(*e);
		if (!str_starts(pair, prefix))
			continue;
		eq = str_chr(pair, '=');
		v.name = str_first(pair, eq);
		v.value = str_trim(str_from(pair, eq + 1));
		level_take_own(p, log, &v, out);
	}
}

static bool
level_is_secret(struct str variable)
{
	const struct config_row *row = NULL;
	char key[KEY_NAME_MAX];
	struct str name;

	if (str_starts(variable, prefix))
		row = level_row(variable, key, &name);
	for (size_t i = 0; row == NULL && i < CONFIG_KEYS; i++)
		if (str_eq(variable, str_of(config_rows[i].azure)))
			row = &config_rows[i];
	return row != NULL && row->type != NULL && row->type->secret != NULL;
}

void
config_forget_secrets(void)
{
	struct str pair;
	size_t eq;

	for (char **p = environ; p != NULL && *p != NULL; p++) {
		pair = str_of(*p);
		eq = str_chr(pair, '=');
		if (eq < pair.n && level_is_secret(str_first(pair, eq)))
			secret_wipe(*p + eq + 1, pair.n - eq - 1);
	}
}

static bool
level_set(struct config_pass *p, size_t key, struct str text, struct err *e)
{
	const struct config_row *row = &config_rows[key];
	const struct config_value to = { row->type, (char *)p->at + row->at,
		p->mem, row->example };
	struct access *a = p->at;

	if (!row->type->parse(text, &to, e))
		return false;
	if (config_row_is_credential(row))
		a->proof = (enum access_proof)(key - CONFIG_CLIENT_SECRET) +
		    ACCESS_SECRET;
	return true;
}

static void
level_clear(struct config_pass *p, size_t key)
{
	const struct config_row *row = &config_rows[key];
	void *at = (char *)p->at + row->at;
	struct err e;

	if (row->type->secret != NULL)
		secret_release(at);
	else
		memset(at, 0, row->type->size);
	p->origin[key] = (struct config_origin){ 0 };
	if (row->standard == NULL)
		return;
	p->origin[key].name = "default";
	if (!level_set(p, key, str_of(row->standard), &e))
		config_pass_fail(p, &e);
}

/* Which of these keys a level gives; last + 1: none. */
static size_t
level_first(const struct config_level *level, enum config_key first,
    enum config_key last)
{
	size_t i = first;

	while (i <= last && level->value[i].p == NULL)
		i++;
	return i;
}

/* The proof that a level gives; NULL: none. */
static const struct config_row *
level_proof(const struct config_level *level)
{
	size_t i =
	    level_first(level, CONFIG_CLIENT_SECRET, CONFIG_MANAGED_IDENTITY);

	return i <= CONFIG_MANAGED_IDENTITY ? &config_rows[i] : NULL;
}

/* Two of one group at one level contradict each other. */
static bool
level_contradicts(const struct config_level *level, enum config_key first,
    enum config_key last, struct config_pass *p)
{
	size_t found = level_first(level, first, last), i = found + 1;
	struct config_origin_text at;
	struct err e;

	if (found <= last)
		i = level_first(level, (enum config_key)i, last);
	if (i > last)
		return false;
	err_set(&e, ERR_CONFIG,
	    "%s: %s is given beside %s; leave one of them "
	    "out",
	    config_origin_place(&level->origin[i], &at), config_rows[i].name,
	    config_rows[found].name);
	config_pass_fail(p, &e);
	return true;
}

/* Remembers what gives way: what is there, and what the level says. */
static void
note_credential(const struct config_level *level, struct config_pass *p)
{
	enum config_key old = access_key(p->at);
	struct config_origin_text from;

	if (level_proof(level) == NULL)
		return;
	if (old < CONFIG_KEYS)
		level_list(p->mem, &p->note,
		    arena_fmt(p->mem, "%s (%s)", config_rows[old].name,
			config_origin(&p->origin[old], &from)));
	if (level->passed_over.n > 0)
		level_list(p->mem, &p->note, level->passed_over);
}

static void
level_replace(const struct config_level *level, struct config_pass *p)
{
	struct access *a = p->at;

	if (p->half == CONFIG_ACCESS) {
		if (level_contradicts(level, CONFIG_CLIENT_SECRET,
			CONFIG_MANAGED_IDENTITY, p) ||
		    level_contradicts(level, CONFIG_CLIENT_CERTIFICATE_PASSWORD,
			CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE, p))
			return;
		note_credential(level, p);
		if (level_proof(level) != NULL)
			a->proof = ACCESS_NO_PROOF;
	}
	for (size_t i = 0; i < sizeof(replaced) / sizeof(*replaced); i++)
		if (config_rows[replaced[i].first].half == p->half &&
		    (level->account || !replaced[i].account) &&
		    level_first(level, replaced[i].first, replaced[i].last) <=
			replaced[i].last)
			for (size_t k = replaced[i].from; k <= replaced[i].to;
			     k++)
				level_clear(p, k);
}

static void
level_parse(const struct config_level *level, size_t key, struct config_pass *p)
{
	const struct config_row *row = &config_rows[key];
	struct config_origin_text at;
	struct err e;

	(void)config_origin_place(&level->origin[key], &at);
	if (level->account && row->top_only) {
		err_set(&e, ERR_CONFIG, "%s: %s cannot differ by account", at.s,
		    row->name);
		err_remedy(&e,
		    "move it above the first [account ...]: it is for all "
		    "senders of this machine");
		config_pass_fail(p, &e);
	} else if (!level_set(p, key, level->value[key], &e)) {
		oddity_blame(row, level->value[key], &e);
		err_wrap(&e, "%s: %s", at.s, row->name);
		config_pass_fail(p, &e);
	} else {
		p->origin[key] = level->origin[key];
	}
}

void
config_level_apply(const struct config_level *level, struct config_pass *p)
{
	level_replace(level, p);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (level->value[i].p != NULL && config_rows[i].half == p->half)
			level_parse(level, i, p);
}

/* The level that decides of a key, below `end`. */
static size_t
level_of(const struct config_level level[], size_t end, enum config_key key)
{
	while (--end > 0 && level[end].value[key].p == NULL)
		;
	return end;
}

size_t
config_level_of(const struct config_level level[CONFIG_LEVELS],
    enum config_key key)
{
	return level_of(level, CONFIG_LEVELS, key);
}

static size_t
level_of_proof(const struct config_level level[], size_t end)
{
	while (--end > 0 && level_proof(&level[end]) == NULL)
		;
	return end;
}

/* Of a key and a proof, and where each stands. */
static void
refuse_half(struct config_pass *p, const struct config_level *of,
    enum config_key key, const struct config_level *proofs)
{
	const struct config_row *proof = level_proof(proofs);
	struct config_origin_text at, other;
	struct err e;

	err_set(&e, ERR_CONFIG,
	    "%s (%s) and %s (%s) come from two places, so they may belong to "
	    "two applications",
	    config_rows[key].name, config_origin(&of->origin[key], &at),
	    proof->name,
	    config_origin(&proofs->origin[proof - config_rows], &other));
	err_remedy(&e,
	    "give tenant_id, client_id and the proof (secret, certificate "
	    "...) together in one of the two places, and nothing of them in "
	    "the other");
	config_pass_fail(p, &e);
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
settle_half(const struct config_level level[], struct config_pass *p,
    enum config_key key)
{
	size_t proof = level_of_proof(level, CONFIG_LEVELS);
	size_t at = level_of(level, CONFIG_LEVELS, key);
	const struct config_row *row = level_proof(&level[proof]);
	bool replaces, orphan;

	if (at == 0 || row == NULL ||
	    row == &config_rows[CONFIG_MANAGED_IDENTITY])
		return;
	replaces = at != proof && level_of(level, at, key) > 0 &&
	    !says_same(level, at, key);
	orphan = key == CONFIG_CLIENT_ID && at < proof &&
	    level_of_proof(level, proof) >= at;
	if (replaces || orphan)
		refuse_half(p, &level[at], key, &level[proof]);
}

/* What Azure's variables would have said. */
static void
pass_over(struct config_level *azure, struct config_pass *p)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (azure->value[i].p != NULL)
			level_list(p->mem, &p->note,
			    str_of(config_rows[i].azure));
	if (azure->passed_over.n > 0)
		level_list(p->mem, &p->note, azure->passed_over);
	*azure = (struct config_level){ 0 };
}

void
config_level_settle(struct config_level level[CONFIG_LEVELS],
    struct config_pass *p)
{
	static const enum config_place own[] = { CONFIG_TOP, CONFIG_ENVIRONMENT,
		CONFIG_SECTION };
	const struct config_level *one;

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		one = &level[own[i]];
		if (one->value[CONFIG_CLIENT_ID].p != NULL ||
		    level_proof(one) != NULL)
			pass_over(&level[CONFIG_AZURE], p);
	}
	if (p->half == CONFIG_PUBLIC)
		return;
	settle_half(level, p, CONFIG_CLIENT_ID);
	settle_half(level, p, CONFIG_TENANT_ID);
}

/* "POST365_FROM (replaces that from FILE:3)" */
static void
note_variable(const struct config_level level[], size_t at, enum config_key key,
    struct str *list, struct arena *a)
{
	size_t low = level_of(level, at, key);
	size_t top = level_of(level, CONFIG_LEVELS, key);
	struct str name = str_of(level[at].origin[key].name);
	struct config_origin_text from;

	if (top > at)
		name =
		    arena_fmt(a, "%.*s (gives way to that %s)", STR_ARG(name),
			config_origin(&level[top].origin[key], &from));
	else if (low > 0)
		name = arena_fmt(a, "%.*s (replaces that %s)", STR_ARG(name),
		    config_origin(&level[low].origin[key], &from));
	level_list(a, list, name);
}

struct str
config_level_note(const struct config_level level[CONFIG_LEVELS],
    struct arena *a)
{
	struct str list = { 0 };

	for (size_t i = CONFIG_AZURE; i <= CONFIG_ENVIRONMENT; i++)
		for (size_t key = 0; key < CONFIG_KEYS; key++)
			if (level[i].value[key].p != NULL)
				note_variable(level, i, (enum config_key)key,
				    &list, a);
	return list;
}
