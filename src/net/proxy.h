/* SPDX-License-Identifier: MIT */
/*
 * proxy: which proxy stands between us and a server, if one does.
 *
 * Pure: texts in, a decision out; tunnel.h talks to it. What is written of
 * users and passwords never gets into an error.
 *
 * Names are not looked up to compare them with addresses: the proxy knows
 * names that we do not. This machine's own addresses (url_is_loopback) never
 * go through a proxy: what listens there, the proxy cannot reach. curl would
 * ask it, where NO_PROXY does not say otherwise.
 *
 * Source: RFC 9110 9.3.6 (CONNECT), RFC 7617 (Basic); curl(1) for the form of
 * NO_PROXY, with CIDR and ports as Go's golang.org/x/net/http/httpproxy.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "codec/url.h"

enum {
	PROXY_USER_MAX = 4096, /* user and password; both are short */
	PROXY_NAME_SIZE = 280  /* a host of 253 bytes, brackets, port */
};

/* A zeroed one is no proxy. */
struct proxy {
	struct buf text;            /* what url lends from */
	struct url url;             /* host.n 0: there is none */
	struct secret basic;        /* "user:password" in base64; or empty */
	struct str origin;          /* of the setting, for people; kept */
	struct str direct;          /* who is reached without it; kept */
	char name[PROXY_NAME_SIZE]; /* "host:port" */
};

/*
 * "[http://][user:password@]host:port[/]"; what cannot stand in a URL is
 * percent-encoded in user and password. ERR_CONFIG, ERR_RETRY (no memory);
 * *out is then zeroed. Release it.
 */
bool proxy_parse(struct str text, struct proxy *out, struct err *e)
    __attribute__((warn_unused_result));
void proxy_release(struct proxy *p); /* a zeroed one is fine */

/* The text of a proxy, perhaps a bad one, holds a user or a password. */
bool proxy_has_secret(struct str text);
/* Appends the text with *** in place of them. */
void proxy_mask(struct str text, struct buf *out);

/*
 * The proxy to reach this server by, or NULL: directly. p may be NULL. *why,
 * when p is a proxy and NULL is given: the entry of p->direct, or "loopback".
 */
const struct proxy *proxy_for(const struct proxy *p, const struct url *u,
    struct str *why);

/*
 * Does this list (commas or blanks between) name the server? Gives the entry,
 * p NULL: none does. An entry is * for all; a name, which is also all below
 * it, a dot or *. before it is ignored; an IP literal; a CIDR; each with
 * :port if that matters.
 */
struct str proxy_entry(struct str list, struct str host, uint16_t port);

#endif
