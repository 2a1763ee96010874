/* SPDX-License-Identifier: MIT */
/*
 * wire: what may be seen of a request and of its answer.
 *
 * -v shows both, without what is secret in them. And where an answer repeats
 * a secret of its request, it is overwritten before anybody sees it: no
 * message, no spool and no journal can tell it then.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "net/http.h"

/* "/" for a target without one, as "?q=1" (RFC 9112 3.2.1); else "". */
const char *wire_slash(const struct url *url);
uint64_t wire_body_size(const struct http_request *r);

/* field: all n that are sent. */
void wire_trace_request(const struct log *l, const struct http_request *r,
    const struct http_field *field, size_t n);
void wire_trace_answer(const struct log *l, const struct http_request *r,
    const struct http_answer *a);

/*
 * Puts stars over what the answer shares with a secret field of the request,
 * the query of a secret target, or client_secret and client_assertion in a
 * secret body (page_mask).
 */
void wire_hide_secrets(const struct http_request *r, struct http_answer *a);

#endif
