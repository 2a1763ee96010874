/* SPDX-License-Identifier: MIT */
#include "command/install/install.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/version.h"
#include "command/print.h"
#include "config/config.h"

enum {
	INSTALL_PATH = 4096,
	INSTALL_TEXT = 16 * 1024, /* the longest unit has 2 kB */
	INSTALL_SCRIPT_MAX = 64 * 1024,
	INSTALL_MEMORY = 1 << 20
};

enum {
	INSTALL_SENDMAIL = 1,
	INSTALL_USER,
	INSTALL_PREFIX,
	INSTALL_DESTDIR,
	INSTALL_DRY,
	INSTALL_PURGE
};

/* clang-format off */
#define INSTALL_COMMON \
	{ INSTALL_PREFIX, 0, "prefix", "DIR", \
	  "/usr/local; ~/.local for an ordinary user" }, \
	{ INSTALL_DESTDIR, 0, "destdir", "DIR", \
	  "a folder that stands for /" }, \
	{ INSTALL_DRY, 'n', "dry-run", NULL, "only lists what it would do" }, \
	{ 0, 0, NULL, NULL, NULL }
const struct cli_option install_options[] = {
	{ INSTALL_SENDMAIL, 0, "sendmail", NULL,
	  "also as sendmail, mailq and newaliases" },
	{ INSTALL_USER, 0, "user", "NAME",
	  "whose the queue is (post365); made if missing" },
	INSTALL_COMMON
};
const struct cli_option uninstall_options[] = {
	{ INSTALL_PURGE, 0, "purge", NULL,
	  "settings, journal and an empty queue, too" },
	INSTALL_COMMON
};
/* clang-format on */

struct install {
	const char *verb, *self; /* its path */
	const char *prefix, *destdir, *user;
	bool sendmail, dry, purge;
	bool own; /* not for the machine: for an ordinary user */
};

static bool
install_take(void *arg, int id, const char *value, struct err *e)
{
	struct install *in = arg;

	if (id == INSTALL_SENDMAIL)
		in->sendmail = true;
	else if (id == INSTALL_USER)
		in->user = value;
	else if (id == INSTALL_PREFIX)
		in->prefix = value;
	else if (id == INSTALL_DESTDIR)
		in->destdir = value;
	else if (id == INSTALL_DRY)
		in->dry = true;
	else if (id == INSTALL_PURGE)
		in->purge = true;
	else
		return err_set(e, ERR_USAGE, "\"%.60s\": it takes no operand",
		    value);
	return true;
}

/* Its length without slashes at the end. */
static size_t
install_trim(const char *path)
{
	size_t n = str_of(path).n;

	while (n > 0 && path[n - 1] == '/')
		n--;
	return n;
}

/* An ordinary user may fill a DESTDIR, as packages are made. */
static bool
install_settle(struct install *in, struct arena *mem, struct err *e)
{
	const char *home = getenv("HOME");
	char here[INSTALL_PATH] = "";

	if (in->destdir != NULL && in->destdir[0] == '\0')
		return err_set(e, ERR_USAGE, "--destdir: it is empty");
	if (in->destdir != NULL && install_trim(in->destdir) == 0)
		in->destdir = NULL; /* this machine */
	in->own = geteuid() != 0 && in->destdir == NULL;
	if (in->own && (in->sendmail || in->user != NULL)) {
		err_set(e, ERR_USAGE, "%s: only root can do that",
		    in->sendmail ? "--sendmail" : "--user");
		return err_remedy(e, "sudo %s install%s", in->self,
		    in->sendmail ? " --sendmail" : "");
	}
	if (in->own && (home == NULL || home[0] != '/'))
		return err_set(e, ERR_CONFIG, "HOME names no folder");
	if (in->prefix == NULL)
		in->prefix = !in->own ? "/usr/local" :
					arena_fmt(mem, "%s/.local", home).p;
	if (in->destdir == NULL)
		in->destdir = "";
	else if (in->destdir[0] != '/' && getcwd(here, sizeof(here)) != NULL)
		in->destdir = arena_fmt(mem, "%s/%s", here, in->destdir).p;
	return arena_ok(mem, e);
}

static bool
install_tell(const char *name, struct str value, struct err *e)
{
	if (setenv(name, value.n > 0 ? value.p : "", 1) == 0)
		return true;
	return err_sys(e, ERR_RETRY, "%s", name);
}

/* The units, by names that install.sh has for them. */
static bool
install_tell_units(const struct print_names *names, struct err *e)
{
	static const char *const unit[][2] = {
		{ "in_service", "service" },
		{ "in_timer", "timer" },
		{ "in_relay", "relay-service" },
		{ "in_socket", "relay-socket" },
		{ "in_openrc", "openrc" },
		{ "in_cron", "cron" },
	};
	struct buf text;
	bool ok = true;

	buf_init(&text, INSTALL_TEXT);
	for (size_t i = 0; ok && i < sizeof(unit) / sizeof(*unit); i++) {
		buf_reset(&text);
		ok = print_file(unit[i][1], names, &text, e) &&
		    buf_ok(&text, e) &&
		    install_tell(unit[i][0], buf_view(&text), e);
	}
	buf_release(&text);
	return ok;
}

static struct str
install_own_folder(struct arena *mem)
{
	const char *folder = getenv("XDG_CONFIG_HOME");

	return folder != NULL && folder[0] == '/' ?
	    str_of(folder) :
	    arena_fmt(mem, "%s/.config", getenv("HOME"));
}

static bool
install_tell_all(const struct install *in, const struct print_names *names,
    struct arena *mem, struct err *e)
{
	struct str folder = in->own ? install_own_folder(mem) : STR("/etc");
	const char *units = in->own ? "user" : "system";
	const struct {
		const char *name;
		struct str value;
	} word[] = {
		{ "in_verb", str_of(in->verb) },
		{ "in_self", str_of(in->self) },
		{ "in_version", STR(VERSION) },
		{ "in_prefix", str_of(in->prefix) },
		{ "in_dest", str_of(in->destdir) },
		{ "in_user", names->user },
		{ "in_spool", names->spool },
		{ "in_state", names->state },
		{ "in_config", arena_fmt(mem, "%s/post365", folder.p) },
		{ "in_units",
		    arena_fmt(mem, "%s/systemd/%s", folder.p, units) },
		{ "in_own", in->own ? STR("yes") : STR("") },
		{ "in_mail", in->sendmail ? STR("yes") : STR("") },
		{ "in_dry", in->dry ? STR("yes") : STR("") },
		{ "in_purge", in->purge ? STR("yes") : STR("") },
	};

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (!install_tell(word[i].name, word[i].value, e))
			return false;
	return arena_ok(mem, e) && install_tell_units(names, e);
}

/* Those of this machine, or of the user; none, if it has none yet. */
static bool
install_load(const struct install *in, const struct cli *c,
    struct config *config, struct err *e)
{
	struct config_ask ask = { .path = c->common.config };
	struct os_stat st;
	struct err unsaid;

	if (in->destdir[0] != '\0')
		return true;
	if (!in->own && ask.path == NULL) {
		ask.no_file = !os_stat_path(PRINT_MACHINE, &st, &unsaid);
		ask.path = ask.no_file ? NULL : PRINT_MACHINE;
	}
	return config_load_readable(config, &ask, &c->log, e);
}

/* What the units name. */
static bool
install_find_names(const struct install *in, const struct config *config,
    struct print_names *names, struct arena *mem, struct err *e)
{
	names->spool = STR("/var/spool/post365");
	names->state = STR("/var/lib/post365");
	names->user = STR("post365");
	if (in->destdir[0] == '\0' && !print_find_names(names, config, mem, e))
		return false;
	if (in->user != NULL)
		names->user = str_of(in->user);
	return print_is_plain(names->user) ||
	    err_set(e, ERR_USAGE, "--user %.60s: cannot be a user's name",
		in->user);
}

static bool
install_check_prefix(const struct install *in, struct err *e)
{
	if (print_is_path(str_of(in->prefix)))
		return true;
	err_set(e, ERR_USAGE, "--prefix %.200s: cannot stand in a unit",
	    in->prefix);
	return err_remedy(e,
	    "give one that begins with / and has letters, digits and ._-+ "
	    "only");
}

/* All that the script has to know goes into the environment. */
static bool
install_prepare(struct install *in, const struct cli *c, struct err *e)
{
	struct print_names names = { .own = false };
	struct config config = { 0 };
	struct arena mem;
	bool ok;

	arena_init(&mem, INSTALL_MEMORY);
	ok = install_settle(in, &mem, e) && install_check_prefix(in, e) &&
	    install_load(in, c, &config, e);
	if (ok) {
		in->prefix = arena_fmt(&mem, "%.*s",
		    (int)install_trim(in->prefix), in->prefix)
				 .p;
		names.own = in->own;
		names.root = names.installed = !in->own;
		names.program = arena_fmt(&mem, "%s/bin/post365", in->prefix).p;
		ok = install_find_names(in, &config, &names, &mem, e) &&
		    install_tell_all(in, &names, &mem, e);
	}
	config_release(&config);
	arena_release(&mem);
	return ok;
}

/* Returns only if it cannot. */
static void
install_become_script(const struct install *in, struct err *e)
{
	char shell[] = "/bin/sh", option[] = "-c", name[] = "post365";
	char *argv[] = { shell, option, NULL, name, NULL };
	struct buf script;

	buf_init(&script, INSTALL_SCRIPT_MAX);
	packed_add(TEXT_INSTALL, &script);
	if (!buf_ok(&script, e)) {
		buf_release(&script);
		return;
	}
	argv[2] = script.p;
	/* main ignores them, and what a shell finds ignored stays so */
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)execv(shell, argv);
	err_sys(e, ERR_CONFIG, "cannot run /bin/sh");
	err_remedy(e, "copy %s by hand: this machine has no shell", in->self);
	buf_release(&script);
}

int
install_main(const struct cli_command *self, int argc, char **argv)
{
	char path[INSTALL_PATH] = "";
	struct install in = { .verb = self->name, .self = path };
	struct err e = { 0 };
	struct cli c;

	cli_init(&c, self, argc, argv);
	if (!cli_each(&c, install_take, &in, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		err_sys(&e, ERR_CONFIG, "cannot find my own file: /proc");
	else if (install_prepare(&in, &c, &e))
		install_become_script(&in, &e);
	return cli_fail(&c, &e);
}
