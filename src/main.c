/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/version.h"
#include "cli/cli.h"
#include "command/all.h"
#include "command/sendmail/sendmail.h"

/* clang-format off */
enum { VERSION_ASKED = 1 };
static const struct cli_option program_options[] = {
	{ VERSION_ASKED, 0, "version", NULL, "as the command version" },
	{ 0, 0, NULL, NULL, NULL }
};

/* The program without a command. */
static const struct cli_command program = {
	"", NULL, "COMMAND", "", program_options, TEXT_NONE, NULL
};
/* clang-format on */

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
		return command_list(&c);
	if (id == VERSION_ASKED)
		return cli_out(STR(VERSION_LINE), &e) ? EX_OK :
							cli_fail(&c, &e);
	if (id == CLI_END) {
		err_set(&e, ERR_USAGE, "no command given");
		err_remedy(&e, "post365 help lists the commands");
		return cli_fail(&c, &e);
	}
	command = command_find(name, &e);
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
	{ "sendmail", sendmail_main, "", "", NULL, TEXT_NONE, NULL },
	{ "send-mail", sendmail_main, "", "", NULL, TEXT_NONE, NULL },
	{ "mailq", mailq_main, "", "", NULL, TEXT_NONE, NULL },
	{ "newaliases", newaliases_main, "", "", NULL, TEXT_NONE, NULL },
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
 * TZ=EST5EDT names a summer time and not its days: the C library has it all
 * the year then. Ours are those that glibc takes, and so date(1) and the other
 * logs of most machines. W-SU, GB-Eire and NZ-CHAT look like that, have no
 * digit there, and are the names of files.
 */
static void
add_summer_days(void)
{
	const char *zone = getenv("TZ"), *p = zone;
	char whole[64];
	size_t hours;
	bool file;

	while (p != NULL && ascii_is_alpha(*p))
		p++;
	if (p == zone)
		return;
	hours = strspn(p, "0123456789:+-");
	if (hours == 0 || p[hours] == '\0' || strpbrk(p, ",/") != NULL)
		return;
	file = !ascii_is_digit(p[hours - 1]);
	if (snprintf(whole, sizeof(whole), "%s%s%s", file ? ":" : "", zone,
		file ? "" : ",M3.2.0,M11.1.0") < (int)sizeof(whole))
		(void)setenv("TZ", whole, 1);
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
	add_summer_days();
	/* both are errors of write(2) here, with a message of their own */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* a caller that ignores its children made us ignore ours */
	(void)signal(SIGCHLD, SIG_DFL);
	return run_program(argc, argv);
}
