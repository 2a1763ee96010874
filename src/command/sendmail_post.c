/* SPDX-License-Identifier: MIT */
#include "command/sendmail_post.h"

#include "command/attempt.h"

bool
sendmail_post_open(struct sendmail_post *d, const struct config_ask *ask,
    const struct log *log, const struct syslog *syslog, struct err *e)
{
	*d = (struct sendmail_post){ .log = log, .syslog = syslog };
	if (!config_load(&d->config, ask, log, e) ||
	    !config_check(&d->config, CONFIG_TO_SIGN_IN, e))
		return false;
	if (d->config.enabled)
		return true;
	err_set(e, ERR_CONFIG, "sending is switched off: enabled = no (%.*s)",
	    STR_ARG(d->config.origin[CONFIG_ENABLED]));
	return err_remedy(e, "set enabled = yes");
}

void
sendmail_post_close(struct sendmail_post *d)
{
	client_close(&d->client);
	config_release(&d->config);
	*d = (struct sendmail_post){ 0 };
}

/* Once, and only if there is something to send. */
static bool
connect_client(struct sendmail_post *d, struct err *e)
{
	if (!d->connected)
		d->connected = client_open(&d->client, &d->config, d->log, e);
	return d->connected;
}

static struct str
text_of(const struct addr *sender)
{
	return sender != NULL ? sender->text : (struct str){ 0 };
}

/* As Postfix says it, for those who read logs by program. */
static void
note_sent(const struct sendmail_post *d, const struct prepared *p,
    const struct addr *sender)
{
	syslog_send(d->syslog, SYSLOG_INFO,
	    "message-id=%.*s, from=<%.*s>, size=%llu, nrcpt=%zu, via=%s, "
	    "status=sent (client-request-id %s)",
	    STR_ARG(p->message_id), STR_ARG(text_of(sender)),
	    (unsigned long long)p->out.mime.size, p->n_rcpt, d->sent.via,
	    d->sent.client_request_id);
	log_trace(d->log, "sent: %.*s to %zu recipients via %s",
	    STR_ARG(p->message_id), p->n_rcpt, d->sent.via);
}

void
sendmail_post_note(const struct syslog *l, const struct addr *sender,
    const struct err *why)
{
	syslog_send(l, SYSLOG_ERR, "from=<%.*s>, status=failed (%s: %s)",
	    STR_ARG(text_of(sender)), err_kind_name(why->kind), why->msg);
}

bool
sendmail_post_message(struct sendmail_post *d, const struct source *raw,
    const struct prepare_envelope *envelope, struct err *e)
{
	struct prepared p = { 0 };
	bool ok;

	d->sent = (struct send_result){ 0 };
	ok = prepare_raw(&p, &d->config, raw, envelope, d->log, e) &&
	    connect_client(d, e) &&
	    attempt_deliver(&d->client, &p, envelope->want, d->log, &d->sent,
		e);
	if (ok)
		note_sent(d, &p, envelope->sender);
	prepare_release(&p);
	return ok;
}
