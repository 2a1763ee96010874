/* SPDX-License-Identifier: MIT */
#include "command/trace.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/os.h"
#include "command/ask.h"
#include "command/trace_known.h"
#include "command/trace_text.h"
#include "command/when.h"
#include "config/access.h"
#include "config/cloud.h"
#include "config/config.h"
#include "deliver/client.h"
#include "deliver/outbox.h"
#include "deliver/report.h"
#include "deliver/returns.h"
#include "deliver/tracing.h"

enum {
	TRACE_MEMORY = 256 << 20, /* 100,000 recipients, or more */
	TRACE_OUT = 256 << 20,
	TRACE_SLACK_S = 900, /* our clock may be off */
	TRACE_AHEAD_S = 60,
	TRACE_DAY_S = 86400,
	TRACE_DEFAULT_S = 2 * TRACE_DAY_S, /* of --to and --from */
	TRACE_ID_S = 10 * TRACE_DAY_S /* of a Message-ID that is not ours */
};

enum { TO = 1, FROM, SINCE, UNTIL, DETAILS, USAGE, BOUNCES, JSON };

/* clang-format off */
const struct cli_option trace_options[] = {
	{ TO, 0, "to", "ADDRESS", "mail to this recipient" },
	{ FROM, 0, "from", "ADDRESS", "mail from this sender" },
	{ SINCE, 0, "since", "TIME",
	  "not older: 2d today 14:00 2026-11-29 (2d)" },
	{ UNTIL, 0, "until", "TIME", "not younger (default: now)" },
	{ DETAILS, 0, "details", NULL, "what was done with each, and why" },
	{ USAGE, 0, "usage", "DAYS", "sums by day and status, of the mailbox" },
	{ BOUNCES, 0, "bounces", NULL,
	  "read the mailbox's bounces into the log now" },
	{ JSON, 0, "json", NULL, "as JSON, an object a line; last its error" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

struct trace_row {
	struct trace_item item;
	struct trace_row *next;
};

struct trace_run {
	struct cli cli;
	const char *word;
	struct trace_ask ask;
	uint64_t usage; /* days; 0: no sums */
	bool details, bounces, json;
	struct config config;
	struct access access;
	struct outbox outbox; /* the journal only */
	struct client client;
	struct tracing tracing;
	struct trace_known known;
	struct arena mem;
	struct trace_row *first, **end;
	struct buf out;
	struct trace_sums sums;
	int64_t now;
};

/* --- options */

static bool
trace_take_option(void *arg, int id, const char *value, struct err *e)
{
	struct trace_run *r = arg;

	switch (id) {
	case CLI_OPERAND:
		if (r->word != NULL)
			return cli_unexpected(value, e);
		r->word = value;
		return true;
	case TO:
		r->ask.to = str_of(value);
		return true;
	case FROM:
		r->ask.from = str_of(value);
		return true;
	case SINCE:
		return when_take((struct when_option){ "since", value, r->now,
				     false },
		    &r->ask.since, e);
	case UNTIL:
		return when_take((struct when_option){ "until", value, r->now,
				     true },
		    &r->ask.until, e);
	case USAGE:
		return (str_u64(str_of(value), TRACE_DAYS, &r->usage) &&
			   r->usage > 0) ||
		    err_set(e, ERR_USAGE, "--usage \"%.20s\" is not 1 to %d",
			value, TRACE_DAYS);
	case DETAILS:
		r->details = true;
		return true;
	case BOUNCES:
		r->bounces = true;
		return true;
	default:
		r->json = true;
		return true;
	}
}

static bool
trace_check_options(const struct trace_run *r, struct err *e)
{
	bool by_address = r->ask.to.n > 0 || r->ask.from.n > 0;
	bool by_time = r->ask.since != 0 || r->ask.until != 0;

	if (r->bounces)
		return (r->word == NULL && !by_address && !by_time &&
			   r->usage == 0) ||
		    err_set(e, ERR_USAGE, "--bounces goes with --json only");
	if (r->usage > 0 && (r->word != NULL || by_time || r->ask.to.n > 0))
		return err_set(e, ERR_USAGE,
		    "--usage goes with --from and --json only");
	if (r->usage > 0)
		return true;
	if (r->word != NULL && by_address)
		return err_set(e, ERR_USAGE,
		    "a message and an address do not go together");
	if (r->word == NULL && !by_address && !by_time) {
		err_set(e, ERR_USAGE, "of which mail?");
		return err_remedy(e,
		    "post365 trace ID, or --to ADDRESS, or --since 1h; "
		    "post365 log shows the ids");
	}
	if (r->ask.until != 0 && r->ask.since >= r->ask.until)
		return err_set(e, ERR_USAGE, "--until is not after --since");
	return r->ask.since == 0 || r->ask.since >= r->now - TRACE_KEPT_S ||
	    err_set(e, ERR_USAGE, "--since: Exchange keeps traces for 90 days");
}

/* --- what is asked */

/* Of a message of ours the times are known, and nothing else is asked. */
static void
trace_bound(struct trace_run *r)
{
	const struct trace_known *k = &r->known;
	int64_t age = r->word == NULL ? TRACE_DEFAULT_S : TRACE_ID_S;

	if (r->usage > 0) {
		r->ask.since =
		    trace_sums_begin(&r->sums, (size_t)r->usage, r->now);
		if (r->ask.from.n == 0)
			r->ask.from = r->config.mailbox;
	}
	if (r->ask.since == 0 && k->since != 0)
		r->ask.since = k->since - TRACE_SLACK_S;
	if (r->ask.until == 0 && k->since != 0)
		r->ask.until = k->until + TRACE_DAY_S;
	if (r->ask.until == 0 || r->ask.until > r->now + TRACE_AHEAD_S)
		r->ask.until = r->now + TRACE_AHEAD_S;
	if (r->ask.since == 0)
		r->ask.since = r->ask.until - age;
	if (r->ask.since < r->now - TRACE_KEPT_S)
		r->ask.since = r->now - TRACE_KEPT_S;
}

/* An id is known here or nowhere. */
static bool
trace_look_up(struct trace_run *r, struct err *e)
{
	struct str word = str_of(r->word);
	bool is_id = str_chr(word, '@') == word.n;
	struct err ignored;

	if (word.n == 0)
		return true;
	if (outbox_look_journal(&r->outbox, &r->config, is_id ? e : &ignored)) {
		if (!trace_known_find(&r->known, &r->mem, &r->outbox.journal,
			word, e))
			return false;
	} else if (is_id) {
		return false;
	}
	if (r->known.first == NULL && is_id) {
		err_set(e, ERR_INPUT, "the log knows no message %.*s",
		    STR_ARG(word));
		return err_remedy(e,
		    "if it was not tried yet, post365 queue show %.*s; "
		    "post365 log lists what was; or give the Message-ID",
		    STR_ARG(word));
	}
	r->ask.message_id = r->known.message_id;
	if (!is_id && r->known.first == NULL)
		r->ask.message_id = *word.p == '<' ?
		    word :
		    arena_fmt(&r->mem, "<%.*s>", STR_ARG(word));
	return arena_ok(&r->mem, e);
}

static void
trace_keep(void *arg, const struct trace_item *item)
{
	struct trace_run *r = arg;
	struct trace_row *row;

	if (r->usage > 0) {
		trace_sums_add(&r->sums, item);
		return;
	}
	row = arena_alloc(&r->mem, sizeof(*row));
	if (row == NULL)
		return;
	row->item = *item;
	row->item.id = arena_str(&r->mem, item->id);
	row->item.message_id = arena_str(&r->mem, item->message_id);
	row->item.from = arena_str(&r->mem, item->from);
	row->item.to = arena_str(&r->mem, item->to);
	row->item.subject = arena_str(&r->mem, item->subject);
	row->item.from_ip = arena_str(&r->mem, item->from_ip);
	row->item.to_ip = arena_str(&r->mem, item->to_ip);
	row->item.status = arena_str(&r->mem, item->status);
	*r->end = row;
	r->end = &row->next;
}

/* Another cloud's refusal may come in any coat. */
static bool
trace_is_elsewhere(const struct trace_run *r)
{
	const struct config_cloud *global = config_cloud_find(STR("global"));

	return !str_eq(r->access.cloud, str_of(global->name)) ||
	    config_clouds_differ(str_of(global->login_url),
		r->access.graph_url);
}

static bool
trace_ask_exchange(struct trace_run *r, struct err *e)
{
	if (!access_load(&r->access, &r->config, &r->cli.log, e) ||
	    !client_open(&r->client, &r->config, &r->access, &r->cli.log, e))
		return false;
	tracing_open(&r->tracing, &r->client, &r->config, r->access.tenant_id,
	    INT64_MAX);
	if (tracing_list(&r->tracing, &r->ask, trace_keep, r, e))
		return arena_ok(&r->mem, e);
	if (trace_is_elsewhere(r) && !e->away && e->kind != ERR_RETRY)
		err_remedy(e, "%s", trace_not_here);
	return false;
}

/* --- what is shown */

static void
trace_add_detail(void *arg, const struct trace_detail *d)
{
	trace_text_detail(arg, d);
}

static void
trace_add_detail_json(void *arg, const struct trace_detail *d)
{
	trace_json_detail(arg, d);
}

/* What cannot be had is said once, and the rest goes on without. */
static void
trace_add_details(struct trace_run *r, const struct trace_item *item,
    struct jsonw *w)
{
	struct err e;
	bool ok;

	if (w != NULL) {
		jsonw_key(w, STR("events"));
		jsonw_open(w, '[');
	}
	ok = tracing_details(&r->tracing, item,
	    w != NULL ? trace_add_detail_json : trace_add_detail,
	    w != NULL ? (void *)w : (void *)&r->out, &e);
	if (w != NULL)
		jsonw_close(w, ']');
	r->details = ok;
	if (!ok)
		log_warn(&r->cli.log, "no details: %s", e.msg);
}

static bool
trace_show_item(struct trace_run *r, const struct trace_item *item,
    struct err *e)
{
	struct jsonw w;

	if (!r->json) {
		trace_text_item(&r->out, item);
		if (r->details)
			trace_add_details(r, item, NULL);
		return true;
	}
	w = jsonw_begin(&r->out);
	jsonw_open(&w, '{');
	trace_json_item(&w, item, r->known.id);
	if (r->details)
		trace_add_details(r, item, &w);
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

/* Of a message of ours the journal has the order; it has no strangers. */
static void
trace_match(struct trace_run *r)
{
	struct trace_rcpt *k;

	for (const struct trace_row *row = r->first; row != NULL;
	     row = row->next)
		for (k = r->known.first; k != NULL; k = k->next)
			k->matched = k->matched || str_ieq(k->to, row->item.to);
}

static bool
trace_show_known(struct trace_run *r, bool asked, struct err *e)
{
	const struct trace_known *k = &r->known;
	const struct trace_rcpt *to;
	struct jsonw w;

	for (to = k->first; to != NULL; to = to->next) {
		if (to->matched)
			continue;
		if (!r->json) {
			trace_text_known(&r->out, k, to, asked, r->now);
			continue;
		}
		w = jsonw_begin(&r->out);
		jsonw_open(&w, '{');
		trace_json_known(&w, k, to);
		jsonw_close(&w, '}');
		if (!jsonw_end_line(&w, e))
			return false;
	}
	return true;
}

static bool
trace_show_rows(struct trace_run *r, struct err *e)
{
	const struct trace_row *row, *last = NULL;

	for (row = r->first; row != NULL; last = row, row = row->next) {
		if (!r->json &&
		    (last == NULL || !str_eq(last->item.id, row->item.id)))
			trace_text_head(&r->out, &row->item, r->known.id);
		if (!trace_show_item(r, &row->item, e))
			return false;
	}
	return true;
}

/* asked: Exchange was, and r->first is its answer. */
static bool
trace_show(struct trace_run *r, bool asked, struct err *e)
{
	const struct trace_item ours = { .message_id = r->known.message_id,
		.from = r->known.from,
		.when = r->known.since };

	if (r->usage > 0)
		return !asked ||
		    trace_sums_print(&r->sums, r->json, &r->out, e);
	trace_match(r);
	if (!r->json && r->first == NULL && r->known.first != NULL)
		trace_text_head(&r->out, &ours, r->known.id);
	if (!r->json && r->first == NULL && r->known.first == NULL && asked)
		buf_addz(&r->out,
		    "no trace of such mail; traces come some minutes after "
		    "the mail, and\nmay be asked by --since and --until, up "
		    "to 90 days back\n");
	return trace_show_rows(r, e) && trace_show_known(r, asked, e) &&
	    buf_ok(&r->out, e);
}

static bool
trace_bounces(struct trace_run *r, struct err *e)
{
	const struct returns look = { .client = &r->client,
		.config = &r->config,
		.journal = &r->outbox.journal,
		.log = &r->cli.log,
		.now = true };
	size_t found;

	if (!outbox_open_journal(&r->outbox, &r->config, e) ||
	    !access_load(&r->access, &r->config, &r->cli.log, e) ||
	    !client_open(&r->client, &r->config, &r->access, &r->cli.log, e) ||
	    !returns_look(&look, &found, e))
		return false;
	if (r->json)
		buf_addf(&r->out, "{\"bounced\":%zu}\n", found);
	else
		buf_addf(&r->out, "%zu came back since the last look%s\n",
		    found,
		    found > 0 ? ": post365 log --failed shows them" : "");
	return true;
}

/* Behind what was found out all the same. */
static int
trace_fail(struct trace_run *r, const struct err *why)
{
	struct err unsaid;

	buf_reset(&r->out);
	if (r->json)
		report_error_line(why, &r->out);
	(void)!cli_out(buf_view(&r->out), &unsaid);
	return cli_fail(&r->cli, why);
}

static int
trace_run_bounces(struct trace_run *r)
{
	struct err e;

	if (!trace_bounces(r, &e))
		return trace_fail(r, &e);
	return cli_print(&r->cli, &r->out);
}

/* The exit status. What the journal knows is shown whatever Exchange says. */
static int
trace_run_all(struct trace_run *r)
{
	const struct config_ask ask = command_ask(&r->cli);
	struct err why = { 0 }, e;
	bool ask_exchange, ok;

	if (!config_load(&r->config, &ask, &r->cli.log, &e))
		return trace_fail(r, &e);
	if (r->bounces)
		return trace_run_bounces(r);
	if (!trace_look_up(r, &e))
		return trace_fail(r, &e);
	trace_bound(r);
	/* nothing of it left this machine: nobody else knows more */
	ask_exchange = r->known.first == NULL || r->known.sent;
	ok = !ask_exchange || trace_ask_exchange(r, &why);
	if (!ok && r->known.first != NULL)
		log_warn(&r->cli.log,
		    "this is what our own log knows, and all that is known, "
		    "since Exchange could not be asked:");
	if (!trace_show(r, ok && ask_exchange, &e) ||
	    !cli_out(buf_view(&r->out), &e))
		return trace_fail(r, &e);
	return ok ? EX_OK : trace_fail(r, &why);
}

int
trace_main(const struct cli_command *self, int argc, char **argv)
{
	struct trace_run r = { .now = os_wall() };
	struct err e;
	int code;

	r.end = &r.first;
	cli_init(&r.cli, self, argc, argv);
	arena_init(&r.mem, TRACE_MEMORY);
	buf_init(&r.out, TRACE_OUT);
	if (!cli_each(&r.cli, trace_take_option, &r, &e) ||
	    (!r.cli.common.help && !trace_check_options(&r, &e)))
		code = trace_fail(&r, &e);
	else
		code = r.cli.common.help ? cli_help(self) : trace_run_all(&r);
	buf_release(&r.out);
	arena_release(&r.mem);
	client_close(&r.client);
	outbox_close(&r.outbox);
	access_release(&r.access);
	config_release(&r.config);
	return code;
}
