/* SPDX-License-Identifier: MIT */
/* send: POST /send, mail from programs. */
#include "command/web/visit.h"

void
web_send(struct visit *v)
{
	v->status = 503;
	v->type = VISIT_JSON;
	buf_addz(&v->body_out, "{\"status\":\"failed\"}\n");
}
