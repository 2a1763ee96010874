/* SPDX-License-Identifier: MIT */
#include "command/all.h"

#include <string.h>
#include <sysexits.h>

#include "base/version.h"
#include "command/check/check.h"
#include "command/config/settings.h"
#include "command/explain.h"
#include "command/install/install.h"
#include "command/log.h"
#include "command/manual.h"
#include "command/print.h"
#include "command/queue/queue.h"
#include "command/relay/relay.h"
#include "command/sandbox.h"
#include "command/send/send.h"
#include "command/sendmail/sendmail.h"
#include "command/token.h"
#include "command/trace.h"
#include "command/web/web.h"

enum { HELP_MAX = 16 * 1024 };

static int help_main(const struct cli_command *self, int argc, char **argv);
static int version_main(const struct cli_command *self, int argc, char **argv);

enum { VERSION_JSON = 1 };

/* clang-format off */
static const struct cli_option version_options[] = {
	{ VERSION_JSON, 0, "json", NULL, "as a JSON object" },
	{ 0, 0, NULL, NULL, NULL }
};

const struct cli_command command_all[COMMAND_ALL] = {
	{ "send", send_main, "[RECIPIENT...]",
	  "Sends one message.", send_options, TEXT_HELP_SEND, NULL },
	{ "sendmail", sendmail_main, "[RECIPIENT...]",
	  "The command line of sendmail(8), for other programs.",
	  NULL, TEXT_NONE, NULL },
	{ "relay", relay_main, "",
	  "Takes mail by SMTP, for programs and devices, and sends it.",
	  relay_options, TEXT_HELP_RELAY, NULL },
	{ "queue", queue_main, "[ACTION] [ID...]",
	  "Shows what waits, and holds, retries, drops, exports or imports it.",
	  queue_options, TEXT_HELP_QUEUE, queue_word },
	{ "web", web_main, "",
	  "A dashboard for a browser: settings, test mail, queue, log.",
	  web_options, TEXT_HELP_WEB, NULL },
	{ "log", journal_log_main, "",
	  "Shows what became of each message.", journal_log_options,
	  TEXT_HELP_LOG, NULL },
	{ "trace", trace_main, "[ID|MESSAGE-ID]",
	  "Asks Exchange whether mail was delivered.", trace_options,
	  TEXT_HELP_TRACE, NULL },
	{ "check", check_main, "",
	  "Looks at each prerequisite. Sends nothing.", check_options,
	  TEXT_HELP_CHECK, NULL },
	{ "test", test_main, "ADDRESS",
	  "Sends a test mail and reports each step.", test_options,
	  TEXT_HELP_TEST, NULL },
	{ "token", token_main, "",
	  "Prints an access token, or what it says.", token_options,
	  TEXT_HELP_TOKEN, NULL },
	{ "config", settings_main, "[ACTION] [KEY [VALUE]]",
	  "Asks for the settings, shows them, or changes one.",
	  settings_options, TEXT_HELP_CONFIG, settings_word },
	{ "explain", explain_main, "[CODE...]",
	  "Says what an error code means and what to do. Needs no network.",
	  explain_options, TEXT_HELP_EXPLAIN, NULL },
	{ "sandbox", sandbox_main, "",
	  "A local stand-in for Microsoft 365 that catches mail in a folder.",
	  sandbox_options, TEXT_HELP_SANDBOX, NULL },
	{ "print", print_main, "NAME",
	  "Prints a file for the machine, like a systemd unit.",
	  print_options, TEXT_HELP_PRINT, print_word },
	{ "install", install_main, "",
	  "Puts this file, folders, a user and units in place.",
	  install_options, TEXT_HELP_INSTALL, NULL },
	{ "uninstall", install_main, "",
	  "Undoes what install did. Never removes mail.",
	  uninstall_options, TEXT_HELP_UNINSTALL, NULL },
	{ "man", manual_main, "", "Prints the manual.", NULL,
	  TEXT_HELP_MAN, NULL },
	{ "help", help_main, "[COMMAND]",
	  "Shows the commands, or the options of one.", NULL, TEXT_NONE,
	  command_word },
	{ "version", version_main, "",
	  "Shows the versions of the program and its parts.",
	  version_options, TEXT_HELP_VERSION, NULL },
};
/* clang-format on */

const char *
command_word(size_t i)
{
	return i < COMMAND_ALL ? command_all[i].name : NULL;
}

const struct cli_command *
command_find(const char *name, struct err *e)
{
	const char *names[COMMAND_ALL + 1] = { NULL }, *near;

	for (size_t i = 0; i < COMMAND_ALL; i++) {
		if (strcmp(command_all[i].name, name) == 0)
			return &command_all[i];
		names[i] = command_all[i].name;
	}
	near = cli_nearest(str_of(name), names);
	err_set(e, ERR_USAGE, "unknown command \"%.60s\"", name);
	if (near != NULL)
		err_remedy(e, "did you mean post365 %s?", near);
	return NULL;
}

static void
list_commands(struct buf *out)
{
	buf_addz(out,
	    "post365 COMMAND [options]\n\n"
	    "Sends mail through Microsoft 365.\n\ncommands:\n");
	for (size_t i = 0; i < COMMAND_ALL; i++)
		buf_addf(out, "  %-9s %s\n", command_all[i].name,
		    command_all[i].help);
	cli_help_options("options of every command", cli_common_options, out);
	buf_addz(out,
	    "\n  echo done | post365 send -s 'backup of db1' ops@contoso.com\n"
	    "\npost365 help COMMAND shows the options of one.\n");
}

int
command_list(const struct cli *c)
{
	struct buf text;
	int code;

	buf_init(&text, HELP_MAX);
	list_commands(&text);
	code = cli_print(c, &text);
	buf_release(&text);
	return code;
}

static bool
help_take(void *arg, int id, const char *value, struct err *e)
{
	const struct cli_command **about = arg;

	(void)id; /* help has no options of its own */
	*about = command_find(value, e);
	return *about != NULL;
}

static int
help_main(const struct cli_command *self, int argc, char **argv)
{
	const struct cli_command *about = NULL;
	struct err e;
	struct cli c;

	cli_init(&c, self, argc, argv);
	if (!cli_each(&c, help_take, &about, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	/* sendmail has none of the options of every command */
	if (about != NULL && about->run == sendmail_main)
		return sendmail_help();
	return about != NULL ? cli_help(about) : command_list(&c);
}

static int
version_main(const struct cli_command *self, int argc, char **argv)
{
	struct err e;
	struct cli c;
	static const struct str json = STR_INIT(
	    "{\"version\":\"" VERSION "\",\"machine\":\"" VERSION_MACHINE
	    "\",\"mbedtls\":\"" VERSION_MBEDTLS "\",\"musl\":\"" VERSION_MUSL
	    "\"}\n");
	int option = 0;

	cli_init(&c, self, argc, argv);
	if (!cli_words(&c, NULL, &option, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	return cli_out(option == VERSION_JSON ? json : STR(VERSION_LINE), &e) ?
	    EX_OK :
	    cli_fail(&c, &e);
}
