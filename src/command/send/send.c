/* SPDX-License-Identifier: MIT */
#include "command/send/send.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/ask.h"
#include "command/send/handover.h"
#include "command/send/option.h"
#include "command/send/preview.h"
#include "compose/account.h"
#include "compose/compose.h"
#include "compose/prepare.h"
#include "config/access.h"
#include "config/config.h"
#include "deliver/accept.h"
#include "deliver/attempt.h"
#include "deliver/bell.h"
#include "deliver/client.h"
#include "deliver/direct.h"
#include "deliver/progress.h"
#include "deliver/report.h"
#include "deliver/submit.h"
#include "deliver/worker_part.h"

enum { REPORT_MAX = 16 * 1024 /* texts of struct err, escaped */ };

struct send {
	struct cli *cli;
	struct compose compose;
	struct config config;
	struct access access; /* where somebody signs in */
	struct client client;
	struct prepared prepared;
	struct report report;
	struct direct direct;
	const char *from, *eml;
	const char *part;  /* an option that --eml leaves no place for */
	struct accept in;  /* what is stored, or came by --eml */
	struct source raw; /* of the latter */
	struct outbox outbox;
	struct handover handover; /* where there is none */
	enum route via;
	bool no_save, queue, dry_run, json, stores;
};

static bool
set_importance(struct message *m, const char *value, struct err *e)
{
	static const char *const words[] = { [MESSAGE_LOW] = "low",
		[MESSAGE_NORMAL] = "normal",
		[MESSAGE_HIGH] = "high" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i], value) == 0) {
			m->importance = (enum message_importance)i;
			return true;
		}
	return err_set(e, ERR_USAGE,
	    "--importance is low, normal or high, not \"%.60s\"", value);
}

static bool
set_via(struct send *s, const char *value, struct err *e)
{
	if (route_parse(value, &s->via))
		return true;
	return err_set(e, ERR_USAGE,
	    "--via is auto, mime, json or draft, not \"%.60s\"", value);
}

/* The options that make a message; with --eml it is made. */
static void
note_part(struct send *s, int id)
{
	static const int parts[] = { OPT_REPLY_TO, OPT_SUBJECT, OPT_TEXT,
		OPT_HTML, OPT_CHARSET, OPT_ATTACH, OPT_INLINE, OPT_HEADER,
		OPT_IMPORTANCE, OPT_READ_RECEIPT, OPT_DELIVERY_RECEIPT };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i] == id)
			for (const struct cli_option *o = send_options;
			     o->id != 0; o++)
				s->part = o->id == id ? o->name : s->part;
}

static bool
take_flag(struct send *s, int id)
{
	struct message *m = &s->compose.message;

	switch (id) {
	case OPT_READ_RECEIPT:
		m->read_receipt = true;
		break;
	case OPT_DELIVERY_RECEIPT:
		m->delivery_receipt = true;
		break;
	case OPT_NO_SAVE:
		s->no_save = true;
		break;
	case OPT_QUEUE:
		s->queue = true;
		break;
	case OPT_DRY_RUN:
		s->dry_run = true;
		break;
	default:
		s->json = true;
		break;
	}
	return true;
}

static bool
send_take(void *arg, int id, const char *value, struct err *e)
{
	struct send *s = arg;
	struct compose *c = &s->compose;
	struct message *m = &c->message;

	note_part(s, id);
	switch (id) {
	case CLI_OPERAND:
		return compose_list(c, &m->to, "recipient", value, e);
	case OPT_TO:
		return compose_list(c, &m->to, "--to", value, e);
	case OPT_CC:
		return compose_list(c, &m->cc, "--cc", value, e);
	case OPT_BCC:
		return compose_list(c, &m->bcc, "--bcc", value, e);
	case OPT_REPLY_TO:
		return compose_list(c, &m->reply_to, "--reply-to", value, e);
	case OPT_FROM:
		s->from = value;
		return true;
	case OPT_SUBJECT:
		m->subject = str_of(value);
		return true;
	case OPT_TEXT:
		c->text = value;
		return compose_claim(c, "--text", value, e);
	case OPT_HTML:
		c->html = value;
		return compose_claim(c, "--html", value, e);
	case OPT_CHARSET:
		c->charset = value;
		return true;
	case OPT_ATTACH:
		return compose_attach(c, value, e);
	case OPT_INLINE:
		return compose_inline(c, value, e);
	case OPT_EML:
		s->eml = value;
		return compose_claim(c, "--eml", value, e);
	case OPT_HEADER:
		return compose_field(c, value, e);
	case OPT_IMPORTANCE:
		return set_importance(m, value, e);
	case OPT_VIA:
		return set_via(s, value, e);
	default:
		return take_flag(s, id);
	}
}

static bool
has_inline(const struct message *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (m->file[i].cid.p != NULL)
			return true;
	return false;
}

/* Only files: that may be meant. Nothing at all may not. */
static bool
config_is_body(const struct send *s)
{
	const char *config = s->cli->common.config;

	return config != NULL && strcmp(config, "-") == 0 &&
	    s->compose.text == NULL && s->compose.html == NULL &&
	    s->compose.message.n_files == 0;
}

/* What fits together. */
static bool
check_options(struct send *s, struct err *e)
{
	if (s->json && s->dry_run)
		return err_set(e, ERR_USAGE,
		    "--dry-run prints a request and "
		    "--json a result: choose one");
	if (s->eml != NULL && s->part != NULL)
		return err_set(e, ERR_USAGE,
		    "--eml brings a whole message: leave out --%s, or change "
		    "the file",
		    s->part);
	if (has_inline(&s->compose.message) && s->compose.html == NULL)
		return err_set(e, ERR_USAGE,
		    "--inline is for files that --html shows");
	if (s->eml == NULL && compose_recipients(&s->compose) == 0) {
		err_set(e, ERR_USAGE, "nobody to send it to");
		return err_remedy(e,
		    "name recipients behind the options, or "
		    "by --to, --cc, --bcc");
	}
	if (!compose_claim(&s->compose, "--config", s->cli->common.config, e))
		return false;
	return s->eml != NULL || !config_is_body(s) ||
	    err_set(e, ERR_USAGE,
		"standard input can be read once; --config and the body both "
		"want it: give the body by --text FILE");
}

static bool
send_read_options(struct send *s, struct err *e)
{
	return cli_each(s->cli, send_take, s, e) &&
	    (s->cli->common.help || check_options(s, e));
}

static struct config_ask
send_ask(const struct send *s)
{
	struct config_ask ask = command_ask(s->cli);

	ask.from = s->from;
	return ask;
}

/* Of the account that was chosen: can it do what is asked? */
static bool
check_settings(struct send *s, struct err *e)
{
	const struct config *c = &s->config;
	struct config_origin_text from;
	bool local = s->dry_run || s->queue; /* nobody signs in */

	if (local ? !config_check(c, NULL, CONFIG_TO_COMPOSE, e) :
		    !access_load(&s->access, c, &s->cli->log, e) ||
		    !config_check(c, &s->access, CONFIG_TO_SIGN_IN, e))
		return false;
	s->config.save_to_sent = s->config.save_to_sent && !s->no_save;
	if (c->enabled || local)
		return true;
	err_set(e, ERR_CONFIG, "sending is switched off: enabled = no (%s)",
	    config_origin(&c->origin[CONFIG_ENABLED], &from));
	return err_remedy(e,
	    "set enabled = yes, or choose another account "
	    "with -A");
}

static bool
read_settings(struct send *s, struct err *e)
{
	const struct config_ask ask = send_ask(s);

	if (!config_load(&s->config, &ask, &s->cli->log, e) &&
	    (!s->queue ||
		!handover_begin(&s->handover, &s->config, &ask, &s->cli->log,
		    e)))
		return false;
	if (s->queue) /* whoever sends it has an environment of his own */
		config_forget_secrets();
	return s->eml != NULL || check_settings(s, e);
}

/* All recipients as an envelope. */
static const struct addr *
envelope_of(struct message *m)
{
	struct addr **lists[] = { &m->to, &m->cc, &m->bcc }, *all = NULL;
	struct addr **tail = &all;

	for (size_t i = 0; i < 3; i++) {
		*tail = *lists[i];
		*lists[i] = NULL;
		while (*tail != NULL)
			tail = &(*tail)->next;
	}
	return all;
}

/* accept_choose */
static bool
choose(void *arg, struct str header, struct accept_to *to, struct err *e)
{
	struct send *s = arg;
	const struct config_ask ask = send_ask(s);
	struct addr *sender;

	if (s->eml != NULL &&
	    (!prepare_account(&s->config, &ask, header, e) ||
		!check_settings(s, e)))
		return false;
	to->config = &s->config;
	if (!s->stores)
		return true;
	if (!addr_parse(&s->compose.mem, s->config.from, false, &sender, e))
		return false;
	to->sender = sender->text;
	if (s->handover.begun)
		to->why = s->handover.closed;
	else if (outbox_open(&s->outbox, &s->config, &to->why))
		to->outbox = &s->outbox;
	return true;
}

static bool
begin_accept(struct send *s, enum route via, struct err *e)
{
	struct accept_ask ask = { .choose = choose,
		.arg = s,
		.options = { .via = via, .no_save = s->no_save },
		.client = "send",
		.log = &s->cli->log,
		.check = s->eml != NULL && s->stores,
		.keep = !s->stores || s->handover.begun };
	struct addr *from;

	if (s->from != NULL) {
		if (!addr_parse(&s->compose.mem, str_of(s->from), false, &from,
			e))
			return false;
		ask.options.from = from->text;
	}
	ask.entry.rcpt = envelope_of(&s->compose.message);
	ask.entry.rcpt_from_header = ask.entry.rcpt == NULL;
	accept_begin(&s->in, &ask);
	return true;
}

static bool
take_eml(struct send *s, struct err *e)
{
	bool piped = strcmp(s->eml, "-") == 0;
	struct accept_input in = { .name = piped ? "standard input" : s->eml };
	struct file file = { .fd = STDIN_FILENO };
	bool ok;

	if (!piped && !file_open(&file, s->eml, e))
		return err_wrap(e, "--eml");
	in.fd = file.fd;
	ok = begin_accept(s, s->via, e) && accept_read(&s->in, &in, e);
	file_close(&file);
	return ok;
}

static bool
prepare_eml(struct send *s, struct err *e)
{
	struct prepare_envelope envelope = { .want = s->via,
		.no_save_asked = s->no_save };

	if (!take_eml(s, e))
		return false;
	s->report.message_id = s->in.entry.message_id;
	s->report.recipients = s->in.entry.n_rcpt;
	s->report.why = s->in.why;
	if (s->stores)
		return true;
	envelope.rcpt = s->in.entry.rcpt;
	s->raw = accept_source(&s->in);
	return prepare_raw(&s->prepared, &s->config, &s->raw, &envelope,
	    &s->cli->log, e);
}

static bool
prepare(struct send *s, struct err *e)
{
	struct route_choice choice;

	if (s->eml != NULL ? !prepare_eml(s, e) :
			     !compose_finish(&s->compose, &s->config, e) ||
		    !prepare_message(&s->prepared, &s->config,
			&s->compose.message, e))
		return false;
	if (s->eml != NULL && s->stores)
		return true;
	s->prepared.out.facts.no_save_asked = s->no_save;
	s->report.message_id = s->prepared.message_id;
	s->report.recipients = s->prepared.n_rcpt;
	if (s->prepared.n_rcpt > WORKER_PART_MOST) /* it goes in parts */
		return route_choose(&s->prepared.out.facts, s->via, &choice, e);
	/* before anybody signs in: what no route can carry, none will try */
	return submit_route(NULL, &s->prepared, s->via, &choice, e);
}

/* Done with a message, or with one of its parts. */
typedef bool send_part(struct send *s, struct prepared *p, struct err *e);

/* The next recipients that Exchange takes at a time; *rest: the others. */
static struct addr *
take_recipients(struct arena *a, const struct addr **rest)
{
	struct addr *list = NULL, **tail = &list;

	for (size_t n = 0; *rest != NULL && n < WORKER_PART_MOST; n++) {
		(void)addr_add(a, &tail, *rest);
		*rest = (*rest)->next;
	}
	return list;
}

/*
 * A message for more people than that becomes several, each with the whole
 * header and its own part of the recipients, as in the queue.
 */
static bool
each_part(struct send *s, send_part *act, struct err *e)
{
	const struct prepared *whole = &s->prepared;
	const struct addr *rest = whole->rcpt;
	struct config config = s->config;
	struct prepare_envelope v = { .again = true,
		.want = s->via,
		.no_save_asked = s->no_save };
	struct prepared part = { 0 };
	bool ok = true;

	if (whole->n_rcpt <= WORKER_PART_MOST)
		return act(s, &s->prepared, e);
	config.from_policy = STR("keep"); /* it was applied */
	for (size_t done = 0; ok && rest != NULL; done += part.n_rcpt) {
		prepare_release(&part);
		v.rcpt = take_recipients(&s->compose.mem, &rest);
		ok = arena_ok(&s->compose.mem, e) &&
		    prepare_raw(&part, &config, &whole->out.mime, &v,
			&s->cli->log, e) &&
		    act(s, &part, e);
		if (!ok && done > 0)
			err_wrap(e,
			    "sent to %zu of %zu recipients, not to those from "
			    "%.*s on",
			    done, whole->n_rcpt, STR_ARG(v.rcpt->text));
	}
	prepare_release(&part);
	return ok;
}

static bool
dry_run(struct send *s, struct prepared *p, struct err *e)
{
	struct route_choice choice;

	if (!submit_route(NULL, p, s->via, &choice, e) ||
	    !preview_message(p, &s->config, e))
		return false;
	if (s->cli->common.verbose &&
	    !preview_requests(p, &s->config, s->access.graph_url, choice.route,
		e))
		return false;
	preview_tell(p, &choice, &s->cli->log, s->dry_run);
	return true;
}

static bool
send_try(struct send *s, struct prepared *p, struct err *e)
{
	struct route_choice choice;
	struct progress progress = { 0 };
	bool ok;

	if (!submit_route(&s->client, p, s->via, &choice, e))
		return false;
	s->report.why = choice.why;
	preview_tell(p, &choice, &s->cli->log, s->dry_run);
	if (choice.route == ROUTE_DRAFT)
		p->progress = progress_start(&progress, &s->cli->log);
	ok = attempt_deliver(&s->client, p, s->via, &s->cli->log,
	    &s->report.result, e);
	progress_end(&progress);
	return ok;
}

static bool
deliver_part(struct send *s, struct prepared *p, struct err *e)
{
	struct send_result *r = &s->report.result;
	unsigned before = r->attempts;
	bool ok;

	*r = (struct send_result){ 0 };
	ok = direct_begin(&s->direct, e) && send_try(s, p, e);
	direct_end(&s->direct, p, r, ok ? NULL : e);
	r->attempts += before;
	return ok;
}

static bool
take_text(void *arg, struct str piece, struct err *e)
{
	return accept_feed(arg, piece, e);
}

/* From parts, which are prepared: written straight into the queue. */
static bool
take_parts(struct send *s, struct err *e)
{
	struct route_choice choice;
	struct source text;
	struct rope rope;

	if (!route_choose(&s->prepared.out.facts, s->via, &choice, e))
		return false;
	s->report.why = choice.why;
	rope_init(&rope, &s->compose.mem);
	/* what only JSON delivers is seen in the parts, not in the MIME */
	if (!prepare_text(&s->compose.message, &rope, e) ||
	    !begin_accept(s, choice.route == ROUTE_JSON ? ROUTE_JSON : s->via,
		e))
		return false;
	text = rope_source(&rope);
	return source_copy(source_all(&text), take_text, &s->in, e) &&
	    accept_end(&s->in, e);
}

static bool
queue(struct send *s, struct err *e)
{
	if (s->eml == NULL && !take_parts(s, e))
		return false;
	if (s->handover.begun) {
		s->report.queued = s->handover.submit.id;
		return handover_end(&s->handover, &s->in, e);
	}
	if (!accept_commit(&s->in, e))
		return false;
	s->report.queued = s->in.id;
	/* where somebody hands out, it goes at once; else a timer comes */
	(void)bell_ring(&s->outbox.spool, BELL_NEW, s->in.id);
	return true;
}

/* Also what ends before anybody is asked is an attempt for who looks it up. */
static bool
send_now(struct send *s, struct err *e)
{
	static const struct syslog syslog = SYSLOG_AS("post365/send");
	struct addr *from;
	struct err ignored;

	s->direct = (struct direct){ .config = &s->config,
		.log = &s->cli->log,
		.syslog = &syslog,
		.program = "send",
		.started = os_mono_ms() };
	if (addr_parse(&s->compose.mem, s->config.from, false, &from, &ignored))
		s->direct.sender = from->text;
	if (client_open(&s->client, &s->config, &s->access, &s->cli->log, e))
		return each_part(s, deliver_part, e);
	direct_end(&s->direct, &s->prepared, &s->report.result, e);
	return false;
}

static bool
run(struct send *s, struct err *e)
{
	struct err unusable;

	s->stores = s->queue && !s->dry_run;
	if (!read_settings(s, e) || !prepare(s, e))
		return false;
	if (s->dry_run) {
		/* for the address of Graph; nobody signs in */
		(void)!access_load(&s->access, &s->config, &s->cli->log,
		    &unusable);
		return each_part(s, dry_run, e);
	}
	if (s->queue)
		return queue(s, e);
	return send_now(s, e);
}

/*
 * What cannot be printed does not change how it ended: who repeats a message
 * that was sent, because its report got lost, sends it twice.
 */
static void
print_json(const struct send *s, const struct err *why)
{
	struct buf out;
	struct err e;

	buf_init(&out, REPORT_MAX);
	if (!report_json(&s->report, why, &out, &e) ||
	    !cli_out(buf_view(&out), &e))
		log_warn(&s->cli->log, "%s", e.msg);
	buf_release(&out);
}

/* A mistake in front of --json must not hide it. */
static bool
wants_json(const struct send *s)
{
	for (int i = s->cli->at; i < s->cli->argc; i++)
		if (strcmp(s->cli->argv[i], "--json") == 0)
			return true;
	return s->json;
}

static int
fail(const struct send *s, struct err *e)
{
	int code;
	struct err unsaid;
	struct buf ids;
	bool said;

	if (!s->stores)
		direct_advise(e);
	code = cli_fail(s->cli, e);
	buf_init(&ids, 1024);
	report_ids(&s->report, e, &ids);
	if (s->cli->log.level >= LOG_WARN) {
		said = os_write_fd(s->cli->log.fd, "standard error",
		    buf_view(&ids), &unsaid);
		(void)said; /* nobody is left to tell */
	}
	buf_release(&ids);
	if (wants_json(s))
		print_json(s, e);
	return code;
}

/* It is stored: that its id cannot be told does not change that. */
static int
print_id(const struct send *s)
{
	char line[SUBMIT_ID_SIZE + 8];
	struct err e;

	(void)snprintf(line, sizeof(line), "queued %s\n", s->report.queued);
	if (!cli_out(str_of(line), &e))
		log_warn(&s->cli->log, "%s", e.msg);
	return EX_OK;
}

static int
finish(struct send *s, bool ok, struct err *e)
{
	if (!ok)
		return fail(s, e);
	if (s->cli->common.help)
		return cli_help(s->cli->command);
	if (s->json)
		print_json(s, NULL);
	if (s->queue && !s->dry_run && !s->json)
		return print_id(s);
	if (!s->dry_run && !s->queue)
		log_trace(&s->cli->log, "sent: %.*s to %zu recipient%s via %s",
		    STR_ARG(s->report.message_id), s->report.recipients,
		    s->report.recipients == 1 ? "" : "s", s->report.result.via);
	return EX_OK;
}

static int
send_all(struct send *s, struct cli *cli)
{
	struct err e;
	int code;

	s->cli = cli;
	compose_init(&s->compose, &cli->log);
	code = finish(s,
	    send_read_options(s, &e) && (cli->common.help || run(s, &e)), &e);
	prepare_release(&s->prepared);
	accept_release(&s->in);
	outbox_close(&s->outbox);
	handover_close(&s->handover);
	client_close(&s->client);
	access_release(&s->access);
	config_release(&s->config);
	compose_release(&s->compose);
	return code;
}

/* What is sent is large, and most of it stays as malloc gives it: untouched. */
int
send_main(const struct cli_command *self, int argc, char **argv)
{
	struct arena mem;
	struct cli cli;
	struct send *s;
	struct err e;
	int code;

	cli_init(&cli, self, argc, argv);
	arena_init(&mem, 2 * sizeof(*s));
	s = arena_alloc(&mem, sizeof(*s));
	code = arena_ok(&mem, &e) ? send_all(s, &cli) : cli_fail(&cli, &e);
	arena_release(&mem);
	return code;
}
