/* SPDX-License-Identifier: MIT */
#include "command/check/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check/step.h"

enum { CHECK_MEMORY = 1 << 20 };

enum { CHECK_JSON = 1, CHECK_NO_PROBE, CHECK_WAIT };

/* clang-format off */
const struct cli_option check_options[] = {
	{ CHECK_NO_PROBE, 0, "no-probe", NULL,
	  "do not ask whether it may send" },
	{ CHECK_JSON, 0, "json", NULL, "as JSON, an object a line" },
	{ 0, 0, NULL, NULL, NULL }
};
const struct cli_option test_options[] = {
	{ CHECK_WAIT, 0, "wait", NULL,
	  "follow the message trace, for 10 minutes at most" },
	{ CHECK_JSON, 0, "json", NULL, "as JSON, an object a line" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

enum { OF_CHECK = 1, OF_TEST = 2, OF_BOTH = 3 };

/* In the order in which they are shown. */
static const struct check_row {
	const char *name;
	step_fn *run;
	unsigned needs; /* STEP_... */
	unsigned of;
} check_rows[] = {
	{ "settings", step_settings, 0, OF_BOTH },
	{ "files", step_files, STEP_SETTINGS, OF_CHECK },
	{ "enabled", step_enabled, STEP_SETTINGS, OF_BOTH },
	{ "aliases", step_aliases, STEP_SETTINGS, OF_CHECK },
	{ "sendmail", step_sendmail, 0, OF_CHECK },
	{ "queue", step_queue, STEP_SETTINGS, OF_CHECK },
	{ "queue run", step_runner, STEP_SETTINGS, OF_CHECK },
	{ "relay", step_relay, STEP_SETTINGS, OF_CHECK },
	{ "credential", step_credential, STEP_ACCESS, OF_BOTH },
	{ "expiry", step_expiry, STEP_CLIENT, OF_CHECK },
	{ "connection", step_connection, STEP_CLIENT, OF_BOTH },
	{ "TLS", step_tls, STEP_CLIENT, OF_BOTH },
	{ "clock", step_clock, STEP_LOGIN, OF_BOTH },
	{ "token", step_token, STEP_LOGIN, OF_BOTH },
	{ "permission", step_permission, STEP_TOKEN, OF_BOTH },
	{ "mailbox", step_mailbox, STEP_TOKEN | STEP_GRAPH, OF_CHECK },
	{ "accounts", step_accounts, STEP_SETTINGS, OF_CHECK },
	{ "test message", step_send, STEP_TOKEN | STEP_GRAPH, OF_TEST },
	{ "delivery", step_follow, STEP_SENT, OF_TEST },
};

/* --- what a step says */

static void
step_say(struct step_run *r, enum sheet_state state, const struct err *e)
{
	sheet_add(&r->sheet,
	    &(struct sheet_line){ .step = r->name,
		.state = state,
		.text = str_of(e->msg),
		.code = str_of(e->code),
		.remedy = str_of(e->remedy),
		.exit = err_exit(e) });
}

__attribute__((format(printf, 3, 0))) static void
step_say_text(struct step_run *r, enum sheet_state state, const char *fmt,
    va_list ap)
{
	char text[ERR_MSG_SIZE];
	struct err e = { 0 };

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	(void)err_set(&e, ERR_NONE, "%s", text);
	step_say(r, state, &e);
}

void
step_ok(struct step_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	step_say_text(r, SHEET_OK, fmt, ap);
	va_end(ap);
}

void
step_note(struct step_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	step_say_text(r, SHEET_NOTE, fmt, ap);
	va_end(ap);
}

void
step_skip(struct step_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	step_say_text(r, SHEET_SKIP, fmt, ap);
	va_end(ap);
}

void
step_hint(struct step_run *r, const struct err *e)
{
	step_say(r, SHEET_NOTE, e);
}

void
step_fail(struct step_run *r, const struct err *e)
{
	step_say(r, SHEET_FAIL, e);
}

const char *
step_span(struct step_run *r, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" } };
	size_t i = 0;
	struct str text;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	seconds /= units[i].seconds;
	text = arena_fmt(&r->mem, "%lld %s%s", (long long)seconds,
	    units[i].name, seconds == 1 ? "" : "s");
	return text.p != NULL ? text.p : "some time";
}

static void
check_hear(void *arg, struct str line)
{
	step_note(arg, "%.*s", STR_ARG(line));
}

/* --- the steps */

/* The first step, of those before, that did not find what is needed. */
static void
check_run_step(struct step_run *r, const struct check_row *row)
{
	unsigned lacks = row->needs & ~r->have;
	static const char *const of[] = { "the settings", "a complete sign-in",
		"the credential", "the connection", "the connection to Graph",
		"a token", "the message" };
	size_t i = 0;

	r->name = row->name;
	if (lacks == 0) {
		row->run(r);
		return;
	}
	while ((lacks & (1U << i)) == 0)
		i++;
	step_skip(r, "not tried without %s", of[i]);
}

static void
check_conclude(struct step_run *r)
{
	struct sheet *s = &r->sheet;
	unsigned fails = s->count[SHEET_FAIL], notes = s->count[SHEET_NOTE];
	struct str text;

	if (fails > 0)
		text = arena_fmt(&r->mem, "%u of these %s to be mended. %s",
		    fails, fails == 1 ? "has" : "have",
		    (r->have & STEP_SENT) != 0 ? "The message was sent." :
						 "Nothing was sent.");
	else if (r->address == NULL)
		text = arena_fmt(&r->mem, "All is well%s. Nothing was sent.",
		    notes > 0 ? ", but see the notes" : "");
	else
		text = arena_fmt(&r->mem,
		    "Microsoft 365 has it%s. Look into the inbox (and Junk) "
		    "of %s, and for bounces into the mailbox that sent it; "
		    "post365 trace %.*s asks what became of it.",
		    r->wait ? "" : ". That is not delivery yet", r->address,
		    STR_ARG(r->message_id));
	sheet_end(s, text);
}

static int
check_run(struct step_run *r)
{
	unsigned of = r->address != NULL ? OF_TEST : OF_CHECK;

	arena_init_secret(&r->mem, CHECK_MEMORY);
	screen_find(&r->sheet.screen, STDOUT_FILENO);
	r->ear = (struct log_ear){ check_hear, r };
	r->log = r->cli.log;
	r->log.ear = &r->ear;
	for (size_t i = 0; i < sizeof(check_rows) / sizeof(*check_rows); i++)
		if ((check_rows[i].of & of) != 0)
			check_run_step(r, &check_rows[i]);
	check_conclude(r);
	client_close(&r->client);
	access_release(&r->access);
	config_release(&r->config);
	arena_release(&r->mem);
	return r->sheet.code;
}

static bool
check_take(void *arg, int id, const char *value, struct err *e)
{
	struct step_run *r = arg;

	if (id == CLI_OPERAND && (!r->test || r->address != NULL))
		return cli_unexpected(value, e);
	if (id == CLI_OPERAND)
		r->address = value;
	else if (id == CHECK_JSON)
		r->sheet.json = true;
	else if (id == CHECK_NO_PROBE)
		r->probe = false;
	else
		r->wait = true;
	return true;
}

static bool
check_read_options(struct step_run *r, struct err *e)
{
	if (!cli_each(&r->cli, check_take, r, e))
		return false;
	if (r->cli.common.help || !r->test || r->address != NULL)
		return true;
	err_set(e, ERR_USAGE, "to whom?");
	return err_remedy(e, "post365 test you@your.domain");
}

static int
check_start(const struct cli_command *self, int argc, char **argv, bool test)
{
	struct step_run r = { .test = test, .probe = true };
	struct err e;

	cli_init(&r.cli, self, argc, argv);
	if (!check_read_options(&r, &e))
		return cli_fail(&r.cli, &e);
	return r.cli.common.help ? cli_help(self) : check_run(&r);
}

int
check_main(const struct cli_command *self, int argc, char **argv)
{
	return check_start(self, argc, argv, false);
}

int
test_main(const struct cli_command *self, int argc, char **argv)
{
	return check_start(self, argc, argv, true);
}
