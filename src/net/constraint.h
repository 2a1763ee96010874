/* SPDX-License-Identifier: MIT */
/*
 * constraint: what authorities say about the certificates below them, and
 * critical extensions that nobody here knows.
 *
 * mbedTLS 3.6 refuses to read a certificate with critical name constraints
 * and skips those that are not critical. Here certificates are read in spite
 * of them (constraint_parse_der), and judged once they are part of a chain.
 *
 * For verify, trust and tls only: it includes mbedTLS.
 *
 * Source: RFC 5280 4.2, 4.2.1.10, 6.1.3 (b), (c) and (o).
 */
#ifndef NET_CONSTRAINT_H
#define NET_CONSTRAINT_H

#include <stddef.h>

#include "base/str.h"
#include "net/mbed.h"

struct constraint {
	struct str above[MBEDTLS_X509_MAX_VERIFY_CHAIN_SIZE];
	size_t n, work; /* work: bytes compared with names so far */
};

/*
 * Takes the certificates of a chain from its top down to the leaf (depth 0).
 * NULL: nothing is wrong with this one. Else why it is refused, in words.
 * Keeps pieces of each, as long as the struct is used.
 */
const char *constraint_check(struct constraint *c, const mbedtls_x509_crt *crt,
    int depth);

/*
 * In place of mbedtls_x509_crt_parse_der, also in the TLS code of mbedTLS
 * (build.sh renames it there): critical extensions are left to the check.
 */
int constraint_parse_der(mbedtls_x509_crt *chain, const unsigned char *der,
    size_t n);
/* The same without a copy: der must outlive the chain. */
int constraint_parse_lent(mbedtls_x509_crt *chain, const unsigned char *der,
    size_t n);

/* The extensions of a certificate, for codec/x509.h. */
struct str constraint_extensions(const mbedtls_x509_crt *crt);

#endif
