/* SPDX-License-Identifier: MIT */
/*
 * conn: a stream of bytes to a peer, plain or TLS.
 *
 * Opening never blocks: conn_start begins it, and it goes on whenever
 * somebody waits: conn_open waits for it alone, and a conn that is waiting
 * for something else moves its `beside` along (so the connection to Graph
 * opens while the token is being fetched). Names are looked up in a child
 * process (musl's getaddrinfo knows no deadline); IPv6 and IPv4 addresses
 * race after RFC 8305. Where a proxy is given, all that is its: the name
 * looked up and connected to is the proxy's, which then makes a tunnel
 * (tunnel.h); what goes through it is as without one.
 *
 * All deadlines are absolute, in ms of os_mono_ms. Every failure here is
 * ERR_RETRY (a failed certificate check too) unless said
 * otherwise, and for a proxy's refusal perhaps ERR_CONFIG; what had been
 * written by then decides what it means, and that is known to the caller. The
 * message names host, port and reason.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "net/cert.h"
#include "net/proxy.h"
#include "net/trust.h"

struct conn_to {
	struct str host; /* a name or an IP literal, without brackets */
	uint16_t port;
	const struct trust *trust; /* NULL: plain, no TLS */
	const struct proxy *proxy; /* NULL: directly */
	struct str session_folder; /* where TLS sessions are kept; or empty */
	int64_t deadline;          /* for opening, handshake included */
	const struct log *log;     /* traces each step; may be NULL */
};

struct conn {
	struct arena mem;
	struct conn_state *state; /* of conn.c; NULL: not open */
	struct conn *beside;      /* moved along while this one waits */
};

/*
 * Begins to open. Copies `to`; borrows trust, proxy and log until conn_close.
 * What goes wrong later is told by conn_open. ERR_BUG, ERR_RETRY (no memory).
 */
bool conn_start(struct conn *c, const struct conn_to *to, struct err *e)
    __attribute__((warn_unused_result));

/* Waits until the connection is open, at most until its deadline. */
bool conn_open(struct conn *c, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The server's side of an accepted socket, which becomes ours (also on
 * failure). cert NULL: plain. The handshake is done by the first conn_open.
 */
bool conn_accept(struct conn *c, int fd, const struct cert *cert,
    int64_t deadline, struct err *e) __attribute__((warn_unused_result));

/*
 * Reads what there is, at least one byte. *got 0: the peer ended the stream
 * in order (TLS: with close_notify). An end without it is ERR_RETRY: some
 * servers close like that, and so does who cuts an answer short.
 */
bool conn_read(struct conn *c, char *p, size_t n, size_t *got, int64_t deadline,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Writes all of s. *left says how many bytes were not handed to the kernel.
 * With stop_on_read, gives up (true, *left > 0) as soon as the peer sends
 * something: an early answer.
 */
struct conn_write {
	int64_t deadline;
	bool stop_on_read;
};
bool conn_write(struct conn *c, struct str s, struct conn_write how,
    size_t *left, struct err *e) __attribute__((warn_unused_result));

/* There is something to read now, or the peer has closed. Never waits. */
bool conn_has_input(struct conn *c);

/* How it was opened, as far as that came: for check. Copies. */
enum { CONN_ADDRESS = 64, CONN_ISSUER = 256 };
struct conn_facts {
	bool connected;  /* to the host, through the proxy if there is one */
	bool by_proxy;   /* address is the proxy's */
	int64_t ms;      /* until then, the name's look-up included */
	int64_t expires; /* of the certificate, seconds since 1970; 0: none */
	char address[CONN_ADDRESS]; /* empty: no connection */
	char tls[CONN_ADDRESS];     /* as conn_describe */
	char issuer[CONN_ISSUER];   /* at the top of the chain */
};
void conn_facts(const struct conn *c, struct conn_facts *out);

/* "TLSv1.3, AES-256-GCM, resumed" and the like, for -v; "plain". */
struct str conn_describe(const struct conn *c);

/* Says goodbye (never waiting for it) and frees. A zeroed conn is fine. */
void conn_close(struct conn *c);
/* Cuts the stream off with a reset, for the sandbox's faults. */
void conn_abort(struct conn *c);

#endif
