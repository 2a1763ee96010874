/* SPDX-License-Identifier: MIT */
#include "command/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/date.h"
#include "command.h"
#include "command/log_days.h"
#include "store/journal.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static const struct cli_command command = { "log", journal_log_main, "", "",
	journal_log_options, TEXT_HELP_LOG, NULL };

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

#define DAYS "day        tries   sent later waits hold dead failed bounced " \
	"slowed median   p95\n"

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
	{ "days",
	  { "--days", "--since", "2026-11-22", "--until", "2026-11-23" }, 0,
	  DAYS "2026-11-22     0      0     0     0    0    0      0       0"
	  "      0      0     0\n"
	  "2026-11-23     2      1     1     0    0    0      0       0"
	  "      0    100   300\n" },
	{ "days, json",
	  { "--days", "--json", "--since", "2026-11-23", "--until",
	    "2026-11-24" }, 0,
	  "{\"day\":\"2026-11-23\",\"attempts\":2,\"sent\":1,\"later\":1,"
	  "\"account\":0,\"hold\":0,\"dead\":0,\"failed\":0,\"unknown\":0,"
	  "\"bounced\":0,\"throttled\":0,\"bytes\":1000,"
	  "\"ms_median\":100,\"ms_p95\":300}\n"
	  "{\"day\":\"2026-11-24\",\"attempts\":0,\"sent\":0,\"later\":0,"
	  "\"account\":0,\"hold\":0,\"dead\":0,\"failed\":0,\"unknown\":0,"
	  "\"bounced\":0,\"throttled\":0,\"bytes\":0,"
	  "\"ms_median\":0,\"ms_p95\":0}\n" },
	{ "days of some",
	  { "--days", "--since=2026-11-23", "--until=2026-11-23",
	    "--verdict=later" }, 0,
	  DAYS "2026-11-23     1      0     1     0    0    0      0       0"
	  "      0    100   100\n" },
	{ "days, none", { "--days", "--since=2026-11-23",
	    "--until=2026-11-22" }, 64, "!is not 1 to 3660 days" },
	{ "days, too many", { "--days", "--since", "2000-01-01" }, 64,
	  "!is not 1 to 3660 days" },
	{ "days, last", { "--days", "-n3" }, 64,
	  "!--days and -n do not go together" },
	{ "days, stats", { "--stats", "--days" }, 64,
	  "!--stats and --days do not go together" },
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

/* --- by day */

static const struct {
	const char *line; /* of the journal, without its braces */
	const char *says; /* of its day, as JSON */
} ends[] = {
	{ "\"verdict\":\"sent\",\"size\":7", "\"attempts\":1,\"sent\":1," },
	{ "\"verdict\":\"sent\",\"size\":7", "\"bytes\":7," },
	{ "\"verdict\":\"dead\",\"size\":7", "\"bytes\":0," },
	{ "\"verdict\":\"part\"", "\"attempts\":1,\"sent\":1," },
	{ "\"verdict\":\"refused\"", "\"dead\":1," },
	{ "\"verdict\":\"account\"", "\"account\":1," },
	{ "\"verdict\":\"hold\"", "\"hold\":1," },
	{ "\"verdict\":\"failed\"", "\"failed\":1," },
	{ "\"verdict\":\"unknown\"", "\"unknown\":1," },
	{ "\"verdict\":\"bounced\"", "\"attempts\":0," },
	{ "\"verdict\":\"bounced\",\"ms\":5", "\"ms_median\":0," },
	{ "\"verdict\":\"bounced\"", "\"bounced\":1," },
	{ "\"verdict\":\"dropped\"", "\"attempts\":0," },
	{ "\"verdict\":\"exported\"", "\"attempts\":0," },
	{ "\"verdict\":\"later\",\"status\":429", "\"throttled\":1," },
	{ "\"verdict\":\"later\",\"status\":503", "\"throttled\":0," },
	{ "\"verdict\":\"later\",\"code\":\"ApplicationThrottled\"",
	    "\"throttled\":1," },
	{ "\"verdict\":\"later\",\"code\":\"ErrorExceededMessageLimit\"",
	    "\"throttled\":1," },
	{ "\"verdict\":\"later\",\"code\":\"ErrorServerBusy\"",
	    "\"throttled\":0," },
	{ "\"verdict\":\"sent\",\"ms\":99999999999", "\"ms_p95\":4294967295" },
};

static void
add_day(struct log_days *d, int64_t when, const char *more)
{
	const struct json *tree;
	char iso[DATE_ISO_SIZE], line[256];
	struct arena a;
	struct err e = { 0 };

	arena_init(&a, 65536);
	date_iso(when, iso);
	(void)snprintf(line, sizeof(line), "{\"time\":\"%s\",%s}", iso, more);
	T_CHECK(json_parse(&a, str_of(line), &tree, &e), "%s", e.msg);
	log_days_add(d, tree);
	arena_release(&a);
}

static void
test_ends(void)
{
	struct journal_filter f;
	struct log_days d;
	struct arena a;
	struct buf out;
	struct err e = { 0 };

	buf_init(&out, 65536);
	for (size_t i = 0; i < N(ends); i++) {
		arena_init(&a, 65536);
		f = (struct journal_filter){ .since = 1795469834 };
		T_CHECK(log_days_begin(&d, &f, 1795469834, &a, &e), "%s",
		    e.msg);
		add_day(&d, 1795469834, ends[i].line);
		T_CHECK(log_days_print(&d, true, &out, &e), "%s", e.msg);
		T_CHECK(d.n == 1 && strstr(out.p, ends[i].says) != NULL,
		    "%s: %s", ends[i].line, out.p);
		buf_reset(&out);
		log_days_release(&d);
		arena_release(&a);
	}
	buf_release(&out);
}

/* Days begin at this machine's midnight; 30 of them, where none are named. */
static void
test_days(void)
{
	const int64_t noon = 1795518000; /* 2026-11-24 12:00 +0100 */
	struct journal_filter f = { 0 };
	struct log_days d;
	struct arena a;
	struct buf out;
	struct err e = { 0 };
	char ms[64];

	(void)setenv("TZ", "XXX-1", 1);
	tzset();
	arena_init(&a, 65536);
	buf_init(&out, 65536);
	T_CHECK(log_days_begin(&d, &f, noon, &a, &e), "%s", e.msg);
	T_CHECK(d.n == LOG_DAYS && f.since == noon - (29 * 24 + 12) * 3600,
	    "since %lld", (long long)f.since);
	add_day(&d, f.since - 1, "\"verdict\":\"sent\"");
	add_day(&d, f.since, "\"verdict\":\"hold\"");
	add_day(&d, noon + 12 * 3600, "\"verdict\":\"sent\"");
	/* the times of a day are among each other, in any order */
	for (int i = 0; i < 20; i++) {
		(void)snprintf(ms, sizeof(ms), "\"verdict\":\"sent\",\"ms\":%d",
		    (i * 7 % 20 + 1) * 10);
		add_day(&d, noon + 12 * 3600 - 1, ms);
		add_day(&d, noon - 24 * 3600, "\"verdict\":\"dead\",\"ms\":1");
	}
	T_CHECK(log_days_print(&d, true, &out, &e), "%s", e.msg);
	T_CHECK(strstr(out.p,
		    "{\"day\":\"2026-10-26\",\"attempts\":1,"
		    "\"sent\":0,") == out.p,
	    "%s", out.p);
	T_CHECK(strstr(out.p,
		    "{\"day\":\"2026-11-24\",\"attempts\":20,"
		    "\"sent\":20,") != NULL &&
		strstr(out.p, "\"ms_median\":100,\"ms_p95\":190}\n") != NULL,
	    "%s", out.p);
	T_CHECK(strstr(out.p, "\"ms_median\":1,\"ms_p95\":1}\n") != NULL, "%s",
	    out.p);
	log_days_release(&d);
	buf_release(&out);
	arena_release(&a);
}

static const struct t_test tests[] = {
	{ "ends of attempts", test_ends },
	{ "days", test_days },
	{ "rows", test_rows },
	{ "plain text", test_plain },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
