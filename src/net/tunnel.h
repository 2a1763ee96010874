/* SPDX-License-Identifier: MIT */
/*
 * tunnel: asks a proxy for a tunnel to a server, with CONNECT.
 *
 * Without input or output of its own: tunnel_out is what has to be written,
 * tunnel_feed takes what was read. Nothing of ours but a name and a port has
 * left before the tunnel stands, so no failure is ERR_UNSURE: ERR_CONFIG is
 * what a person has to mend (password, rules of the proxy, wrong port),
 * ERR_RETRY the rest. The texts name the proxy and the server, and what the
 * proxy said in its own words.
 *
 * Source: RFC 9110 9.3.6 (CONNECT), 11.7 (its fields), RFC 7617 (Basic).
 */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/http1.h"
#include "codec/parse.h"
#include "net/proxy.h"

enum {
	TUNNEL_PAGE_MAX = 16 * 1024 /* of an error page; squid's has 4 kB */
};

/* A zeroed one is legal to release. */
struct tunnel {
	const struct proxy *proxy;
	struct str target; /* "host:port" */
	struct buf out;    /* what is still to be written */
	struct http1 answer;
	struct buf page;
	enum parse state;
};

/* Keeps proxy and target ("host:port"). ERR_RETRY: no memory. */
bool tunnel_start(struct tunnel *t, const struct proxy *proxy,
    struct str target, struct err *e) __attribute__((warn_unused_result));
void tunnel_release(struct tunnel *t);

/* What is to be written, until it is empty; n bytes of it were. */
struct str tunnel_out(const struct tunnel *t);
void tunnel_wrote(struct tunnel *t, size_t n);

/*
 * DONE: the tunnel stands, and the next byte is the server's. BAD: *e says
 * why there is none.
 */
enum parse tunnel_feed(struct tunnel *t, struct str in, struct err *e)
    __attribute__((warn_unused_result));

/*
 * There will be no more from the proxy: it "closed the connection", say.
 * Fills *e; half a refusal is told as one. Returns false.
 */
bool tunnel_end(struct tunnel *t, const char *how, struct err *e);

/* "200 Connection established", the answer's first line; for -v. */
struct str tunnel_said(const struct tunnel *t);

#endif
