/* SPDX-License-Identifier: MIT */
#include "graph/outgoing.h"

#include "graph/draft.h"

bool
outgoing_send(struct graph *g, const struct outgoing *m, enum route route,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e)
{
	struct send_options o = {
		.mailbox = m->mailbox,
		.save_to_sent = m->save_to_sent,
	};

	*out = (struct send_result){ .via = route_name(route) };
	switch (route) {
	case ROUTE_MIME:
		return send_mime(g, &m->mime, &o, out, e);
	case ROUTE_JSON:
		return send_message(g, m->message, &o, out, e);
	case ROUTE_DRAFT:
		return draft_send(g, m, progress, out, e);
	case ROUTE_AUTO:
		break;
	}
	return err_set(e, ERR_BUG, "no route was chosen");
}
