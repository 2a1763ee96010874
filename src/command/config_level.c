/* SPDX-License-Identifier: MIT */
#include "command/config_level.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "command/config_key.h"

enum { KEY_NAME_MAX = 64 }; /* longer than any key */

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
	*out = (struct config_level){ 0 };
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

static bool
take_variable(struct arena *a, const struct variable *v, enum config_key key,
    struct config_level *to, struct err *e)
{
	if (v->value.n == 0)
		return true;
	if (!config_text_check(v->value, e))
		return err_wrap(e, "environment %.*s", STR_ARG(v->name));
	to->value[key] = v->value;
	to->origin[key] =
	    arena_fmt(a, "from environment %.*s", STR_ARG(v->name));
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
		level->passed_over = arena_fmt(a, "%.*s%s%s",
		    STR_ARG(level->passed_over),
		    level->passed_over.n > 0 ? ", " : "", config_rows[i].azure);
		level->value[i] = (struct str){ 0 };
	}
}

bool
config_level_azure(struct arena *a, struct config_level *out, struct err *e)
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
			v.value =
			    arena_fmt(a, "https://%.*s", STR_ARG(v.value));
		if (!take_variable(a, &v, (enum config_key)i, out, e))
			return false;
	}
	keep_first_credential(a, out);
	return arena_ok(a, e);
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

static bool
take_own(struct arena *a, const struct log *log, const struct variable *v,
    struct config_level *out, struct err *e)
{
	struct str name = str_from(v->name, prefix.n);
	const struct config_row *row;
	char key[KEY_NAME_MAX];

	if (str_eq(name, STR("CONFIG")) || str_eq(name, STR("ACCOUNT")))
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
	if (row->parse == NULL && v->value.n > 0)
		return err_set(e, ERR_CONFIG,
		    "environment %.*s: %s is not in "
		    "this version",
		    STR_ARG(v->name), row->name);
	return row->parse == NULL ||
	    take_variable(a, v, (enum config_key)(row - config_rows), out, e);
}

bool
config_level_environment(struct arena *a, const struct log *log,
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
		if (!take_own(a, log, &v, out, e))
			return false;
	}
	return true;
}

static void
drop_credential(struct config *c)
{
	secret_release(&c->client_secret);
	c->client_secret_file = c->client_secret_command = (struct str){ 0 };
	c->client_certificate = c->federated_token_file = (struct str){ 0 };
	c->managed_identity = (struct str){ 0 };
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (config_row_is_credential(&config_rows[i]))
			c->origin[i] = (struct str){ 0 };
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

/* Remembers what gives way: what is there, and what the level says. */
static void
note_credential(struct config *c, struct str passed_over)
{
	const struct config_row *old = config_credential(c);
	struct str *note = &c->credential_note;

	if (old != NULL)
		*note = arena_fmt(&c->mem, "%.*s%s%s (%.*s)", STR_ARG(*note),
		    note->n > 0 ? ", " : "", old->name,
		    STR_ARG(c->origin[old - config_rows]));
	if (passed_over.n > 0)
		*note = arena_fmt(&c->mem, "%.*s%s%.*s", STR_ARG(*note),
		    note->n > 0 ? ", " : "", STR_ARG(passed_over));
}

/* Makes room for a credential; two at one level contradict each other. */
static bool
replace_credential(const struct config_level *level, struct config *c,
    struct err *e)
{
	const struct config_row *found = NULL;

	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (level->value[i].p == NULL ||
		    !config_row_is_credential(&config_rows[i]))
			continue;
		if (found != NULL)
			return refuse_both(level, i, found->name, e);
		found = &config_rows[i];
	}
	if (found == NULL)
		return true;
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

bool
config_level_apply(const struct config_level *level, struct config *c,
    struct err *e)
{
	const struct config_row *row = config_rows;

	if (!replace_credential(level, c, e) || !replace_password(level, c, e))
		return false;
	replace_cloud(level, c);
	for (size_t i = 0; i < CONFIG_KEYS; i++, row++) {
		if (level->value[i].p == NULL)
			continue;
		if (!row->parse(row, level->value[i], c, e))
			return err_wrap(e, "%.*s: %s",
			    STR_ARG(str_from(level->origin[i], 5)), row->name);
		c->origin[i] = level->origin[i];
	}
	return true;
}
