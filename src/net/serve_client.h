/* SPDX-License-Identifier: MIT */
/*
 * serve_client: one client of serve.h, from its acceptance to its end. For
 * serve.c alone, which has put the time into s before.
 */
#ifndef NET_SERVE_CLIENT_H
#define NET_SERVE_CLIENT_H

#include "net/serve.h"

/* In a free place; adopts fd, and ends at once if it cannot be served. */
void serve_client_begin(struct serve *s, struct serve_client *c, int fd,
    const struct serve_peer *peer);
void serve_client_end(struct serve_client *c); /* a free place is fine */

/* As far as it goes without waiting, but not so far that others wait. */
void serve_client_step(struct serve_client *c);

/* The answer to its request, which goes out by the next steps. */
void serve_client_say(struct serve_client *c, const struct serve_answer *a);

/* It waits for a late answer, and the peer has not ended the connection. */
bool serve_client_is_waiting(const struct serve_client *c);

#endif
