/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "base/private.h"
#include "codec/url.h"
#include "config/cloud.h"
#include "config/file.h"
#include "config/key.h"
#include "config/level.h"
#include "config/proxy.h"
#include "mail/addr.h"

enum {
	MEMORY_MAX = 4 * 1024 * 1024 /* a file of 1 MB and what it becomes */
};

struct load {
	struct config *config;
	const struct config_ask *ask;
	const struct log *log;
	struct arena mem; /* until the end of config_load */
	struct buf text;  /* of the file; wiped */
	struct config_section *top;
	struct config_level level[CONFIG_LEVELS];
};

/* An empty variable is as good as none. */
static struct str
variable(const char *name)
{
	return str_of(getenv(name));
}

void
config_find(struct arena *a, const char *path, struct config_places *out)
{
	struct str named =
	    path != NULL ? str_of(path) : variable("POST365_CONFIG");
	struct str xdg = variable("XDG_CONFIG_HOME");
	struct str home = variable("HOME");

	*out = (struct config_places){ .named = named.n > 0 };
	if (out->named) {
		out->item[out->n++] = arena_str(a, named);
		return;
	}
	/* the XDG specification: a relative path is to be ignored */
	if (str_starts(xdg, STR("/")))
		out->item[out->n++] =
		    arena_fmt(a, "%.*s/post365/config", STR_ARG(xdg));
	else if (home.n > 0)
		out->item[out->n++] =
		    arena_fmt(a, "%.*s/.config/post365/config", STR_ARG(home));
	out->item[out->n++] = arena_str(a, STR("/etc/post365/config"));
}

/* Which file to read; empty: none. */
static bool
choose_file(struct load *l, struct str *path, struct err *e)
{
	struct config_places places;
	struct os_stat st;
	struct err absent;

	*path = (struct str){ 0 };
	if (l->ask->no_file)
		return true;
	config_find(&l->config->mem, l->ask->path, &places);
	if (!arena_ok(&l->config->mem, e))
		return false;
	for (size_t i = 0; i < places.n && path->p == NULL; i++)
		if (places.named ||
		    os_stat_path(places.item[i].p, &st, &absent))
			*path = places.item[i];
	return true;
}

static bool
has_secret(const struct config_section *s)
{
	for (; s != NULL; s = s->next)
		for (size_t i = 0; i < CONFIG_KEYS; i++)
			if (s->key[i].line != 0 &&
			    config_row_has_secret(&config_rows[i],
				s->key[i].value))
				return true;
	return false;
}

/*
 * Settings by standard input are read again by each worker of a queue: where
 * it is no file, a copy in memory takes its place.
 */
static bool
read_piped(struct buf *out, struct err *e)
{
	static const char name[] = "standard input";
	struct os_at at = { .name = name, .fd = STDIN_FILENO };
	struct os_stat st;
	struct err uncopied;
	char *p;
	int fd;

	if (!os_stat_fd(STDIN_FILENO, name, &st, e))
		return false;
	if (st.regular && st.size <= out->limit) {
		p = buf_room(out, (size_t)st.size);
		if (p == NULL)
			return buf_ok(out, e);
		if (!os_read_at(at, p, (size_t)st.size, e))
			return false;
		buf_commit(out, (size_t)st.size);
		return true;
	}
	if (!os_read_fd(STDIN_FILENO, name, out, e))
		return false;
	fd = memfd_create("settings", MFD_CLOEXEC);
	if (fd >= 0 && os_write_fd(fd, name, buf_view(out), &uncopied))
		(void)dup2(fd, STDIN_FILENO);
	os_close(&fd);
	return true;
}

static bool
read_file(struct load *l, struct str path, struct err *e)
{
	bool piped = str_eq(path, STR("-"));
	struct str name = piped ? STR("standard input") : path;
	struct os_stat st = { 0 };

	if (piped ? !read_piped(&l->text, e) :
		    !private_read(path.p, &l->text, &st, e))
		return false;
	l->config->file = arena_str(&l->config->mem, name);
	if (!config_file_parse(&l->mem, name, buf_view(&l->text), &l->top, e))
		return false;
	if (has_secret(l->top) && !private_check(path.p, &st, l->log, e))
		config_unusable(l->config, e);
	return true;
}

static void
list_accounts(struct load *l)
{
	struct str *all = &l->config->accounts;

	for (const struct config_section *s = l->top->next; s; s = s->next)
		*all = arena_fmt(&l->config->mem, "%.*s%s%.*s", STR_ARG(*all),
		    all->n > 0 ? ", " : "", STR_ARG(s->name));
}

static bool
sends_as(struct load *l, const struct config_section *s,
    const struct addr *from)
{
	static const enum config_key keys[] = { CONFIG_FROM, CONFIG_MAILBOX };
	struct addr *a;
	struct err bad; /* is complained of when the value is applied */

	for (size_t i = 0; i < 2; i++)
		if (s->key[keys[i]].line != 0 &&
		    addr_parse(&l->mem, s->key[keys[i]].value, false, &a,
			&bad) &&
		    addr_same(a, from))
			return true;
	return false;
}

static bool
no_account(const struct load *l, struct str name, struct err *e)
{
	err_set(e, ERR_CONFIG, "there is no [account %.*s] in %s",
	    STR_ARG(str_first(name, 60)),
	    l->config->file.n > 0 ? l->config->file.p : "the configuration");
	if (l->config->accounts.n > 0)
		err_remedy(e, "the accounts there are: %.*s",
		    STR_ARG(l->config->accounts));
	return false;
}

/* "" is the top. */
static bool
account_named(const struct load *l, struct str name,
    const struct config_section **out, struct err *e)
{
	for (*out = l->top; *out != NULL; *out = (*out)->next)
		if (str_eq((*out)->name, name))
			return true;
	return no_account(l, name, e);
}

/* The one that sends as this address, the top first; NULL: none does. */
static const struct config_section *
account_of(struct load *l, const char *text)
{
	const struct config_section *s = l->top;
	struct addr *from;
	struct err nobody; /* "root", "<>" */

	if (text == NULL ||
	    !addr_parse(&l->mem, str_of(text), false, &from, &nobody))
		return NULL;
	while (s != NULL && !sends_as(l, s, from))
		s = s->next;
	return s;
}

/* By option, by the sender, by the environment, by the author; else the top. */
static bool
choose_account(struct load *l, const struct config_section **out, struct err *e)
{
	const struct config_ask *ask = l->ask;
	struct str name = variable("POST365_ACCOUNT");
	struct addr *from;

	*out = NULL;
	if (ask->from != NULL &&
	    !addr_parse(&l->mem, str_of(ask->from), false, &from, e))
		return err_wrap(e, "--from");
	l->config->chosen = true;
	if (ask->account != NULL)
		return account_named(l, str_of(ask->account), out, e);
	*out = account_of(l, ask->from != NULL ? ask->from : ask->sender);
	if (*out != NULL)
		return true;
	if (name.n > 0)
		return account_named(l, name, out, e);
	l->config->chosen = false;
	*out = account_of(l, ask->author);
	return true;
}

/* Values that this message does not use: only who uses them is stopped. */
static void
check_section(struct load *l, const struct config_section *s)
{
	struct config scratch = { 0 };
	struct config_level level;
	struct err e;

	arena_init(&scratch.mem, MEMORY_MAX);
	config_level_section(&l->mem, l->config->file, s, &level);
	if (!config_level_apply(&level, &scratch, &e))
		log_warn(l->log, "account %.*s cannot be used: %s",
		    STR_ARG(s->name), e.msg);
	else if (scratch.unusable.kind != ERR_NONE)
		log_warn(l->log, "account %.*s cannot sign in: %s",
		    STR_ARG(s->name), scratch.unusable.msg);
	l->config->relative = l->config->relative || scratch.relative;
	config_release(&scratch);
}

/* The sections of the file that count, as levels. */
static bool
gather_file(struct load *l, struct err *e)
{
	struct config *c = l->config;
	const struct config_section *account;

	list_accounts(l);
	if (!choose_account(l, &account, e))
		return false;
	for (const struct config_section *s = l->top->next; s; s = s->next)
		if (s != account)
			check_section(l, s);
	config_level_section(&c->mem, c->file, l->top, &l->level[CONFIG_TOP]);
	if (account == NULL || account == l->top)
		return true;
	c->account = arena_str(&c->mem, account->name);
	config_level_section(&c->mem, c->file, account,
	    &l->level[CONFIG_SECTION]);
	return true;
}

static bool
apply_option(struct load *l, struct err *e)
{
	if (config_level_apply(&l->level[CONFIG_OPTION], l->config, e))
		return true;
	if (e->kind == ERR_CONFIG)
		e->kind = ERR_INPUT;
	return false;
}

static bool
gather(struct load *l, struct err *e)
{
	struct config *c = l->config;
	struct config_level *option = &l->level[CONFIG_OPTION];

	config_level_defaults(&l->level[CONFIG_DEFAULTS]);
	config_level_systemd(&c->mem, &l->level[CONFIG_SYSTEMD]);
	if (!gather_file(l, e) ||
	    !config_level_azure(c, &l->level[CONFIG_AZURE], e) ||
	    !config_level_environment(c, l->log, &l->level[CONFIG_ENVIRONMENT],
		e))
		return false;
	if (l->ask->from != NULL) {
		option->value[CONFIG_FROM] = str_of(l->ask->from);
		option->origin[CONFIG_FROM] = STR("from option --from");
	}
	return true;
}

static bool
apply_all(struct load *l, struct err *e)
{
	if (!gather(l, e))
		return false;
	config_level_settle(l->level, l->config);
	config_level_note(l->level, l->config);
	for (size_t i = 0; i < CONFIG_OPTION; i++)
		if (!config_level_apply(&l->level[i], l->config, e))
			return false;
	return apply_option(l, e) && arena_ok(&l->config->mem, e);
}

static void
derive_urls(struct config *c)
{
	const struct config_cloud *cloud = config_cloud_find(c->cloud);

	if (c->login_url.p == NULL) {
		c->login_url = str_of(cloud->login_url);
		c->origin[CONFIG_LOGIN_URL] = STR("that of the cloud");
	}
	if (c->graph_url.p == NULL) {
		c->graph_url = str_of(cloud->graph_url);
		c->origin[CONFIG_GRAPH_URL] = STR("that of the cloud");
	}
}

static bool
derive_sender(struct config *c, struct err *e)
{
	struct addr *a;

	if (c->mailbox.n == 0 && c->from.n > 0) {
		if (!addr_parse(&c->mem, c->from, false, &a, e))
			return false;
		c->mailbox = a->text;
		c->origin[CONFIG_MAILBOX] = STR("that of from");
	}
	if (c->from.n == 0 && c->mailbox.n > 0) {
		c->from = c->mailbox;
		c->origin[CONFIG_FROM] = STR("as mailbox");
	}
	return true;
}

/* A folder set by name has all of it; the machine's has its usual places. */
static void
derive_spool(struct config *c)
{
	bool machine = c->origin[CONFIG_STATE_DIR].p == NULL && geteuid() == 0;

	if (c->spool_dir.p == NULL && (machine || c->state_dir.n > 0)) {
		c->spool_dir = machine ?
		    STR("/var/spool/post365") :
		    arena_fmt(&c->mem, "%.*s/spool", STR_ARG(c->state_dir));
		c->origin[CONFIG_SPOOL_DIR] = STR("default");
	}
	if (c->log_file.p == NULL && c->state_dir.n > 0) {
		c->log_file =
		    arena_fmt(&c->mem, "%.*s/log", STR_ARG(c->state_dir));
		c->origin[CONFIG_LOG_FILE] = STR("default");
	}
}

static void
derive_state_dir(struct config *c)
{
	struct str xdg = str_of(getenv("XDG_STATE_HOME"));
	struct str home = str_of(getenv("HOME"));

	if (c->state_dir.p != NULL)
		return;
	if (geteuid() == 0)
		c->state_dir = STR("/var/lib/post365");
	else if (str_starts(xdg, STR("/")))
		c->state_dir = arena_fmt(&c->mem, "%.*s/post365", STR_ARG(xdg));
	else if (str_starts(home, STR("/")))
		c->state_dir = arena_fmt(&c->mem, "%.*s/.local/state/post365",
		    STR_ARG(home));
}

static bool
derive(struct config *c, struct err *e)
{
	struct url url;

	derive_urls(c);
	derive_state_dir(c);
	derive_spool(c);
	if (c->origin[CONFIG_STATE_DIR].p == NULL && c->state_dir.n > 0)
		c->origin[CONFIG_STATE_DIR] = STR("default");
	if (!config_proxy_derive(c, e)) {
		if (e->kind != ERR_CONFIG)
			return false;
		config_unusable(c, e);
	}
	if (!derive_sender(c, e) || !url_parse(c->graph_url, &url, e))
		return false;
	c->scope = arena_fmt(&c->mem, "%.*s/.default", STR_ARG(url.origin));
	c->ca_system_file = arena_str(&c->mem, str_of(getenv("SSL_CERT_FILE")));
	c->relative = c->relative ||
	    (c->file.n > 0 && !str_starts(c->file, STR("/"))) ||
	    (c->ca_system_file.n > 0 &&
		!str_starts(c->ca_system_file, STR("/")));
	return arena_ok(&c->mem, e);
}

static void
warn(const struct config *c, const struct log *log)
{
	if (config_is_guid(secret_view(&c->client_secret)))
		log_warn(log,
		    "client_secret (%.*s): that looks like the "
		    "secret's ID, not its Value",
		    STR_ARG(c->origin[CONFIG_CLIENT_SECRET]));
	if (config_clouds_differ(c->login_url, c->graph_url))
		log_warn(log,
		    "login_url %.*s and graph_url %.*s are of "
		    "different clouds: tokens of one are not taken by the "
		    "other",
		    STR_ARG(c->login_url), STR_ARG(c->graph_url));
}

static bool
load(struct load *l, struct err *e)
{
	struct config_section *none;
	struct str path;

	if (!choose_file(l, &path, e) ||
	    !config_file_parse(&l->mem, path, STR(""), &none, e))
		return false;
	l->top = none;
	if (path.n > 0 && !read_file(l, path, e))
		return false;
	if (!apply_all(l, e) || !derive(l->config, e))
		return false;
	warn(l->config, l->log);
	return true;
}

bool
config_load(struct config *c, const struct config_ask *ask,
    const struct log *log, struct err *e)
{
	struct load l = { .config = c, .ask = ask, .log = log };
	bool ok;

	*c = (struct config){ 0 };
	arena_init(&c->mem, MEMORY_MAX);
	arena_init(&l.mem, MEMORY_MAX);
	buf_init_secret(&l.text, CONFIG_FILE_MAX);
	ok = load(&l, e);
	buf_release(&l.text);
	arena_release(&l.mem);
	return ok;
}

static bool
say_missing(const struct config *c, const struct buf *missing, struct err *e)
{
	err_set(e, ERR_CONFIG, "not set: %.*s", STR_ARG(buf_view(missing)));
	if (c->accounts.n > 0 && c->account.n == 0)
		return err_remedy(e,
		    "set it in %s, or choose an account with "
		    "-A: %.*s",
		    c->file.p, STR_ARG(c->accounts));
	if (c->file.n > 0)
		return err_remedy(e,
		    "set it in %s, or in the environment as "
		    "POST365_TENANT_ID and so on",
		    c->file.p);
	return err_remedy(e,
	    "post365 config init writes a file to fill in; "
	    "or set POST365_TENANT_ID and so on in the environment");
}

const struct config_row *
config_credential(const struct config *c)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (config_row_is_credential(&config_rows[i]) &&
		    c->origin[i].p != NULL)
			return &config_rows[i];
	return NULL;
}

bool
config_check(const struct config *c, enum config_need need, struct err *e)
{
	bool sign_in = need == CONFIG_TO_SIGN_IN && c->managed_identity.n == 0;
	struct buf missing;
	bool ok;

	if (need != CONFIG_TO_COMPOSE && c->unusable.kind != ERR_NONE) {
		*e = c->unusable;
		return false;
	}
	buf_init(&missing, 256);
	if (sign_in && c->tenant_id.n == 0)
		buf_addz(&missing, ", tenant_id");
	if (sign_in && c->client_id.n == 0)
		buf_addz(&missing, ", client_id");
	if (sign_in && config_credential(c) == NULL)
		buf_addz(&missing,
		    ", client_secret (or client_certificate, "
		    "federated_token_file, managed_identity)");
	if (need != CONFIG_FOR_TOKEN && c->mailbox.n == 0)
		buf_addz(&missing, ", from");
	ok = buf_ok(&missing, e);
	buf_drop(&missing, 2);
	ok = ok && (missing.n == 0 || say_missing(c, &missing, e));
	buf_release(&missing);
	return ok;
}

void
config_unusable(struct config *c, const struct err *why)
{
	if (c->unusable.kind == ERR_NONE)
		c->unusable = *why;
}

void
config_release(struct config *c)
{
	secret_release(&c->client_secret);
	secret_release(&c->client_certificate_password);
	secret_release(&c->proxy);
	arena_release(&c->mem);
	*c = (struct config){ 0 };
}
