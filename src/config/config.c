/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "config/access.h"
#include "config/load.h"
#include "mail/addr.h"

static const char machine_folder[] = "/var/lib/post365";

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

/* Which file to read; c->file empty: none. */
static bool
choose_file(struct config *c, const struct config_ask *ask, struct err *e)
{
	struct config_places places;
	struct os_stat st;
	struct err absent;

	if (ask->no_file)
		return true;
	config_find(&c->mem, ask->path, &places);
	if (!arena_ok(&c->mem, e))
		return false;
	for (size_t i = 0; i < places.n && c->file.p == NULL; i++)
		if (places.named ||
		    os_stat_path(places.item[i].p, &st, &absent))
			c->file = places.item[i];
	c->piped = str_eq(c->file, STR("-"));
	if (c->piped)
		c->file = STR("standard input");
	return true;
}

static void
list_accounts(const struct load *l, struct config *c)
{
	struct str *all = &c->accounts;

	for (const struct config_section *s = l->top->next; s; s = s->next)
		*all = arena_fmt(&c->mem, "%.*s%s%.*s", STR_ARG(*all),
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
no_account(const struct config *c, struct str name, struct err *e)
{
	err_set(e, ERR_CONFIG, "there is no [account %.*s] in %s",
	    STR_ARG(str_first(name, 60)),
	    c->file.n > 0 ? c->file.p : "the configuration");
	if (c->accounts.n > 0)
		err_remedy(e, "the accounts there are: %.*s",
		    STR_ARG(c->accounts));
	return false;
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
choose_account(struct load *l, const struct config_ask *ask, struct config *c,
    const struct config_section **out, struct err *e)
{
	struct str name = variable("POST365_ACCOUNT");
	struct addr *from;

	if (ask->from != NULL &&
	    !addr_parse(&l->mem, str_of(ask->from), false, &from, e))
		return err_wrap(e, "--from");
	c->chosen = true;
	*out = NULL;
	if (ask->account == NULL)
		*out =
		    account_of(l, ask->from != NULL ? ask->from : ask->sender);
	else
		name = str_of(ask->account);
	if (*out == NULL && (name.n > 0 || ask->account != NULL)) {
		*out = config_section_find(l->top, name);
		if (*out == NULL)
			return no_account(c, name, e);
	}
	if (*out == NULL) {
		c->chosen = false;
		*out = account_of(l, ask->author);
	}
	if (*out == NULL)
		*out = l->top;
	c->account = arena_str(&c->mem, (*out)->name);
	return true;
}

/* Of the other half nothing is kept but what is given, and by whom. */
static void
note_access(const struct load *l, struct config *c)
{
	struct str client = { 0 }, path = load_apart_path(c, &c->mem);
	const struct config_level *level;
	struct os_stat st;
	struct err absent;

	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		level =
		    &l->level[config_level_of(l->level, (enum config_key)i)];
		if (config_rows[i].half == CONFIG_ACCESS &&
		    level->value[i].p != NULL)
			c->origin[i] = level->origin[i];
		if (i == CONFIG_CLIENT_ID)
			client = level->value[i];
	}
	if (config_is_guid(client))
		c->client_id = arena_str(&c->mem, client);
	c->apart = path.p != NULL && os_stat_path(path.p, &st, &absent);
}

static struct config_origin
derived(const char *how)
{
	return (struct config_origin){ CONFIG_DERIVED, 0, how };
}

static bool
derive_sender(struct config *c, struct err *e)
{
	struct addr *a;

	if (c->mailbox.n == 0 && c->from.n > 0) {
		if (!addr_parse(&c->mem, c->from, false, &a, e))
			return false;
		c->mailbox = a->text;
		c->origin[CONFIG_MAILBOX] = derived("that of from");
	}
	if (c->from.n == 0 && c->mailbox.n > 0) {
		c->from = c->mailbox;
		c->origin[CONFIG_FROM] = derived("as mailbox");
	}
	return true;
}

/*
 * Root, and the user of post365 install's service, whose folders are the
 * machine's for sudo -u as well, where his home is none.
 */
static bool
is_machine(const struct config *c)
{
	struct os_stat st;
	struct err absent;

	return c->origin[CONFIG_STATE_DIR].name == NULL &&
	    (geteuid() == 0 ||
		(os_stat_path(machine_folder, &st, &absent) &&
		    st.owner == geteuid()));
}

/* A folder set by name has all of it; the machine's has its usual places. */
static void
derive_spool(struct config *c)
{
	bool machine = is_machine(c);

	if (c->spool_dir.p == NULL && (machine || c->state_dir.n > 0)) {
		c->spool_dir = machine ?
		    STR("/var/spool/post365") :
		    arena_fmt(&c->mem, "%.*s/spool", STR_ARG(c->state_dir));
		c->origin[CONFIG_SPOOL_DIR] = derived("default");
	}
	if (c->log_file.p == NULL && c->state_dir.n > 0) {
		c->log_file =
		    arena_fmt(&c->mem, "%.*s/log", STR_ARG(c->state_dir));
		c->origin[CONFIG_LOG_FILE] = derived("default");
	}
}

static void
derive_state_dir(struct config *c)
{
	struct str xdg = str_of(getenv("XDG_STATE_HOME"));
	struct str home = str_of(getenv("HOME"));

	if (c->state_dir.p != NULL)
		return;
	if (is_machine(c))
		c->state_dir = str_of(machine_folder);
	else if (str_starts(xdg, STR("/")))
		c->state_dir = arena_fmt(&c->mem, "%.*s/post365", STR_ARG(xdg));
	else if (str_starts(home, STR("/")))
		c->state_dir = arena_fmt(&c->mem, "%.*s/.local/state/post365",
		    STR_ARG(home));
}

/*
 * Of who has no settings of his own, where post365 install closed the folder
 * of the machine's (0750): those are his, and he may not read them.
 */
static bool
is_open(struct config *c, const struct config_ask *ask, struct err *e)
{
	static const char machine[] = "/etc/post365/config";

	if (c->file.n > 0 || c->from.n > 0 || ask->no_file ||
	    access(machine, F_OK) == 0 || errno != EACCES)
		return true;
	c->file = STR("/etc/post365/config");
	(void)err_sys(e, ERR_CONFIG, "%s", machine);
	return err_remedy(e,
	    "post365 config init writes settings of your own; sendmail and "
	    "send --queue need none");
}

static bool
load_public(struct load *l, const struct config_ask *ask, struct config *c,
    struct err *e)
{
	const struct config_section *account;

	if (!choose_file(c, ask, e) || (c->file.n > 0 && !load_file(l, c, e)))
		return false;
	list_accounts(l, c);
	if (!choose_account(l, ask, c, &account, e))
		return false;
	load_apply(l, account, ask->from);
	if (l->pass.why.kind != ERR_NONE) {
		*e = l->pass.why;
		return false;
	}
	note_access(l, c);
	derive_state_dir(c);
	derive_spool(c);
	if (c->origin[CONFIG_STATE_DIR].name == NULL && c->state_dir.n > 0)
		c->origin[CONFIG_STATE_DIR] = derived("default");
	c->relative = load_is_relative(l) ||
	    (c->file.n > 0 && !str_starts(c->file, STR("/"))) ||
	    (variable("SSL_CERT_FILE").n > 0 &&
		!str_starts(variable("SSL_CERT_FILE"), STR("/")));
	return is_open(c, ask, e) && derive_sender(c, e) &&
	    arena_ok(&c->mem, e);
}

bool
config_load(struct config *c, const struct config_ask *ask,
    const struct log *log, struct err *e)
{
	struct load l = { .log = log,
		.draft = ask->draft,
		.pass = { .half = CONFIG_PUBLIC,
		    .at = c,
		    .mem = &c->mem,
		    .origin = c->origin } };
	bool ok;

	*c = (struct config){ .draft = ask->draft };
	ok = load_init(&l, e) && load_public(&l, ask, c, e);
	load_release(&l);
	return ok;
}

bool
config_load_readable(struct config *c, const struct config_ask *ask,
    const struct log *log, struct err *e)
{
	struct config_ask again = *ask;

	if (config_load(c, ask, log, e))
		return true;
	if (!config_is_closed(c))
		return false;
	config_release(c);
	again.no_file = true;
	return config_load(c, &again, log, e);
}

bool
config_is_closed(const struct config *c)
{
	struct arena mem;
	struct str apart;
	bool closed;

	if (c->piped || c->file.n == 0)
		return false;
	arena_init(&mem, LOAD_MEMORY);
	apart = load_apart_path(c, &mem);
	closed = (access(c->file.p, R_OK) < 0 && errno == EACCES) ||
	    (apart.n > 0 && access(apart.p, R_OK) < 0 && errno == EACCES);
	arena_release(&mem);
	return closed;
}

static bool
say_missing(const struct config *c, const struct buf *missing, struct err *e)
{
	struct str key = buf_view(missing);
	char variable[64] = ""; /* that of the first key that is missing */

	err_set(e, ERR_CONFIG, "not set: %.*s", STR_ARG(key));
	key = str_first(key, str_chr(key, ','));
	key = str_first(key, str_chr(key, ' '));
	for (size_t i = 0; i < key.n && i + 1 < sizeof(variable); i++)
		variable[i] =
		    (char)(key.p[i] == '_' ? '_' : key.p[i] - 'a' + 'A');
	if (c->accounts.n > 0 && c->account.n == 0)
		return err_remedy(e,
		    "set it in %s, or choose an account with "
		    "-A: %.*s",
		    c->file.p, STR_ARG(c->accounts));
	if (c->file.n > 0)
		return err_remedy(e,
		    "set it in %s, as post365 config set does, or as "
		    "POST365_%s in the environment",
		    c->file.p, variable);
	return err_remedy(e,
	    "post365 config init asks for all of it; or set POST365_%s and so "
	    "on in the environment",
	    variable);
}

static bool
is_given(const struct config_origin origin[], enum config_key first,
    enum config_key last)
{
	size_t i = first;

	while (i <= last && origin[i].name == NULL)
		i++;
	return i <= last;
}

bool
config_check(const struct config *c, const struct access *a,
    enum config_need need, struct err *e)
{
	const struct config_origin *o = a != NULL ? a->origin : c->origin;
	bool sign_in = need != CONFIG_TO_COMPOSE && (a != NULL || !c->apart) &&
	    o[CONFIG_MANAGED_IDENTITY].name == NULL;
	struct buf missing;
	bool ok;

	buf_init(&missing, 256);
	if (sign_in && o[CONFIG_TENANT_ID].name == NULL)
		buf_addz(&missing, ", tenant_id");
	if (sign_in && o[CONFIG_CLIENT_ID].name == NULL)
		buf_addz(&missing, ", client_id");
	if (sign_in &&
	    !is_given(o, CONFIG_CLIENT_SECRET, CONFIG_MANAGED_IDENTITY))
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
config_release(struct config *c)
{
	arena_release(&c->mem);
	*c = (struct config){ 0 };
}
