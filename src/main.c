/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/version.h"
#include "cli/cli.h"
#include "command/check.h"
#include "command/config.h"
#include "command/explain.h"
#include "command/log.h"
#include "command/print.h"
#include "command/queue/queue.h"
#include "command/relay/relay.h"
#include "command/sandbox.h"
#include "command/send/send.h"
#include "command/sendmail/sendmail.h"
#include "command/token.h"

enum { HELP_MAX = 16 * 1024 };

static int help_main(const struct cli_command *self, int argc, char **argv);
static int version_main(const struct cli_command *self, int argc, char **argv);

/* clang-format off */
static const struct cli_command commands[] = {
	{ "send", send_main, "[RECIPIENT...]",
	  "Sends one message.", send_options, send_more },
	{ "sendmail", sendmail_main, "[RECIPIENT...]",
	  "The command line of sendmail(8), for other programs.", NULL, NULL },
	{ "relay", relay_main, "",
	  "Takes mail by SMTP, for programs and devices, and sends it.",
	  relay_options, relay_more },
	{ "queue", queue_main, "[ACTION] [ID...]",
	  "Shows what waits, and holds, retries, drops, exports or imports it.",
	  queue_options, queue_more },
	{ "log", journal_log_main, "",
	  "Shows what became of each message.", journal_log_options,
	  journal_log_more },
	{ "check", check_main, "",
	  "Tries each prerequisite in order. Sends nothing.", NULL,
	  check_more },
	{ "test", test_main, "ADDRESS",
	  "Sends a test mail and reports each step.", NULL, test_more },
	{ "token", token_main, "",
	  "Prints an access token, or what it says.", token_options,
	  token_more },
	{ "config", settings_main, "[show|path|init]",
	  "Shows, locates or starts the settings.", NULL, settings_more },
	{ "explain", explain_main, "[CODE...]",
	  "Says what an error code means and what to do. Needs no network.",
	  explain_options, explain_more },
	{ "sandbox", sandbox_main, "",
	  "A local stand-in for Microsoft 365 that catches mail in a folder.",
	  sandbox_options, sandbox_more },
	{ "print", print_main, "NAME",
	  "Prints a file for the machine, like a systemd unit.",
	  print_options, print_more },
	{ "help", help_main, "[COMMAND]",
	  "Shows the commands, or the options of one.", NULL, NULL },
	{ "version", version_main, "",
	  "Shows the versions of the program and its parts.", NULL, NULL },
};

enum { VERSION_ASKED = 1 };
static const struct cli_option program_options[] = {
	{ VERSION_ASKED, 0, "version", NULL, "as the command version" },
	{ 0, 0, NULL, NULL, NULL }
};

/* The program without a command. */
static const struct cli_command program = {
	"", help_main, "COMMAND", "", program_options, NULL
};
/* clang-format on */

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static const struct cli_command *
find_command(const char *name, struct err *e)
{
	const char *names[COMMANDS + 1] = { NULL }, *near;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		names[i] = commands[i].name;
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
	for (size_t i = 0; i < COMMANDS; i++)
		buf_addf(out, "  %-9s %s\n", commands[i].name,
		    commands[i].help);
	buf_addz(out, "\npost365 help COMMAND shows the options of one.\n");
}

static int
help_all(const struct cli *c)
{
	struct buf text;
	int code;

	buf_init(&text, HELP_MAX);
	list_commands(&text);
	code = cli_print(c, &text);
	buf_release(&text);
	return code;
}

static int
help_main(const struct cli_command *self, int argc, char **argv)
{
	const struct cli_command *about = NULL;
	const char *value;
	struct err e;
	struct cli c;
	int id;

	cli_init(&c, self, argc, argv);
	for (;;) {
		if (!cli_next(&c, &id, &value, &e))
			return cli_fail(&c, &e);
		if (id == CLI_END)
			break;
		about = find_command(value, &e);
		if (about == NULL)
			return cli_fail(&c, &e);
	}
	if (c.common.help)
		return cli_help(self);
	/* sendmail has none of the options of every command */
	if (about != NULL && about->run == sendmail_main)
		return sendmail_help();
	return about != NULL ? cli_help(about) : help_all(&c);
}

static int
version_main(const struct cli_command *self, int argc, char **argv)
{
	struct err e;
	struct cli c;

	cli_init(&c, self, argc, argv);
	if (!cli_operand(&c, NULL, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	return cli_out(STR(VERSION_LINE), &e) ? EX_OK : cli_fail(&c, &e);
}

/*
 * Common options may stand before the command: its word is moved to the
 * front of them, and the command reads them as its own.
 */
static int
run_command(int argc, char **argv)
{
	const struct cli_command *command;
	const char *name;
	struct err e;
	struct cli c;
	char *word;
	int id, at;

	cli_init(&c, &program, argc, argv);
	if (!cli_next(&c, &id, &name, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return help_all(&c);
	if (id == VERSION_ASKED)
		return cli_out(STR(VERSION_LINE), &e) ? EX_OK :
							cli_fail(&c, &e);
	if (id == CLI_END) {
		err_set(&e, ERR_USAGE, "no command given");
		err_remedy(&e, "post365 help lists the commands");
		return cli_fail(&c, &e);
	}
	command = find_command(name, &e);
	if (command == NULL)
		return cli_fail(&c, &e);
	at = c.at - 1;
	word = argv[at];
	memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof(*argv));
	argv[1] = word;
	return command->run(command, argc - 1, argv + 1);
}

/* Names that other mailers gave to their programs. */
static const struct cli_command programs[] = {
	{ "sendmail", sendmail_main, "", "", NULL, NULL },
	{ "send-mail", sendmail_main, "", "", NULL, NULL },
	{ "mailq", mailq_main, "", "", NULL, NULL },
	{ "newaliases", newaliases_main, "", "", NULL, NULL },
};

static int
run_program(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : argv[0];

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (argc > 0 && strcmp(programs[i].name, name) == 0)
			return programs[i].run(&programs[i], argc, argv);
	return run_command(argc, argv);
}

/* A socket must never become what a library takes for standard error. */
static void
fill_standard_streams(void)
{
	int fd;

	do {
		fd = os_open_nothing();
	} while (fd >= 0 && fd <= STDERR_FILENO);
	os_close(&fd);
}

/*
 * With the rights of another, its caller would choose where that one's secret
 * goes and which commands that one runs. (AT_SECURE is no measure: SELinux sets
 * it for an ordinary sendmail too.)
 */
static bool
is_set_id(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}

static int
refuse_set_id(int argc, char **argv)
{
	struct err e;
	struct cli c;

	cli_init(&c, &program, argc, argv);
	err_set(&e, ERR_CONFIG,
	    "this executable is set-user-ID or set-group-ID: nobody could "
	    "trust what it does");
	err_remedy(&e,
	    "chmod ug-s it, and let those who mail read the settings");
	return cli_fail(&c, &e);
}

int
main(int argc, char **argv)
{
	os_protect_tables();
	fill_standard_streams();
	if (is_set_id())
		return refuse_set_id(argc, argv);
	os_protect_secrets();
	/* both are errors of write(2) here, with a message of their own */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* a caller that ignores its children made us ignore ours */
	(void)signal(SIGCHLD, SIG_DFL);
	return run_program(argc, argv);
}
