/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "command.h"
#include "command/config/settings.h"
#include "command/send/send.h"
#include "t.h"

static int
run_nothing(const struct cli_command *self, int argc, char **argv)
{
	struct err e;
	struct cli c;
	const char *value;
	int id;

	cli_init(&c, self, argc, argv);
	do {
		if (!cli_next(&c, &id, &value, &e))
			return cli_fail(&c, &e);
	} while (id != CLI_END);
	if (c.common.help)
		return cli_help(self);
	log_warn(&c.log, "a warning");
	log_trace(&c.log, "a step");
	return 0;
}

/* clang-format off */
static const struct cli_option options[] = {
	{ 1, 's', "subject", "TEXT", "what it is about" },
	{ 2, 'n', "dry-run", NULL, "print only" },
	{ 3, 0, "json", NULL, "as JSON" },
	{ 4, 'q', "own-q", NULL, "takes a common letter" },
	{ 5, 'a', "attach", "FILE[;type=T][;name=N]", "an attachment" },
	{ 0, 0, NULL, NULL, NULL }
};
static const struct cli_command command = {
	"try", run_nothing, "[WORD...]", "Tries options.", options,
	TEXT_HELP_UNINSTALL, NULL
};

/* want: "id=value" of each step, commas between; or the message. */
static const struct {
	const char *name;
	const char *argv[8];
	bool ok;
	const char *want, *remedy;
} cases[] = {
	{ "nothing", { NULL }, true, "", NULL },
	{ "operands mix", { "a", "-n", "b" }, true, "0=a,2,0=b", NULL },
	{ "long", { "--subject", "x", "--json" }, true, "1=x,3", NULL },
	{ "long with =", { "--subject=a=b" }, true, "1=a=b", NULL },
	{ "long empty", { "--subject=" }, true, "1=", NULL },
	{ "attached", { "-sx" }, true, "1=x", NULL },
	{ "bundle", { "-nnsx" }, true, "2,2,1=x", NULL },
	{ "bundle, next", { "-ns", "-n" }, true, "2,1=-n", NULL },
	{ "empty value", { "-s", "" }, true, "1=", NULL },
	{ "dash operand", { "-", "-s", "-" }, true, "0=-,1=-", NULL },
	{ "end", { "-n", "--", "-n", "--" }, true, "2,0=-n,0=--", NULL },
	{ "end as value", { "-s", "--", "-n" }, true, "1=--,2", NULL },
	{ "own letter", { "-q" }, true, "4", NULL },
	{ "common", { "-v", "-C", "f", "--account=b", "x" }, true, "0=x",
	  NULL },
	{ "common in bundle", { "-nvCf", "x" }, true, "2,0=x", NULL },
	{ "help ends", { "x", "-h", "--nonsense" }, true, "0=x", NULL },
	{ "unknown", { "--sbject" }, false, "unknown option --sbject",
	  "did you mean --subject?" },
	{ "unknown common", { "--verbos" }, false, "unknown option --verbos",
	  "did you mean --verbose?" },
	{ "unknown, =", { "--frm=x" }, false, "unknown option --frm", "" },
	{ "unknown letter", { "-nx" }, false, "unknown option -x", "" },
	{ "not ASCII", { "-\303\244" }, false, "unknown option -\303\244",
	  "" },
	{ "not UTF-8", { "-\377" }, false, "unknown option -", "" },
	{ "cut UTF-8", { "-\303" }, false, "unknown option -?", "" },
	{ "no value", { "--subject" }, false, "option --subject needs TEXT",
	  "" },
	{ "no value, letter", { "-s" }, false, "option -s needs TEXT", "" },
	{ "settings of no name", { "-C", "", "x" }, false,
	  "--config names no file", "name the settings file, or "
	  "leave the option out for the usual one" },
	{ "settings of no name, long", { "--config=" }, false,
	  "--config names no file", "name the settings file, or "
	  "leave the option out for the usual one" },
	{ "value too many", { "--json=yes" }, false,
	  "option --json takes no value", "" },
};

static const struct {
	const char *word, *want;
} nears[] = {
	{ "subject", "subject" }, { "sbject", "subject" },
	{ "usbject", "subject" }, { "subjects", "subject" },
	{ "sub", "subject" }, { "atach", "attach" },
	{ "attachment", "attach" }, { "s", NULL }, { "", NULL },
	{ "xyzzy", NULL }, { "frm", "from" }, { "form", "from" },
	{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", NULL },
};
/* clang-format on */

static bool
write_down(void *arg, int id, const char *value, struct err *e)
{
	struct buf *got = arg;

	(void)e;
	buf_addf(got, "%s%d%s%s", got->n > 0 ? "," : "", id,
	    value != NULL ? "=" : "", value != NULL ? value : "");
	return true;
}

static void
test_next(void)
{
	char *argv[10];
	struct buf got;
	struct err e;
	struct cli c;
	bool ok;
	int argc;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		argv[0] = strdup("try");
		for (argc = 1; cases[i].argv[argc - 1] != NULL; argc++)
			argv[argc] = strdup(cases[i].argv[argc - 1]);
		argv[argc] = NULL;
		buf_init(&got, 1000);
		cli_init(&c, &command, argc, argv);
		ok = cli_each(&c, write_down, &got, &e);
		if (!ok) {
			buf_reset(&got);
			buf_addz(&got, e.msg);
			T_CHECK(e.kind == ERR_USAGE, "%s", cases[i].name);
			T_CHECK(strcmp(e.remedy, cases[i].remedy) == 0,
			    "%s: %s", cases[i].name, e.remedy);
		}
		T_CHECK(ok == cases[i].ok, "%s: %s", cases[i].name, e.msg);
		T_CHECK(str_eq(buf_view(&got), str_of(cases[i].want)),
		    "%s: %.*s", cases[i].name, STR_ARG(buf_view(&got)));
		buf_release(&got);
		while (argc > 0)
			free(argv[--argc]);
	}
}

static void
test_nearest(void)
{
	static const char *const words[] = { "from", "subject", "attach",
		NULL };
	const char *got;

	for (size_t i = 0; i < sizeof(nears) / sizeof(*nears); i++) {
		got = cli_nearest(str_of(nears[i].word), words);
		T_CHECK(str_eq(str_of(got), str_of(nears[i].want)), "%s: %s",
		    nears[i].word, got != NULL ? got : "none");
	}
}

static void
test_operand(void)
{
	static const struct cli_command plain = { "try", run_nothing, "",
		"Tries operands.", NULL, TEXT_NONE, NULL };
	char *argv[] = { (char[]){ "try" }, (char[]){ "a" }, (char[]){ "b" } };
	const char *one = NULL;
	struct err e = { 0 };
	struct cli c;

	cli_init(&c, &plain, 1, argv);
	T_CHECK(cli_operand(&c, NULL, &e) && cli_operand(&c, &one, &e) &&
		one == NULL,
	    "none: %s", e.msg);
	cli_init(&c, &plain, 2, argv);
	T_CHECK(cli_operand(&c, &one, &e) && one == argv[1], "one: %s", e.msg);
	cli_init(&c, &plain, 2, argv);
	T_CHECK(!cli_operand(&c, NULL, &e) && e.kind == ERR_USAGE &&
		strcmp(e.msg, "unexpected \"a\"") == 0,
	    "one too many: %s", e.msg);
	one = NULL;
	cli_init(&c, &plain, 3, argv);
	T_CHECK(!cli_operand(&c, &one, &e) && e.kind == ERR_USAGE &&
		strcmp(e.msg, "unexpected \"b\"") == 0,
	    "two: %s", e.msg);
}

static void
test_common(void)
{
	char name[] = "try", v[] = "-v", C[] = "-C", f[] = "file",
	     A[] = "--account=b", q[] = "--quiet";
	char *argv[] = { name, v, C, f, A, q, NULL };
	const char *value;
	struct err e;
	struct cli c;
	int id;

	cli_init(&c, &command, 6, argv);
	T_CHECK(c.log.level == LOG_WARN, "level before");
	T_CHECK(cli_next(&c, &id, &value, &e) && id == CLI_END, "end");
	T_CHECK(strcmp(c.common.config, "file") == 0, "config");
	T_CHECK(strcmp(c.common.account, "b") == 0, "account");
	T_CHECK(c.common.verbose && c.common.quiet, "flags");
	T_CHECK(c.log.level == LOG_NONE, "quiet wins");
	T_CHECK(strcmp(c.log.name, "post365 try: ") == 0, "%s", c.log.name);
}

/* clang-format off */
static const struct {
	const char *name;
	const char *argv[4];
	int code;
	const char *out, *err; /* NULL: not looked at */
} runs[] = {
	{ "quiet", { "--quiet" }, 0, "", "" },
	{ "usual", { NULL }, 0, "", "post365 try: a warning\n" },
	{ "verbose", { "-v" }, 0, "", "post365 try: a warning\n"
	  "post365 try: a step\n" },
	{ "mistake", { "--sbject" }, 64, "",
	  "post365 try: unknown option --sbject\n"
	  "  do: did you mean --subject?\n" },
	{ "mistake without a guess", { "-Z" }, 64, "",
	  "post365 try: unknown option -Z\n"
	  "  do: see post365 help try\n" },
	{ "mistake, quiet", { "--quiet", "-Z" }, 64, "", "" },
	{ "escape sequence", { "-\033" }, 64, "",
	  "post365 try: unknown option -?\n"
	  "  do: see post365 help try\n" },
};
/* clang-format on */

static void
test_run(void)
{
	struct command_run run = { .command = &command };
	struct command_result r;

	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		memcpy(run.argv, runs[i].argv, sizeof(runs[i].argv));
		command_run(&run, &r);
		T_CHECK(r.code == runs[i].code, "%s: %d", runs[i].name, r.code);
		T_CHECK(str_eq(buf_view(&r.out), str_of(runs[i].out)),
		    "%s: out %s", runs[i].name, r.out.p);
		T_CHECK(str_eq(buf_view(&r.err), str_of(runs[i].err)),
		    "%s: err %s", runs[i].name, r.err.p);
		command_release(&r);
	}
}

static void
test_help(void)
{
	const struct cli_command send = { "send", send_main, "[RECIPIENT...]",
		"Sends one message.", send_options, TEXT_HELP_SEND, NULL };
	const struct cli_command config = { "config", settings_main,
		"[show|path|init]", "Shows, locates or starts the settings.",
		NULL, TEXT_HELP_CONFIG, NULL };
	const struct cli_command *all[] = { &command, &send, &config };
	struct command_run run = { .argv = { "--help" } };
	struct command_result r;
	char file[64];

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		run.command = all[i];
		command_run(&run, &r);
		T_CHECK(r.code == 0 && r.err.n == 0, "%s: %d", all[i]->name,
		    r.code);
		(void)snprintf(file, sizeof(file), "cli/help-%s.want",
		    all[i]->name);
		command_golden(file, buf_view(&r.out));
		command_release(&r);
	}
}

static void
help_once(void)
{
	struct buf text;
	struct err e;

	buf_init(&text, 10000);
	cli_help_text(&command, STR("\fmore"), &text);
	T_CHECK(buf_ok(&text, &e) || e.kind == ERR_RETRY, "%s", e.msg);
	buf_release(&text);
}

static void
test_no_memory(void)
{
	t_each_allocation_fails(help_once);
}

/* What the program says of its parts is what vendor/lock builds. */
static void
test_version(void)
{
	struct buf lock;

	buf_init(&lock, 65536);
	t_read_file("vendor/lock", &lock);
	T_CHECK(str_find(buf_view(&lock),
		    STR("\nmbedtls " VERSION_MBEDTLS " ")) < lock.n,
	    "mbedTLS is not " VERSION_MBEDTLS);
	T_CHECK(str_find(buf_view(&lock), STR("\nmusl " VERSION_MUSL " ")) <
		lock.n,
	    "musl is not " VERSION_MUSL);
	buf_release(&lock);
}

static const struct t_test tests[] = {
	{ "next", test_next },
	{ "nearest", test_nearest },
	{ "operand", test_operand },
	{ "common options", test_common },
	{ "messages", test_run },
	{ "help", test_help },
	{ "no memory", test_no_memory },
	{ "version", test_version },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
