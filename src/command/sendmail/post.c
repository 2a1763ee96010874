/* SPDX-License-Identifier: MIT */
#include "command/sendmail/post.h"

#include <unistd.h>

#include "base/os.h"
#include "compose/account.h"
#include "compose/prepare.h"
#include "config/access.h"
#include "deliver/attempt.h"
#include "deliver/background.h"
#include "deliver/bounce.h"
#include "deliver/client.h"
#include "deliver/direct.h"
#include "deliver/worker.h"
#include "mail/dsn.h"

enum {
	REPORT_MOST = 16 << 20,      /* bytes: a report's envelope, aliases */
	POST_GUEST = 64 * 1024,      /* bytes: addresses of a guest */
	POST_GUEST_MOST = 150 << 20, /* bytes: no route carries more */
	POST_HOST = 256
};

/* Is there no queue of his own? *e: why the settings are none. */
static bool
post_is_guest(const struct sendmail_post *d, bool loaded, struct err *e)
{
	if (loaded)
		return d->config.file.n == 0 &&
		    !config_check(&d->config, NULL, CONFIG_TO_COMPOSE, e);
	return config_is_closed(&d->config);
}

bool
sendmail_post_open(struct sendmail_post *d, const struct config_ask *ask,
    const struct log *log, const struct syslog *syslog, struct err *e)
{
	bool loaded;

	*d =
	    (struct sendmail_post){ .ask = *ask, .log = log, .syslog = syslog };
	loaded = config_load(&d->config, ask, log, e);
	d->guest = post_is_guest(d, loaded, e);
	if (!loaded || d->guest)
		d->broken = *e;
	d->asks_relay = d->guest || (loaded && config_is_closed(&d->config));
	if (!d->guest)
		return loaded;
	config_release(&d->config);
	arena_init(&d->config.mem, POST_GUEST);
	d->config.max_message_size = POST_GUEST_MOST;
	return true;
}

bool
sendmail_post_queue(struct sendmail_post *d, struct err *e)
{
	if (d->guest) {
		*e = d->broken;
		return false;
	}
	/* the settings of another account have a path of their own */
	if (d->opened && d->outbox.spool.path != d->config.spool_dir.p) {
		outbox_close(&d->outbox);
		d->opened = false;
	}
	if (!d->opened)
		d->opened = outbox_open(&d->outbox, &d->config, e);
	return d->opened;
}

void
sendmail_post_close(struct sendmail_post *d)
{
	accept_release(&d->in);
	outbox_close(&d->outbox);
	submit_release(&d->submit);
	config_release(&d->config);
	*d = (struct sendmail_post){ 0 };
}

/* --- the queue */

static struct str
text_of(const struct addr *sender)
{
	return sender != NULL ? sender->text : (struct str){ 0 };
}

/*
 * What a guest's header is completed by; the relay has the last word on it.
 * The host's name where it is one.
 */
static bool
post_choose_guest(struct sendmail_post *d, struct accept_to *to, struct err *e)
{
	const struct addr *sender = d->in.ask.entry.sender;
	struct arena *mem = &d->config.mem;
	struct str local = STR("postmaster");
	char host[POST_HOST] = "";
	struct addr *self;

	if (sender != NULL && sender->domain.n > 0) {
		d->config.from = sender->text;
	} else {
		(void)gethostname(host, sizeof(host) - 1);
		if (sender != NULL)
			local = sender->text;
		d->config.from =
		    arena_fmt(mem, "%.*s@%s", STR_ARG(local), host);
		if (!addr_parse(mem, d->config.from, false, &self, e))
			d->config.from = STR("postmaster@localhost");
	}
	to->config = &d->config;
	to->sender = text_of(sender);
	to->why = d->broken;
	return arena_ok(mem, e);
}

static bool
post_choose(void *arg, struct str header, struct accept_to *to, struct err *e)
{
	struct sendmail_post *d = arg;

	if (d->guest)
		return post_choose_guest(d, to, e);
	if (d->broken.kind != ERR_NONE) {
		*e = d->broken;
		return false;
	}
	if (!prepare_account(&d->config, &d->ask, header, e) ||
	    !config_check(&d->config, NULL, CONFIG_TO_COMPOSE, e))
		return false;
	to->config = &d->config;
	to->sender = text_of(d->in.ask.entry.sender);
	if (sendmail_post_queue(d, &to->why))
		to->outbox = &d->outbox;
	return true;
}

void
sendmail_post_begin(struct sendmail_post *d, const struct accept_ask *ask)
{
	struct accept_ask all = *ask;

	all.choose = post_choose;
	all.arg = d;
	all.client = "sendmail";
	all.log = d->log;
	all.check = !d->guest;
	all.keep = true;
	accept_release(&d->in);
	accept_begin(&d->in, &all);
	d->reported = d->away = d->unstored = false;
}

/* As Postfix says it, for those who read logs by program. */
static void
note_stored(const struct sendmail_post *d)
{
	const struct accept *in = &d->in;

	syslog_send(d->syslog, SYSLOG_INFO,
	    "%s: message-id=%.*s, from=<%.*s>, size=%llu, nrcpt=%zu, "
	    "status=queued",
	    in->id, STR_ARG(in->entry.message_id), STR_ARG(in->to.sender),
	    (unsigned long long)accept_source(in).size, in->entry.n_rcpt);
	log_trace(d->log, "stored as %s: %.*s to %zu recipients", in->id,
	    STR_ARG(in->entry.message_id), in->entry.n_rcpt);
}

/* What will keep it there is said now, where somebody may see it. */
static void
warn(const struct sendmail_post *d)
{
	const struct config *c = &d->config;
	struct config_origin_text from;
	struct err why;

	if (!config_check(c, NULL, CONFIG_TO_SIGN_IN, &why))
		log_warn(d->log, "stored as %s, where it waits: %s", d->in.id,
		    why.msg);
	else if (!c->enabled)
		log_warn(d->log,
		    "stored as %s, where it waits: enabled = no (%s)", d->in.id,
		    config_origin(&c->origin[CONFIG_ENABLED], &from));
}

/* Those who are no addresses, as an envelope for their report. */
static bool
list_bad(const struct sendmail_post *d, struct arena *mem, struct envelope *v,
    struct err *e)
{
	const struct entry *in = &d->in.entry;
	size_t n = 0;

	for (const struct entry_bad *b = in->bad; b != NULL; b = b->next)
		n++;
	*v = (struct envelope){ .id = str_of(d->in.id),
		.account = d->config.account,
		.sender = d->in.to.sender,
		.arrived = os_wall(),
		.message_id = in->message_id,
		.recipient = arena_array(mem, n, sizeof(*v->recipient)) };
	if (v->recipient == NULL)
		return arena_ok(mem, e);
	for (const struct entry_bad *b = in->bad; b != NULL; b = b->next)
		v->recipient[v->recipients++] = b->text;
	return true;
}

/*
 * The others get the message; who sent it hears of these, as he would of any
 * that are refused later.
 */
static bool
report_bad(struct sendmail_post *d, struct arena *mem, struct err *e)
{
	const struct source body = accept_source(&d->in);
	char id[ENVELOPE_ID_SIZE];
	struct bounce b = { 0 };
	struct envelope v;
	struct err why;
	struct bounce_about about = { .config = &d->config,
		.envelope = &v,
		.body = &body,
		.why = &why,
		.now = os_wall(),
		.log = d->log };
	bool ok;

	err_set(&why, ERR_INPUT, "%.*s", STR_ARG(d->in.entry.bad->why));
	err_code(&why, STR(DSN_BAD_ADDRESS));
	if (!list_bad(d, mem, &v, e))
		return false;
	about.recipient = v.recipient;
	about.recipients = v.recipients;
	ok = bounce_make(&about, mem, &b, e) &&
	    (b.whom == BOUNCE_NOBODY ||
		bounce_add(&d->outbox.spool, &b, id, e));
	bounce_release(&b);
	return ok;
}

/*
 * To the relay, or left for it. False with e->away: neither was possible, so
 * that it may be stored or sent here, if that can be.
 */
static bool
post_hand_over(struct sendmail_post *d, struct err *e)
{
	struct accept *in = &d->in;
	/* who may sign in does not leave it to others */
	bool leaves = d->asks_relay && in->to.outbox == NULL;

	if (d->submit.log == NULL)
		submit_init(&d->submit, &d->config, d->log);
	d->away = submit_accepted(&d->submit, in, leaves, e);
	if (!d->away) {
		if (!d->guest || !e->away)
			return false;
		if (d->broken.remedy[0] == '\0')
			return submit_refuse(&d->broken, e);
		*e = d->broken; /* there are no settings at all */
		return false;
	}
	syslog_send(d->syslog, SYSLOG_INFO,
	    "message-id=%.*s, from=<%.*s>, size=%llu, nrcpt=%zu, relay=%s, "
	    "status=queued (%s)",
	    STR_ARG(in->entry.message_id), STR_ARG(in->to.sender),
	    (unsigned long long)accept_source(in).size, in->entry.n_rcpt,
	    d->submit.whose, d->submit.as);
	for (const struct entry_bad *b = in->entry.bad; b != NULL; b = b->next)
		log_warn(d->log, "not sent to all: %.*s", STR_ARG(b->why));
	return true;
}

bool
sendmail_post_store(struct sendmail_post *d, struct err *e)
{
	const struct entry_bad *bad = d->in.entry.bad;
	const struct notify unread = { .when = d->in.ask.notify };
	struct arena mem;
	struct err why;

	if (d->asks_relay || d->in.to.outbox == NULL) {
		if (post_hand_over(d, e))
			return true;
		if (!e->away)
			return false;
	}
	d->unstored = !accept_commit(&d->in, e);
	if (d->unstored)
		return false;
	note_stored(d);
	warn(d);
	for (const struct entry_bad *b = bad; b != NULL; b = b->next)
		log_warn(d->log, "not sent to all: %.*s", STR_ARG(b->why));
	if (bad == NULL || !notify_wants(&unread, NOTIFY_FAILURE))
		return true;
	d->reported = true;
	arena_init(&mem, REPORT_MOST);
	if (!report_bad(d, &mem, &why))
		log_warn(d->log, "no report of that could be stored: %s",
		    why.msg);
	arena_release(&mem);
	return true;
}

struct manager_ask
sendmail_post_manager(struct sendmail_post *d)
{
	return (struct manager_ask){ .outbox = &d->outbox,
		.config = &d->config,
		.path = d->ask.path,
		.log = d->log,
		.syslog = d->syslog };
}

void
sendmail_post_background(struct sendmail_post *d)
{
	const struct manager_ask ask = sendmail_post_manager(d);
	struct err e;

	if (d->away)
		return;
	if (background_send(&ask, d->in.id, &e))
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
		err_wrap(e, "stored as %s, where it waits", d->in.id);
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

	if (d->away)
		return true;
	worker_open(&w, &d->outbox, d->ask.path, d->log, d->syslog);
	w.told = true;
	if (!worker_message(&w, d->in.id, &r, &why)) {
		log_warn(d->log, "%s", why.msg);
		left = true;
	} else {
		ok = judge(d, &r, e);
		left = left || (ok && is_left(&r));
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
sendmail_post_unstored(struct sendmail_post *d, struct err *e)
{
	const struct source raw = accept_source(&d->in);
	const struct prepare_envelope v = { .sender = d->in.ask.entry.sender,
		.rcpt = d->in.entry.rcpt };
	const struct err unstored = *e;
	struct prepared p = { 0 };
	struct access access;
	bool ok;

	log_warn(d->log, "it cannot be stored, so it is sent at once: %s",
	    unstored.msg);
	syslog_send(d->syslog, SYSLOG_ERR,
	    "it cannot be stored, so it is sent at once: %s", unstored.msg);
	ok = may_send(d, &access, e) &&
	    prepare_raw(&p, &d->config, &raw, &v, d->log, e) &&
	    send_now(d, &access, &p, v.sender, e);
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
