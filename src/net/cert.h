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

/* Reads a chain and its key from PEM files. ERR_CONFIG names the file. */
bool cert_load(struct cert *c, const char *chain, const char *key,
    struct err *e) __attribute__((warn_unused_result));

void cert_release(struct cert *c);

#endif
