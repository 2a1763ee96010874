/* SPDX-License-Identifier: MIT */
#include "command/sendmail/post.h"

#include <string.h>

#include "base/os.h"
#include "config/access.h"
#include "deliver/attempt.h"
#include "deliver/background.h"
#include "deliver/bounce.h"
#include "deliver/client.h"
#include "deliver/direct.h"
#include "deliver/worker.h"
#include "mail/dsn.h"

bool
sendmail_post_open(struct sendmail_post *d, const struct config_ask *ask,
    const struct log *log, const struct syslog *syslog, struct err *e)
{
	*d = (struct sendmail_post){ .path = ask->path,
		.log = log,
		.syslog = syslog };
	return config_load(&d->config, ask, log, e);
}

bool
sendmail_post_queue(struct sendmail_post *d, struct err *e)
{
	if (!d->opened)
		d->opened = outbox_open(&d->outbox, &d->config, e);
	return d->opened;
}

void
sendmail_post_close(struct sendmail_post *d)
{
	outbox_close(&d->outbox);
	config_release(&d->config);
	*d = (struct sendmail_post){ 0 };
}

/* --- the queue */

static struct str
text_of(const struct addr *sender)
{
	return sender != NULL ? sender->text : (struct str){ 0 };
}

/* As Postfix says it, for those who read logs by program. */
static void
note_stored(const struct sendmail_post *d, const struct prepared *p,
    const struct addr *sender)
{
	syslog_send(d->syslog, SYSLOG_INFO,
	    "%s: message-id=%.*s, from=<%.*s>, size=%llu, nrcpt=%zu, "
	    "status=queued",
	    d->ids.id[0], STR_ARG(p->message_id), STR_ARG(text_of(sender)),
	    (unsigned long long)p->out.mime.size, p->n_rcpt);
	log_trace(d->log, "stored as %s: %.*s to %zu recipients", d->ids.id[0],
	    STR_ARG(p->message_id), p->n_rcpt);
}

/* What will keep it there is said now, where somebody may see it. */
static void
warn(const struct sendmail_post *d)
{
	const struct config *c = &d->config;
	struct config_origin_text from;
	struct err why;

	if (!config_check(c, NULL, CONFIG_TO_SIGN_IN, &why))
		log_warn(d->log, "stored as %s, where it waits: %s",
		    d->ids.id[0], why.msg);
	else if (!c->enabled)
		log_warn(d->log,
		    "stored as %s, where it waits: enabled = no (%s)",
		    d->ids.id[0],
		    config_origin(&c->origin[CONFIG_ENABLED], &from));
}

static bool
store(struct sendmail_post *d, const struct prepared *p,
    const struct sendmail_mail *mail, struct err *e)
{
	const struct enqueue q = {
		.config = &d->config,
		.prepared = p,
		.sender = text_of(mail->envelope.sender),
		.client = "sendmail",
		.options = { .no_report = mail->no_report,
		    .envelope_id = mail->envelope_id },
	};

	if (!sendmail_post_queue(d, e) ||
	    !enqueue_message(&d->outbox, &q, &d->ids, e))
		return false;
	note_stored(d, p, mail->envelope.sender);
	warn(d);
	return true;
}

/* Those who are no addresses, as an envelope for their report. */
static bool
list_bad(const struct sendmail_post *d, struct prepared *p,
    const struct sendmail_mail *mail, struct envelope *v, struct err *e)
{
	size_t n = 0;

	for (const struct prepare_bad *b = p->bad; b != NULL; b = b->next)
		n++;
	*v = (struct envelope){ .id = str_of(d->ids.id[0]),
		.account = d->config.account,
		.sender = text_of(mail->envelope.sender),
		.arrived = os_wall(),
		.message_id = p->message_id,
		.recipient = arena_array(&p->mem, n, sizeof(*v->recipient)) };
	if (v->recipient == NULL)
		return arena_ok(&p->mem, e);
	for (const struct prepare_bad *b = p->bad; b != NULL; b = b->next)
		v->recipient[v->recipients++] = b->text;
	return true;
}

/*
 * The others get the message; who sent it hears of these, as he would of any
 * that are refused later.
 */
static void
report_bad(struct sendmail_post *d, struct prepared *p,
    const struct sendmail_mail *mail)
{
	char id[ENVELOPE_ID_SIZE];
	struct bounce b = { 0 };
	struct envelope v;
	struct err why, e;
	struct bounce_about about = { .config = &d->config,
		.envelope = &v,
		.body = &p->out.mime,
		.why = &why,
		.now = os_wall(),
		.log = d->log };

	for (const struct prepare_bad *bad = p->bad; bad != NULL;
	     bad = bad->next)
		log_warn(d->log, "not sent to all: %.*s", STR_ARG(bad->why));
	if (p->bad == NULL || mail->no_report)
		return;
	err_set(&why, ERR_INPUT, "%.*s", STR_ARG(p->bad->why));
	memcpy(why.code, DSN_BAD_ADDRESS, sizeof(DSN_BAD_ADDRESS));
	d->reported = true;
	if (!list_bad(d, p, mail, &v, &e)) {
		log_warn(d->log, "no report of that: %s", e.msg);
		return;
	}
	about.recipient = v.recipient;
	about.recipients = v.recipients;
	if (!bounce_make(&about, &p->mem, &b, &e) ||
	    (b.whom != BOUNCE_NOBODY &&
		!bounce_add(&d->outbox.spool, &b, id, &e)))
		log_warn(d->log, "no report of that could be stored: %s",
		    e.msg);
	bounce_release(&b);
}

bool
sendmail_post_store(struct sendmail_post *d, const struct sendmail_mail *mail,
    bool *unstored, struct err *e)
{
	struct prepared p = { 0 };
	struct route_choice choice;
	bool ok;

	*unstored = false;
	d->ids.n = 0;
	ok = config_check(&d->config, NULL, CONFIG_TO_COMPOSE, e) &&
	    prepare_raw(&p, &d->config, mail->raw, &mail->envelope, d->log,
		e) &&
	    route_choose(&p.out.facts, ROUTE_AUTO, &choice, e);
	if (ok) {
		ok = store(d, &p, mail, e);
		if (ok)
			report_bad(d, &p, mail);
		*unstored = !ok && e->kind != ERR_INPUT;
	}
	prepare_release(&p);
	return ok;
}

struct manager_ask
sendmail_post_manager(struct sendmail_post *d)
{
	return (struct manager_ask){ .outbox = &d->outbox,
		.config = &d->config,
		.path = d->path,
		.log = d->log,
		.syslog = d->syslog };
}

void
sendmail_post_background(struct sendmail_post *d)
{
	const struct manager_ask ask = sendmail_post_manager(d);
	struct err e;

	if (background_send(&ask, &d->ids, &e))
		return;
	log_warn(d->log, "stored, but not sent yet: %s", e.msg);
	syslog_send(d->syslog, SYSLOG_ERR, "stored, but not sent yet: %s",
	    e.msg);
}

/* --- while the caller waits */

/* True: nothing that the caller would have to know. */
static bool
judge(const struct sendmail_post *d, const struct worker_result *r,
    struct err *e)
{
	bool waits = r->message == VERDICT_WAITS && r->why.kind != ERR_RETRY;

	if (r->why.kind == ERR_NONE || (r->message < VERDICT_SENT && !waits))
		return true;
	*e = r->why;
	if (waits || r->message == VERDICT_HOLD)
		err_wrap(e, "stored as %s, where it waits", d->ids.id[0]);
	return false;
}

/* In the queue: its time, or that of its mailbox, will come. */
static bool
is_left(const struct worker_result *r)
{
	return !r->tried || r->message < VERDICT_SENT;
}

bool
sendmail_post_wait(struct sendmail_post *d, struct err *e)
{
	struct worker_result r;
	struct worker w;
	struct err why;
	bool ok = true, left = d->reported;

	worker_open(&w, &d->outbox, d->path, d->log, d->syslog);
	w.told = true;
	for (size_t i = 0; i < d->ids.n; i++) {
		if (!worker_message(&w, d->ids.id[i], &r, &why)) {
			log_warn(d->log, "%s", why.msg);
			left = true;
			break;
		}
		if (judge(d, &r, &why)) {
			left = left || is_left(&r);
		} else if (ok) {
			ok = false;
			*e = why;
		}
	}
	worker_close(&w);
	if (left)
		sendmail_post_background(d);
	return ok;
}

/* --- without the queue */

static bool
send_now(struct sendmail_post *d, struct access *a, const struct prepared *p,
    const struct addr *sender, struct err *e)
{
	struct direct direct = { .config = &d->config,
		.log = d->log,
		.syslog = d->syslog,
		.program = "sendmail",
		.sender = text_of(sender) };
	struct send_result sent = { 0 };
	struct client client = { 0 };
	bool ok = direct_begin(&direct, e) &&
	    client_open(&client, &d->config, a, d->log, e) &&
	    attempt_deliver(&client, p, ROUTE_AUTO, d->log, &sent, e);

	client_close(&client);
	direct_end(&direct, p, &sent, ok ? NULL : e);
	return ok;
}

static bool
may_send(const struct sendmail_post *d, struct access *a, struct err *e)
{
	const struct config *c = &d->config;
	struct config_origin_text from;

	if (!access_load(a, c, d->log, e) ||
	    !config_check(c, a, CONFIG_TO_SIGN_IN, e))
		return false;
	if (c->enabled)
		return true;
	err_set(e, ERR_CONFIG, "sending is switched off: enabled = no (%s)",
	    config_origin(&c->origin[CONFIG_ENABLED], &from));
	return err_remedy(e, "set enabled = yes");
}

bool
sendmail_post_unstored(struct sendmail_post *d,
    const struct sendmail_mail *mail, struct err *e)
{
	const struct err unstored = *e;
	struct prepared p = { 0 };
	struct access access;
	bool ok;

	log_warn(d->log, "it cannot be stored, so it is sent at once: %s",
	    unstored.msg);
	syslog_send(d->syslog, SYSLOG_ERR,
	    "it cannot be stored, so it is sent at once: %s", unstored.msg);
	ok = may_send(d, &access, e) &&
	    prepare_raw(&p, &d->config, mail->raw, &mail->envelope, d->log,
		e) &&
	    send_now(d, &access, &p, mail->envelope.sender, e);
	access_release(&access);
	prepare_release(&p);
	return ok;
}

void
sendmail_post_note(const struct syslog *l, const struct addr *sender,
    const struct err *why)
{
	syslog_send(l, SYSLOG_ERR, "from=<%.*s>, status=failed (%s: %s)",
	    STR_ARG(text_of(sender)), err_kind_name(why->kind), why->msg);
}
