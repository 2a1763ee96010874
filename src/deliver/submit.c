/* SPDX-License-Identifier: MIT */
#include "deliver/submit.h"

#include "graph/permit.h"

static bool
submit_check_recipients(const struct prepared *p, struct err *e)
{
	if (p->n_rcpt <= SEND_RECIPIENTS_MAX)
		return true;
	err_set(e, ERR_INPUT,
	    "the message has %zu recipients, Exchange takes at most %d",
	    p->n_rcpt, SEND_RECIPIENTS_MAX);
	return err_remedy(e,
	    "send it in parts, or to a group: that counts as one");
}

bool
submit_route(struct client *c, const struct prepared *p, enum route want,
    struct route_choice *out, struct err *e)
{
	struct route_facts facts = p->out.facts;

	if (!submit_check_recipients(p, e))
		return false;
	if (c != NULL && want == ROUTE_AUTO &&
	    facts.mime_size > facts.mime_limit)
		facts.read_write = permit_write(&c->graph);
	return route_choose(&facts, want, out, e);
}

bool
submit_send(struct client *c, const struct prepared *p,
    const struct route_choice *by, const struct log *log,
    struct send_result *out, struct err *e)
{
	*out = (struct send_result){ 0 };
	log_trace(log, "* route %s: %s", route_name(by->route), by->why);
	if (by->loses != NULL)
		log_warn(log, "sent by the route %s, the message loses %s",
		    route_name(by->route), by->loses);
	return outgoing_send(&c->graph, &p->out, by->route, &p->progress, out,
	    e);
}
