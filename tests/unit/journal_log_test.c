/* SPDX-License-Identifier: MIT */
#include "command/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "store/journal.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static const struct cli_command command = { "log", journal_log_main, "", "",
	journal_log_options, journal_log_more, NULL };

static struct str one[] = { STR_INIT("a@example.org") };
static struct str two[] = { STR_INIT("a@example.org"),
	STR_INIT("b\033[1m@example.org") };

static const struct journal_line lines[] = {
	{ .time = 1795469834,
	    .id = STR_INIT("6742F3A05C81B7E0"),
	    .message_id = STR_INIT("<1@example.com>"),
	    .from = STR_INIT("app@example.com"),
	    .to = one,
	    .to_n = 1,
	    .size = 1000,
	    .via = STR_INIT("mime"),
	    .status = 202,
	    .ms = 300,
	    .attempt = 1,
	    .verdict = STR_INIT("sent") },
	{ .time = 1795469900,
	    .id = STR_INIT("6742F3A15C81B7E1"),
	    .to = two,
	    .to_n = 2,
	    .size = 500,
	    .status = 503,
	    .code = STR_INIT("ErrorServerBusy"),
	    .ms = 100,
	    .attempt = 2,
	    .next = 1795470200,
	    .verdict = STR_INIT("later"),
	    .reason = STR_INIT("graph.microsoft.com answered 503") },
	{ .time = 1795469999,
	    .id = STR_INIT("6742F3A05C81B7E0"),
	    .from = STR_INIT("web@example.com"),
	    .to = one,
	    .to_n = 1,
	    .subject = STR_INIT("Backup"),
	    .verdict = STR_INIT("dropped"),
	    .reason = STR_INIT("post365 queue drop, by user 0") },
};

/* clang-format off */
#define L1 "2026-11-23 22:37:14 6742F3A05C81B7E0 sent app@example.com -> " \
	"a@example.org mime 202 300 ms try 1\n"
#define L2 "2026-11-23 22:38:20 6742F3A15C81B7E1 later <> -> " \
	"a@example.org +1 503 ErrorServerBusy 100 ms try 2 next " \
	"2026-11-23 22:43:20: graph.microsoft.com answered 503\n"
#define L3 "2026-11-23 22:39:59 6742F3A05C81B7E0 dropped web@example.com " \
	"-> a@example.org \"Backup\": post365 queue drop, by user 0\n"

static const struct {
	const char *name, *argv[8];
	int code;
	const char *out; /* "~": begins so; "!": on standard error */
} rows[] = {
	{ "all", { NULL }, 0, L1 L2 L3 },
	{ "failed", { "--failed" }, 0, L2 L3 },
	{ "id", { "--id", "6742f3a0" }, 0, L1 L3 },
	{ "from", { "--from", "WEB@" }, 0, L3 },
	{ "to", { "--to", "b" }, 0, L2 },
	{ "message-id", { "--message-id", "1@example.com" }, 0, L1 },
	{ "since", { "--since", "2026-11-23T21:38:20Z" }, 0, L2 L3 },
	{ "since, local", { "--since", "2026-11-23 22:38:20" }, 0, L2 L3 },
	{ "since long", { "--since", "3650d", "-n1" }, 0, L3 },
	{ "until", { "--until", "2026-11-23T21:38:20Z" }, 0, L1 L2 },
	{ "until, local", { "--until", "2026-11-23 22:38" }, 0, L1 },
	{ "a day", { "--since", "2026-11-23", "--until", "2026-11-23" }, 0,
	  L1 L2 L3 },
	{ "the day before",
	  { "--since", "2026-11-22", "--until", "2026-11-22" },
	  0, "" },
	{ "code", { "--code", "errorserverbusy" }, 0, L2 },
	{ "code, status", { "--code", "202" }, 0, L1 },
	{ "subject", { "--subject", "BACK" }, 0, L3 },
	{ "person", { "--person", "app@" }, 0, L1 },
	{ "person, recipient", { "--person", "a@example.org" }, 0, L1 L2 L3 },
	{ "verdict", { "--verdict", "later" }, 0, L2 },
	{ "all", { "--person=a@", "--code=5", "--verdict=later",
	    "--until=2026-11-23", "--since=2026-11-23" }, 0, L2 },
	{ "all but one", { "--person=a@", "--code=5", "--verdict=sent" }, 0,
	  "" },
	{ "none, said what", { "--verdict", "xyz" }, 0,
	  "!nothing about xyz in /" },
	{ "none until, said", { "--until", "2020-01-01" }, 0,
	  "!nothing like that in /" },
	{ "last", { "-n", "2" }, 0, L2 L3 },
	{ "skip", { "-n", "1", "--skip", "1" }, 0, L2 },
	{ "skip, the rest", { "-n", "5", "--skip", "1" }, 0, L1 L2 },
	{ "skip, all", { "-n", "5", "--skip", "3" }, 0,
	  "!nothing like that in /" },
	{ "skip, some", { "-n", "5", "--skip", "1", "--failed" }, 0, L2 },
	{ "skip alone", { "--skip", "1" }, 64, "!--skip goes with -n only" },
	{ "bad skip", { "--skip", "x" }, 64, "!--skip \"x\" is not 1 to" },
	{ "bad until", { "--until", "x" }, 64, "!--until \"x\" is not a time" },
	{ "last and more", { "-n", "20", "--id", "6742F3A0" }, 0, L1 L3 },
	{ "none", { "--from", "nobody" }, 0, "" },
	{ "none, said", { "--id", "zzz" }, 0, "!nothing about zzz in /" },
	{ "none since, said", { "--since", "now" }, 0,
	  "!nothing like that in /" },
	{ "json", { "--json", "-n1" }, 0,
	  "{\"time\":\"2026-11-23T21:39:59Z\",\"id\":\"6742F3A05C81B7E0\","
	  "\"subject\":\"Backup\",\"from\":\"web@example.com\","
	  "\"to\":[\"a@example.org\"],"
	  "\"verdict\":\"dropped\",\"reason\":\"post365 queue drop, "
	  "by user 0\"}\n" },
	{ "stats", { "--stats" }, 0, "3 attempts\n  sent 1\n  later 1\n"
	  "  dropped 1\ncodes\n  ErrorServerBusy 1\n"
	  "1000 bytes sent, 200 ms on average, 300 at most\n" },
	{ "stats of some", { "--stats", "--failed", "--json" }, 0,
	  "{\"attempts\":2,\"bytes\":0,\"ms_average\":100,"
	  "\"ms_longest\":100,\"verdicts\":{\"later\":1,\"dropped\":1},"
	  "\"codes\":{\"ErrorServerBusy\":1}}\n" },
	{ "bad since", { "--since", "x" }, 64, "!--since \"x\" is not a time" },
	{ "bad since, beyond", { "--since", "9999d" }, 64, "!is not a time" },
	{ "bad n", { "-n", "0" }, 64, "!-n \"0\" is not 1 to 100000" },
	{ "operand", { "x" }, 64, "!unexpected \"x\"" },
	{ "both", { "--follow", "--stats" }, 64, "!do not go together" },
	{ "follow until", { "--follow", "--until", "now" }, 64,
	  "!--follow and --until do not go together" },
};
/* clang-format on */

static void
test_rows(void)
{
	struct command_result r;
	struct command_run run = { .command = &command };
	struct journal j;
	struct err e = { 0 };
	const char *out;

	command_clear_environment();
	(void)setenv("TZ", "XXX-1", 1);
	tzset();
	(void)setenv("POST365_STATE_DIR", command_folder(), 1);
	T_CHECK(journal_open(&j, command_folder(), "log",
		    (struct journal_options){ 65536, 1, false, false }, &e),
	    "%s", e.msg);
	for (size_t i = 0; i < N(lines); i++)
		T_CHECK(journal_add(&j, &lines[i], &e), "%s", e.msg);
	journal_close(&j);
	for (size_t i = 0; i < N(rows); i++) {
		memcpy(run.argv, rows[i].argv, sizeof(rows[i].argv));
		command_run(&run, &r);
		out = rows[i].out;
		T_CHECK(r.code == rows[i].code, "%s: exit %d: %s", rows[i].name,
		    r.code, r.err.p);
		if (*out == '!')
			T_CHECK(strstr(r.err.p, out + 1) != NULL, "%s: %s",
			    rows[i].name, r.err.p);
		else
			T_CHECK(str_eq(buf_view(&r.out), str_of(out)), "%s: %s",
			    rows[i].name, r.out.p);
		command_release(&r);
	}
	command_folder_remove();
}

/* What an envelope brought does not reach the terminal. */
static void
test_plain(void)
{
	const struct json *tree;
	struct arena a;
	struct buf out;
	struct err e = { 0 };

	arena_init(&a, 65536);
	buf_init(&out, 1000);
	T_CHECK(json_parse(&a,
		    STR("{\"from\":\"a\\u001b[2J\\n\",\"to\":[\"\\r\"],"
			"\"verdict\":[1],\"status\":\"x\"}"),
		    &tree, &e),
	    "%s", e.msg);
	journal_log_line(&out, tree);
	T_CHECK(str_eq(buf_view(&out), STR(" - a?[2J? -> ?\n")), "%s", out.p);
	buf_release(&out);
	arena_release(&a);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "plain text", test_plain },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
