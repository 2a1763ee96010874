/* SPDX-License-Identifier: MIT */
/*
 * cert: a key and a certificate for a TLS server: made on the spot (the
 * sandbox's) or read from PEM files (the relay's).
 */
#ifndef NET_CERT_H
#define NET_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { CERT_PAIRS = 2 };

struct cert {
	struct arena mem;
	struct cert_state *state; /* of cert.c and tls.c */
};

/*
 * Makes a certificate authority and, signed by it, a server certificate
 * (ECDSA P-256, 30 days) for these names and IP literals; appends the
 * authority's certificate as PEM to ca_pem, for ca = FILE.
 */
bool cert_make(struct cert *c, const struct str *name, size_t n,
    struct buf *ca_pem, struct err *e) __attribute__((warn_unused_result));

/*
 * An authority that outlives the process: its certificate (10 years) and its
 * key (RFC 5915, unencrypted: a file of it is for nobody else), as PEM.
 */
struct cert_authority {
	struct buf pem, key;
};

/*
 * The same, signed by this authority. Where it is empty, or is none whose
 * key and certificate belong together, a new one is put there in its place.
 */
bool cert_make_by(struct cert *c, const struct str *name, size_t n,
    struct cert_authority *ca, struct err *e)
    __attribute__((warn_unused_result));

/* A chain of certificates and its key, as PEM. Zeroed: none. */
struct cert_pem {
	const char *chain_name, *key_name; /* the files', borrowed */
	struct buf chain, key;
};

/* Reads both files. ERR_CONFIG names the file. Release it in any case. */
bool cert_read(struct cert_pem *p, struct err *e)
    __attribute__((warn_unused_result));
void cert_pem_release(struct cert_pem *p, size_t n); /* wipes */

/*
 * A server's certificates: one, or an RSA and an ECDSA one. ERR_CONFIG names
 * the file that holds none, or the key that does not fit.
 */
bool cert_parse(struct cert *c, const struct cert_pem *pem, size_t n,
    struct err *e) __attribute__((warn_unused_result));

void cert_release(struct cert *c);

#endif
