/* SPDX-License-Identifier: MIT */
#include "command/relay/ready.h"

#include <string.h>

#include "deliver/outbox.h"

static void
ready_put_listener(const struct plan *p, const struct listen *l,
    struct buf *out)
{
	bool tls = l->tls == LISTEN_STARTTLS ||
	    (l->tls == LISTEN_AUTO && p->conf.certificates > 0);

	buf_addf(out, "%s%.*s%s%s", out->n > 0 ? ", " : "", STR_ARG(l->text),
	    l->tls == LISTEN_TLS ? " tls" :
		tls              ? " starttls" :
				   "",
	    l->auth ? " auth" : "");
}

/* "this machine, 2 of allow, 3 users" */
static void
ready_put_clients(const struct plan *p, struct buf *out)
{
	size_t start = out->n, allowed = 0;
	bool here = p->has_socket;

	for (const struct listen *l = p->conf.listen; l != NULL; l = l->next)
		here = here || l->kind == LISTEN_UNIX ||
		    (l->kind == LISTEN_IP && range_ip_is_loopback(&l->ip));
	for (const struct allow *a = p->conf.allow; a != NULL; a = a->next)
		allowed++;
	if (here)
		buf_addz(out, "this machine");
	if (allowed > 0)
		buf_addf(out, "%s%zu of allow", out->n > start ? ", " : "",
		    allowed);
	if (p->users > 0)
		buf_addf(out, "%s%zu of auth_file", out->n > start ? ", " : "",
		    p->users);
}

static void
ready_put_queue(const struct plan *p, struct buf *out)
{
	struct outbox outbox;
	struct spool_list l;
	struct err unsaid;

	if (outbox_open(&outbox, &p->config, &unsaid) &&
	    spool_list(&outbox.spool, SPOOL_QUEUED, &l, &unsaid)) {
		buf_addf(out, "; %zu in the queue", l.n);
		spool_list_release(&l);
	}
	outbox_close(&outbox);
}

static void
ready_put_sender(const struct config *c, struct buf *out)
{
	buf_addf(out, "; sent by %.*s",
	    STR_ARG(c->mailbox.n > 0 ? c->mailbox : STR("no mailbox yet")));
	if (c->accounts.n > 0)
		buf_addf(out, ", accounts %.*s", STR_ARG(c->accounts));
	if (!c->enabled)
		buf_addz(out, " (enabled = no: it waits)");
}

void
ready_tell(const struct plan *p, const struct record_way *way,
    const char *event)
{
	struct record r;
	struct buf text, where;

	buf_init(&text, RECORD_REASON);
	buf_init(&where, RECORD_REASON);
	for (const struct listen *l = p->conf.listen; l != NULL; l = l->next)
		ready_put_listener(p, l, &where);
	if (p->has_socket)
		buf_addf(&where, "%s%.*s", where.n > 0 ? ", " : "",
		    STR_ARG(p->conf.socket));
	buf_addf(&text, "%s: listening on %.*s for ",
	    strcmp(event, "start") == 0 ? "ready" : "settings read anew",
	    STR_ARG(buf_view(&where)));
	ready_put_clients(p, &text);
	ready_put_queue(p, &text);
	ready_put_sender(&p->config, &text);
	if (p->conf.web != NULL)
		buf_addf(&text, "; dashboard at http%s://%.*s",
		    p->conf.certificates > 0 ? "s" : "",
		    STR_ARG(p->conf.web->text));
	record_begin(&r, way, SYSLOG_INFO, event);
	record_reason(&r, "text", buf_view(&text));
	record_send(&r);
	buf_release(&where);
	buf_release(&text);
}
