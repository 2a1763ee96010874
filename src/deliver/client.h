/* SPDX-License-Identifier: MIT */
/*
 * client: all that a command needs to talk to Graph, put together: the
 * credential, certificate authorities, the proxy, HTTP connections, the
 * mailbox's turn.
 */
#ifndef DELIVER_CLIENT_H
#define DELIVER_CLIENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "config/access.h"
#include "config/config.h"
#include "config/credential.h"
#include "deliver/turn.h"
#include "graph/call.h"
#include "net/http.h"
#include "net/trust.h"

struct client {
	struct credential credential;
	struct trust trust;
	struct proxy proxy;
	struct http http;
	struct graph graph;
	struct turn turn; /* graph's meter and clock */
};

/*
 * Looks at the credential and the certificate authorities; opens no
 * connection yet. Borrows c, a and log, and must not be moved, until
 * client_close. ERR_CONFIG.
 */
bool client_open(struct client *s, const struct config *c, struct access *a,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));
void client_close(struct client *s); /* a zeroed one is fine */

#endif
