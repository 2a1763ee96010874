/* SPDX-License-Identifier: MIT */
#include "command/print.h"

#include <stdio.h>

#include "command.h"
#include "command/print_text.h"
#include "t.h"

static const struct cli_command print = { "print", print_main, "NAME",
	"Prints a file for the machine, like a systemd unit.", print_options,
	TEXT_HELP_PRINT, print_word };

static const struct print_names usual = { .program = "/opt/post365",
	.spool = STR_INIT("/var/spool/post365"),
	.state = STR_INIT("/var/lib/post365"),
	.user = STR_INIT("post365"),
	.root = true };

static void
check_golden(const char *name, const struct print_names *names,
    const char *suffix)
{
	char file[64];
	struct buf out;
	struct err e;

	buf_init(&out, 10000);
	T_CHECK(print_file(name, names, &out, &e), "%s: %s", name, e.msg);
	(void)snprintf(file, sizeof(file), "print/%s%s.want", name, suffix);
	command_golden(file, buf_view(&out));
	buf_release(&out);
}

static void
test_files(void)
{
	for (size_t i = 0; i < PRINT_TEXTS; i++)
		check_golden(print_texts[i].name, &usual, "");
}

static void
test_own(void)
{
	static const char *const names[] = { "timer", "service",
		"relay-service", "relay-socket" };
	struct print_names own = usual;

	own.own = true;
	own.root = false;
	own.config = STR("/home/a/.config/post365/config");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		check_golden(names[i], &own, "-own");
}

/* What is named stands where it has to. */
static const struct {
	const char *name, *file;
	struct print_names names;
	const char *want; /* NULL: not in it */
	const char *unwanted;
} named[] = {
	/* clang-format off */
	{ "the settings", "relay-service",
	  { "/p", STR_INIT("/etc/m.conf"), STR_INIT("/s"), STR_INIT("/t"),
	    STR_INIT("u"), false, true, false, STR_INIT("") },
	  "ExecStart=/p -C /etc/m.conf relay\n", "post365/config" },
	{ "who reads them", "relay-service",
	  { "/p", STR_INIT("/etc/m.conf"), STR_INIT("/s"), STR_INIT("/t"),
	    STR_INIT("u"), false, true, false, STR_INIT("") },
	  "# chgrp u /etc/m.conf && chmod 640 /etc/m.conf\n", "" },
	{ "the usual ones", "relay-service",
	  { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT("/t"), STR_INIT("u"),
	    false, true, false, STR_INIT("") },
	  "# chgrp u /etc/post365/config && ", " -C " },
	{ "folders", "relay-service",
	  { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT("/t"), STR_INIT("u"),
	    false, true, false, STR_INIT("") },
	  "ReadWritePaths=/s /t ", "/var/" },
	{ "for another process the same", "relay-service",
	  { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT("/t"), STR_INIT("u"),
	    false, true, false, STR_INIT("") },
	  "Environment=POST365_SPOOL_DIR=/s\n", "~" },
	{ "a user that is there", "relay-service",
	  { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT("/t"),
	    STR_INIT("1000"), false, false, false, STR_INIT("") },
	  "User=1000\n", "useradd" },
	{ "cron", "cron",
	  { "/p", STR_INIT("/c"), STR_INIT(""), STR_INIT(""), STR_INIT("u"),
	    false, true, false, STR_INIT("") },
	  "root /p -C /c -q queue run\n", "" },
	{ "openrc", "openrc",
	  { "/p", STR_INIT("/c"), STR_INIT("/s"), STR_INIT("/t"),
	    STR_INIT("u"), false, true, false, STR_INIT("") },
	  "command_args=\" -C /c relay\"\ncommand_user=u\n", "" },
	{ "the timer is the user's", "service",
	  { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT("/t"), STR_INIT("u"),
	    false, true, true, STR_INIT("") },
	  "User=u\nEnvironment=POST365_SPOOL_DIR=/s POST365_STATE_DIR=/t\n",
	  "useradd" },
	{ "and waits for settings", "service",
	  { "/p", STR_INIT("/c"), STR_INIT("/s"), STR_INIT("/t"),
	    STR_INIT("u"), false, true, true, STR_INIT("") },
	  "ConditionPathExists=/c\n", "" },
	{ "so does the relay, whose user is there", "relay-service",
	  { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT("/t"), STR_INIT("u"),
	    false, true, true, STR_INIT("") },
	  "ConditionPathExists=/etc/post365/config\n", "useradd" },
	/* clang-format on */
};

static void
test_named(void)
{
	struct buf out;
	struct err e;

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		buf_init(&out, 10000);
		T_CHECK(print_file(named[i].file, &named[i].names, &out, &e),
		    "%s: %s", named[i].name, e.msg);
		T_CHECK(str_find(buf_view(&out), str_of(named[i].want)) < out.n,
		    "%s: %.*s", named[i].name, STR_ARG(buf_view(&out)));
		T_CHECK(named[i].unwanted[0] == '\0' ||
			str_find(buf_view(&out), str_of(named[i].unwanted)) >=
			    out.n,
		    "%s: %.*s", named[i].name, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

/* A path that would need quotes is not written into a root's file. */
static void
test_program(void)
{
	static const struct {
		const char *program, *want;
	} rows[] = {
		{ "/opt/a_b-1.2+/post365", "root /opt/a_b-1.2+/post365 -q" },
		{ "/opt/a b/post365", "root /usr/local/bin/post365 -q" },
		{ "/opt/$x/post365", "root /usr/local/bin/post365 -q" },
		{ "", "root /usr/local/bin/post365 -q" },
		{ "/opt/%h\n* * * * * root x",
		    "root /usr/local/bin/post365 -q" },
	};
	struct print_names names = usual;
	struct buf out;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&out, 10000);
		names.program = rows[i].program;
		T_CHECK(print_file("cron", &names, &out, &e) &&
			str_find(buf_view(&out), str_of(rows[i].want)) < out.n,
		    "row %zu: %.*s", i, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

/* Of folders and settings there is no usual one to fall back to. */
static void
test_unplain(void)
{
	static const struct {
		struct print_names names;
		const char *says;
	} rows[] = {
		{ { "/p", STR_INIT(""), STR_INIT("/a b"), STR_INIT("/t"),
		      STR_INIT("u"), false, true, false, STR_INIT("") },
		    "spool_dir \"/a b\"" },
		{ { "/p", STR_INIT(""), STR_INIT("/s"), STR_INIT(""),
		      STR_INIT("u"), false, true, false, STR_INIT("") },
		    "state_dir \"\"" },
		{ { "/p", STR_INIT("here"), STR_INIT("/s"), STR_INIT("/t"),
		      STR_INIT("u"), false, true, false, STR_INIT("") },
		    "the settings' file \"here\"" },
		{ { "/p", STR_INIT("/a%h"), STR_INIT("/s"), STR_INIT("/t"),
		      STR_INIT("u"), false, true, false, STR_INIT("") },
		    "the settings' file \"/a%h\"" },
	};
	struct buf out;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&out, 10000);
		T_CHECK(!print_file("relay-service", &rows[i].names, &out, &e),
		    "row %zu", i);
		T_CHECK(e.kind == ERR_CONFIG &&
			str_find(str_of(e.msg), str_of(rows[i].says)) == 0 &&
			e.remedy[0] != '\0',
		    "row %zu: %s", i, e.msg);
		buf_release(&out);
	}
}

static const struct {
	const char *name;
	struct command_run run;
	int code;
	const char *out, *err; /* somewhere in it */
} rows[] = {
	/* clang-format off */
	{ "cron", { &print, { "cron" }, { 0 } }, 0, "-q queue run\n", "" },
	{ "help", { &print, { "--help" }, { 0 } }, 0, "a systemd timer", "" },
	{ "nothing", { &print, { NULL }, { 0 } }, 64, "", "print what?" },
	{ "unknown", { &print, { "timr" }, { 0 } }, 64, "",
	  "did you mean timer?" },
	{ "far off", { &print, { "xxxxxxxx" }, { 0 } }, 64, "",
	  "post365 print --help lists" },
	{ "own", { &print, { "--user", "timer" }, { 0 } }, 0,
	  "# ~/.config/systemd/user/post365-queue.timer\n", "" },
	{ "no such settings", { &print, { "-C", "/nowhere/x", "timer" },
	  { 0 } }, 78, "", "/nowhere/x" },
	{ "two", { &print, { "timer", "cron" }, { 0 } }, 64, "",
	  "no \"timer-cron\" to print" },
	{ "two words, one name", { &print, { "man", "sendmail" }, { 0 } }, 0,
	  ".Dt POST365-SENDMAIL 8", "" },
	/* clang-format on */
};

static void
test_command(void)
{
	struct command_result r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		command_run(&rows[i].run, &r);
		T_CHECK(r.code == rows[i].code, "%s: %d", rows[i].name, r.code);
		T_CHECK(rows[i].out[0] != '\0' ?
			str_find(buf_view(&r.out), str_of(rows[i].out)) <
			    r.out.n :
			r.out.n == 0,
		    "%s: %.*s", rows[i].name, STR_ARG(buf_view(&r.out)));
		T_CHECK(rows[i].err[0] != '\0' ?
			str_find(buf_view(&r.err), str_of(rows[i].err)) <
			    r.err.n :
			r.err.n == 0,
		    "%s: %.*s", rows[i].name, STR_ARG(buf_view(&r.err)));
		command_release(&r);
	}
}

static const struct t_test tests[] = {
	{ "files", test_files },
	{ "own", test_own },
	{ "named", test_named },
	{ "unplain", test_unplain },
	{ "program", test_program },
	{ "command", test_command },
};

int
main(void)
{
	command_clear_environment();
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
