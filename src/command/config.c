/* SPDX-License-Identifier: MIT */
#include "command/config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "config/access.h"
#include "config/config.h"
#include "config/show.h"

enum { TEXT_MAX = 256 * 1024 }; /* values of 8 kB each, and comments */

const char settings_more[] =
    "  show   the settings in effect, as a file, and where each is from\n"
    "  path   the file that is used\n"
    "  init   writes a commented file to start with, readable by its owner\n"
    "         only, to the place that --config or POST365_CONFIG names, or\n"
    "         to your own; fills in what the environment has\n"
    "\n"
    "A file has lines `key = value`; `#` at the start of a line begins a\n"
    "comment; `[account NAME]` begins the keys of a further sender. It is\n"
    "looked for at --config, $POST365_CONFIG,\n"
    "$XDG_CONFIG_HOME/post365/config (~/.config/post365/config) and\n"
    "/etc/post365/config. Every key can be set in the environment, as\n"
    "POST365_TENANT_ID and so on. An option wins over an account that was\n"
    "chosen, that over the environment, the environment over the keys at the\n"
    "top. Who signs in is proved by one of client_secret...,\n"
    "client_certificate, federated_token_file and managed_identity; one that\n"
    "is set higher up replaces the others and what belongs to them.\n"
    "tenant_id, client_id and the proof belong together: where the\n"
    "environment or an account replaces a part of them, it has to give the\n"
    "proof and client_id both. File and proofs have to belong to root or to\n"
    "you, and nobody else may write them.\n"
    "\n"
    "Where neither the file nor POST365_... names a proof or a client_id,\n"
    "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_AUTHORITY_HOST are understood,\n"
    "and of these the first that is set: AZURE_CLIENT_SECRET,\n"
    "AZURE_CLIENT_CERTIFICATE_PATH (with AZURE_CLIENT_CERTIFICATE_PASSWORD),\n"
    "AZURE_FEDERATED_TOKEN_FILE. `post365 check` tells what they and\n"
    "POST365_... change. Where\n"
    "nothing else is set, systemd's credential post365.client_secret is the\n"
    "secret: LoadCredential=post365.client_secret:/etc/post365/client-secret\n"
    "in the unit.\n"
    "\n"
    "What only signing in needs may stand in a file `secret` beside a file\n"
    "`config`, for fewer to read: who may not read it can store mail, and\n"
    "whoever may sends it. The keys:\n"
    "\n"
    "  tenant_id client_id client_secret client_secret_file\n"
    "  client_secret_command client_certificate federated_token_file\n"
    "  managed_identity client_certificate_key client_certificate_password\n"
    "  client_certificate_password_file client_assertion_alg secret_expires\n"
    "  from mailbox from_policy from_map aliases\n"
    "  default_domain local_names save_to_sent delivery mime_limit\n"
    "  max_message_size rate read_bounces\n"
    "  enabled bounces postmaster alert_command cloud login_url graph_url ca\n"
    "  proxy no_proxy connect_timeout timeout token_cache state_dir spool_dir\n"
    "  spool_sync min_free max_queue max_spool max_age log_file\n"
    "\n"
    "post365 config init -C - prints what each is for.\n";

static int
show(const struct cli *c)
{
	const struct config_ask ask = {
		.path = c->common.config,
		.account = c->common.account,
	};
	struct access access = { 0 };
	struct config config;
	struct buf text;
	struct err e;
	bool whole;
	int code;

	buf_init(&text, TEXT_MAX);
	if (config_load(&config, &ask, &c->log, &e)) {
		whole = access_load(&access, &config, &c->log, &e);
		config_show(&config, &access, &text);
		code = cli_print(c, &text);
		if (code == EX_OK && !whole)
			code = cli_fail(c, &e);
	} else {
		code = cli_fail(c, &e);
	}
	access_release(&access);
	config_release(&config);
	buf_release(&text);
	return code;
}

static int
print_path(const struct cli *c, struct str path)
{
	struct buf text;
	int code;

	buf_init(&text, path.n + 1);
	buf_addf(&text, "%.*s\n", STR_ARG(path));
	code = cli_print(c, &text);
	buf_release(&text);
	return code;
}

static int
fail_no_file(const struct cli *c, const struct config_places *places)
{
	struct str last = places->item[places->n - 1];
	struct err e;

	if (access(last.p, F_OK) < 0 && errno == EACCES) {
		(void)err_sys(&e, ERR_CONFIG, "%s", last.p);
		return cli_fail(c, &e);
	}
	err_set(&e, ERR_CONFIG, "there is no file; looked for %.*s%s%s",
	    STR_ARG(places->item[0]), places->n > 1 ? " and " : "",
	    places->n > 1 ? places->item[1].p : "");
	e.exit = EX_NOINPUT;
	err_remedy(&e, "post365 config init writes one to fill in");
	return cli_fail(c, &e);
}

static int
path(const struct cli *c)
{
	struct config_places places;
	struct os_stat st;
	struct arena mem;
	struct err e;
	int code = -1;

	arena_init(&mem, TEXT_MAX);
	config_find(&mem, c->common.config, &places);
	if (!arena_ok(&mem, &e))
		code = cli_fail(c, &e);
	for (size_t i = 0; i < places.n && code < 0; i++)
		if (os_stat_path(places.item[i].p, &st, &e))
			code = print_path(c, places.item[i]);
	if (code < 0)
		code = fail_no_file(c, &places);
	arena_release(&mem);
	return code;
}

/*
 * In a folder that root shares with a group and with nobody else, as post365
 * install makes it: the timer and the relay, which are that group's, read it.
 */
static bool
write_for_group(const char *name, const char *folder, struct err *e)
{
	struct os_stat st;

	if (geteuid() != 0 || !os_stat_path(folder, &st, e) || st.owner != 0 ||
	    st.group == 0 || st.others)
		return true;
	return (chown(name, 0, st.group) == 0 && chmod(name, 0640) == 0) ||
	    err_sys(e, ERR_CONFIG, "%s: cannot give it to group %lu", name,
		(unsigned long)st.group);
}

/* Writes the file, and makes its folder. Never replaces one. */
static bool
write_file(const char *name, struct str text, struct err *e)
{
	const struct replace_how how = { .mode = 0600,
		.durable = true,
		.sweep = true };
	const char *slash = strrchr(name, '/');
	struct str folder = STR("");
	struct os_stat st;
	struct arena mem;
	bool ok = true;

	if (os_stat_path(name, &st, e)) {
		err_set(e, ERR_CONFIG, "%s: is there already", name);
		e->exit = EX_CANTCREAT;
		return err_remedy(e,
		    "edit it, or give another place with "
		    "--config");
	}
	arena_init(&mem, TEXT_MAX);
	if (slash != NULL && slash != name) {
		folder = arena_str(&mem,
		    (struct str){ name, (size_t)(slash - name) });
		ok = arena_ok(&mem, e) &&
		    os_mkdirs(folder.p, geteuid() == 0 ? 0755 : 0700, e);
	}
	ok = ok && replace_file(name, text, how, e) &&
	    (folder.n == 0 || write_for_group(name, folder.p, e));
	arena_release(&mem);
	return ok;
}

static bool
say_next(const char *name, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, TEXT_MAX);
	buf_addf(&text,
	    "wrote %s, which is closed to other users. Next:\n"
	    "1. In entra.microsoft.com > Entra ID > App registrations, make a\n"
	    "   New registration (single tenant, no redirect URI).\n"
	    "2. Its API permissions > Add a permission > Microsoft Graph >\n"
	    "   Application permissions > Mail.Send, then Grant admin "
	    "consent.\n"
	    "3. Its Certificates & secrets > New client secret: copy the "
	    "Value\n"
	    "   at once, it is shown only now.\n"
	    "4. Fill in tenant_id, client_id, client_secret and from.\n"
	    "5. echo hello | post365 send -s test YOU@YOUR.DOMAIN\n",
	    name);
	ok = buf_ok(&text, e) && cli_out(buf_view(&text), e);
	buf_release(&text);
	return ok;
}

/* The owner's own place; root's is the machine's. */
static const char *
init_place(const struct config_places *places)
{
	return places->named || geteuid() != 0 ? places->item[0].p :
						 places->item[places->n - 1].p;
}

static bool
write_sample(const struct cli *c, const struct config *config,
    const struct access *access, struct err *e)
{
	struct config_places places;
	const char *name;
	struct arena mem;
	struct buf text;
	bool ok, printed;

	arena_init(&mem, TEXT_MAX);
	buf_init_secret(&text, TEXT_MAX);
	config_find(&mem, c->common.config, &places);
	ok = arena_ok(&mem, e);
	if (ok) {
		name = init_place(&places);
		printed = strcmp(name, "-") == 0;
		config_sample(config, access, printed, &text);
		ok = buf_ok(&text, e) &&
		    (printed ? cli_out(buf_view(&text), e) :
			       write_file(name, buf_view(&text), e) &&
				say_next(name, e));
	}
	buf_release(&text);
	arena_release(&mem);
	return ok;
}

static int
init(const struct cli *c)
{
	const struct config_ask ask = { .no_file = true };
	struct access access = { 0 };
	struct config config;
	struct err e, unusable;
	int code = EX_OK;

	if (config_load(&config, &ask, &c->log, &e)) {
		(void)!access_load(&access, &config, &c->log, &unusable);
		if (!write_sample(c, &config, &access, &e))
			code = cli_fail(c, &e);
	} else {
		code = cli_fail(c, &e);
	}
	access_release(&access);
	config_release(&config);
	return code;
}

/* clang-format off */
static const struct {
	const char *name;
	int (*run)(const struct cli *c);
} verbs[] = { { "show", show }, { "path", path }, { "init", init } };
/* clang-format on */

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

const char *
settings_word(size_t i)
{
	return i < VERBS ? verbs[i].name : NULL;
}

int
settings_main(const struct cli_command *self, int argc, char **argv)
{
	const char *verb = NULL;
	struct err e;
	struct cli c;

	cli_init(&c, self, argc, argv);
	if (!cli_operand(&c, &verb, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	for (size_t i = 0; i < VERBS; i++)
		if (verb == NULL || strcmp(verb, verbs[i].name) == 0)
			return verbs[i].run(&c);
	err_set(&e, ERR_USAGE, "\"%.60s\" is not one of show, path, init",
	    verb);
	return cli_fail(&c, &e);
}
