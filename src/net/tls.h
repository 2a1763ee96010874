/* SPDX-License-Identifier: MIT */
/*
 * tls: TLS 1.2 and 1.3 over a connected, non-blocking socket.
 *
 * Never waits: each function does what it can and says what to poll for.
 * Verification of the server cannot be left out (verify.h says what it is).
 * All failures are ERR_RETRY; their text does not name the host, the caller
 * does. The client offers http/1.1 by ALPN, keeps its session in a file
 * (session.h) and never sends early data.
 *
 * Source: RFC 8446, RFC 5246; facts.md 6.2 (what Microsoft's servers take);
 * RFC 9325 (recommendations).
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "net/cert.h"
#include "net/io.h"
#include "net/trust.h"

struct tls_to {
	struct str host; /* name or IP literal; kept */
	const struct trust *trust;
	struct str session_folder; /* empty: sessions are not kept */
	struct str peer;           /* "host:port", names a kept session */
};

struct tls;

/*
 * Borrow fd, and trust or cert, until tls_free. The struct lives in mem.
 * NULL: *e says why.
 */
struct tls *tls_client(struct arena *mem, int fd, const struct tls_to *to,
    struct err *e) __attribute__((warn_unused_result));
/* Which clients a server takes. */
enum tls_clients {
	TLS_MODERN, /* TLS 1.2 and 1.3, as RFC 9325 says */
	TLS_NEWEST, /* 1.3 only */
	TLS_LEGACY  /* RSA key exchange and CBC at 1.2 as well: old devices */
};
struct tls_at {
	const struct cert *cert;
	enum tls_clients clients;
	bool http; /* http/1.1 is spoken (ALPN) */
};
struct tls *tls_server(struct arena *mem, int fd, const struct tls_at *at,
    struct err *e) __attribute__((warn_unused_result));

enum io tls_handshake(struct tls *t, struct err *e)
    __attribute__((warn_unused_result));
/*
 * Was a kept session offered? A failed handshake may come of that (a server
 * that speaks TLS 1.2 only by now); the session is forgotten then.
 */
bool tls_offered_session(const struct tls *t);
/* At least one byte with IO_DONE. */
enum io tls_read(struct tls *t, char *p, size_t n, size_t *got, struct err *e)
    __attribute__((warn_unused_result));
/* IO_DONE: there is something to read. Takes in tickets on the way. */
enum io tls_peek(struct tls *t) __attribute__((warn_unused_result));
/*
 * *done bytes, some at least, are with the kernel. After IO_WANT_* the next
 * call must bring the same bytes.
 */
enum io tls_write(struct tls *t, struct str s, size_t *done, struct err *e)
    __attribute__((warn_unused_result));

/*
 * "TLSv1.3, AES-256-GCM, resumed", and who issued the chain if no built-in
 * root did; lives in mem. After the handshake.
 */
struct str tls_describe(const struct tls *t);

/*
 * Who stands at the top of the server's chain, and until when its certificate
 * is good. Empty and 0 for a resumed session, which has none. Lends.
 */
void tls_peer(const struct tls *t, struct str *issuer, int64_t *expires);

/* Says goodbye if the kernel takes it at once. */
void tls_bye(struct tls *t);
void tls_free(struct tls *t); /* wipes keys; NULL is fine */

#endif
