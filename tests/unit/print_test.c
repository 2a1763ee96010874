/* SPDX-License-Identifier: MIT */
#include "command/print.h"

#include <stdio.h>

#include "command.h"
#include "t.h"

static const struct cli_command print = { "print", print_main, "NAME",
	"Prints a file for the machine, like a systemd unit.", NULL,
	print_more };

static void
test_files(void)
{
	static const char *const names[] = { "timer", "service", "cron" };
	char file[64];
	struct buf out;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		buf_init(&out, 10000);
		T_CHECK(print_file(names[i], "/opt/post365", &out), "%s",
		    names[i]);
		(void)snprintf(file, sizeof(file), "print/%s.want", names[i]);
		command_golden(file, buf_view(&out));
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
		{ "/opt/%h\n* * * * * root x",
		    "root /usr/local/bin/post365 -q" },
	};
	struct buf out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&out, 10000);
		T_CHECK(print_file("cron", rows[i].program, &out) &&
			str_find(buf_view(&out), str_of(rows[i].want)) < out.n,
		    "row %zu: %.*s", i, STR_ARG(buf_view(&out)));
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
	  "timer, service or cron" },
	{ "two", { &print, { "timer", "cron" }, { 0 } }, 64, "",
	  "unexpected \"cron\"" },
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
	{ "program", test_program },
	{ "command", test_command },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
