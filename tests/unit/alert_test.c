/* SPDX-License-Identifier: MIT */
#include "config/alert.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/shell.h"
#include "command.h"
#include "t.h"

enum { START = 1795637400, OUT_MOST = 64 * 1024 };

static char folder[256], command[512], out[300];
static struct config config;
static struct access access_half;
static struct err why;
static int64_t now;

static int64_t
wall(void *arg)
{
	(void)arg;
	return now;
}

static const struct clock clock = { .wall = wall, .mono_ms = wall };
static const struct log silent = { 0 };
static const struct syslog quiet = { 0 };

/* What the command got goes behind what it got before. */
static void
set_up(const char *state)
{
	(void)snprintf(folder, sizeof(folder), "%s/%s", command_folder(),
	    state);
	(void)snprintf(out, sizeof(out), "%s/out", command_folder());
	(void)snprintf(command, sizeof(command), "cat >>%s", out);
	(void)unlink(out);
	config = (struct config){
		.account = STR("shop/../1"),
		.state_dir = str_of(state[0] != '\0' ? folder : ""),
	};
	access_half = (struct access){ .alert_command = str_of(command) };
	why = (struct err){ 0 };
	err_set(&why, ERR_AUTH, "the secret has expired");
	err_remedy(&why, "make a new one");
	(void)snprintf(why.code, sizeof(why.code), "AADSTS7000222");
	now = START;
}

static struct alert
begin(void)
{
	return (struct alert){ .config = &config,
		.access = &access_half,
		.clock = &clock,
		.syslog = &quiet,
		.log = &silent };
}

static bool
tell(struct alert *a)
{
	const struct alert_about about = { .what = ALERT_WAITS, .why = &why };

	return alert_tell(a, &about);
}

static void
check_out(const char *want)
{
	struct buf got;

	buf_init(&got, OUT_MOST);
	t_read_file(out, &got);
	T_CHECK(str_eq(buf_view(&got), str_of(want)), "%.*s",
	    STR_ARG(buf_view(&got)));
	buf_release(&got);
}

static void
test_text(void)
{
	struct alert_about about = { .what = ALERT_DEAD,
		.id = STR("6742F3A05C81B7E0"),
		.why = &why,
		.note = "the sender is told" };
	struct alert a;

	set_up("text");
	a = begin();
	T_CHECK(alert_tell(&a, &about), "not told");
	check_out("post365, account shop/../1: a message was given up\n\n"
		  "Message: 6742F3A05C81B7E0\n"
		  "Reason: the secret has expired\n"
		  "Code: AADSTS7000222\n"
		  "What to do: make a new one\n"
		  "Report: the sender is told\n"
		  "\n\"post365 queue list\" shows the queue. What happens "
		  "within the next\nhour is in the log only.\n");
}

/* The same whether one process tells or each time another one. */
static void
check_pause(const char *state, bool same)
{
	static const struct {
		int64_t at;
		bool told;
	} rows[] = {
		{ START, true },
		{ START, false },
		{ START + ALERT_PAUSE - 1, false },
		{ START + ALERT_PAUSE, true },
		{ START + ALERT_PAUSE + 1, false },
		{ START - 86400, true }, /* the clock was set back */
		{ START - 86399, false },
	};
	struct alert a;

	set_up(state);
	a = begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!same)
			a = begin();
		now = rows[i].at;
		T_CHECK(tell(&a) == rows[i].told, "%s, row %zu", state, i);
	}
}

static void
test_pause(void)
{
	check_pause("one", true);
	check_pause("several", false);
	check_pause("", true); /* no file can be kept */
}

static void
test_accounts(void)
{
	struct alert a, b;

	set_up("accounts");
	a = begin();
	T_CHECK(tell(&a), "the first");
	config.account = STR("");
	b = begin();
	T_CHECK(tell(&b), "another account");
	config.account = STR("default");
	b = begin();
	T_CHECK(!tell(&b), "the same by its name");
}

/* A state file that cannot be used stops no alert, but bounds them. */
static void
test_bad_state(void)
{
	char cmd[600];
	struct alert a;

	set_up("bad");
	a = begin();
	T_CHECK(tell(&a), "first");
	(void)snprintf(cmd, sizeof(cmd),
	    "for f in %s/alert-*; do printf 9 >$f; done", folder);
	T_CHECK(shell_write(cmd, os_mono_ms() + 10000, STR(""), &why), "%s",
	    why.msg);
	a = begin();
	T_CHECK(tell(&a), "garbage is no time");
	a = begin();
	T_CHECK(!tell(&a), "and is mended");
	set_up("file");
	(void)command_file("file", STR(""), 0600); /* where a folder goes */
	a = begin();
	T_CHECK(tell(&a) && !tell(&a), "no folder");
}

static void
test_command_fails(void)
{
	struct alert a;

	set_up("fails");
	access_half.alert_command = STR("exit 3");
	a = begin();
	T_CHECK(!tell(&a), "it failed");
	set_up("fails");
	a = begin();
	T_CHECK(!tell(&a), "not again at once");
	now += ALERT_AGAIN;
	T_CHECK(tell(&a), "not again in five minutes");
	now += ALERT_AGAIN;
	T_CHECK(!tell(&a), "and told, it was told again");
	set_up("fails in one process");
	access_half.alert_command = STR("exit 3");
	a = begin();
	T_CHECK(!tell(&a), "it failed");
	access_half.alert_command = str_of(command);
	now += ALERT_AGAIN - 1;
	T_CHECK(!tell(&a), "before five minutes");
	now++;
	T_CHECK(tell(&a), "in five minutes");
	set_up("none");
	access_half.alert_command = STR("");
	a = begin();
	T_CHECK(!tell(&a), "none is set");
	T_CHECK(access(folder, F_OK) < 0, "a state for nothing");
}

/* Days left, and whether a person hears of it: each stage is told once. */
static const struct {
	int left;
	bool told;
} ends[] = {
	{ 31, false }, { 30, true }, { 30, false }, { 15, false }, { 14, true },
	{ 12, false }, { 5, true }, /* nobody ran on the seventh day */
	{ 3, true }, { 2, false }, { 1, true }, { 1, false }, { 0, true },
	{ -1, true }, { -1, false }, { -2, true },
	{ 29, true }, /* of a new one */
};

static void
test_ends(void)
{
	int64_t end = START + 100 * (int64_t)86400;
	struct alert a;

	set_up("ends");
	access_half.client_id = STR("01234567-89ab-cdef-0123-456789abcdef");
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		/* another process and another account each time */
		a = begin();
		config.account = i % 2 == 0 ? STR("a") : STR("b");
		if (i + 1 == sizeof(ends) / sizeof(*ends))
			end += 1000 * (int64_t)86400;
		now = end - ends[i].left * (int64_t)86400;
		T_CHECK(alert_ends(&a, "the client secret", end) ==
			ends[i].told,
		    "row %zu", i);
	}
	set_up("ends once");
	a = begin();
	now = end - 86400;
	T_CHECK(alert_ends(&a, "the client secret", end), "told");
	check_out("post365, account shop/../1: the proof by which it signs in "
		  "ends\n\n"
		  "Reason: the client secret ends on 2029-11-29\n"
		  "What to do: make a new one now (entra.microsoft.com > Entra "
		  "ID > App registrations > the app > Certificates & secrets), "
		  "the old one stays good until then\n");
}

/* The longest texts fit, and a command that does not read is no harm. */
static void
test_long(void)
{
	struct alert a;

	set_up("long");
	memset(why.msg, 'm', sizeof(why.msg) - 1);
	memset(why.remedy, 'r', sizeof(why.remedy) - 1);
	memset(why.code, 'c', sizeof(why.code) - 1);
	memset(folder, 0, sizeof(folder));
	(void)snprintf(folder, sizeof(folder), "%s/long", command_folder());
	config.account = (struct str){ why.msg, sizeof(why.msg) - 1 };
	a = begin();
	T_CHECK(tell(&a), "long");
	now += ALERT_PAUSE;
	access_half.alert_command = STR("exec <&-; true");
	T_CHECK(tell(&a), "unread");
}

static void
tell_once(void)
{
	struct alert a = begin();

	now += ALERT_PAUSE;
	(void)unlink(out);
	if (!tell(&a)) /* what cannot be told is in the logs */
		return;
	t_spare_allocations(true);
	check_out("post365, account shop/../1: all mail waits\n\n"
		  "Reason: the secret has expired\n"
		  "Code: AADSTS7000222\n"
		  "What to do: make a new one\n"
		  "\n\"post365 queue list\" shows the queue. What happens "
		  "within the next\nhour is in the log only.\n");
	t_spare_allocations(false);
}

static void
test_no_memory(void)
{
	set_up("memory");
	t_each_allocation_fails(tell_once);
}

static const struct t_test tests[] = {
	{ "text", test_text },
	{ "pause", test_pause },
	{ "accounts", test_accounts },
	{ "bad state", test_bad_state },
	{ "command fails", test_command_fails },
	{ "ends", test_ends },
	{ "long", test_long },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	int status = t_main(tests, sizeof(tests) / sizeof(*tests));

	command_folder_remove();
	return status;
}
