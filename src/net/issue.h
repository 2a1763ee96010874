/* SPDX-License-Identifier: MIT */
/*
 * issue: a new RSA key, and a certificate that it signs itself, as an app
 * registration takes it to sign in by.
 *
 * Source: RFC 5280, RFC 8017 A.1; FIPS 186-4 B.3.3 and C.3 (primes);
 * facts.md 1.3: Entra ID documents RSA keys only, of 2048 bits or more.
 */
#ifndef NET_ISSUE_H
#define NET_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct issue {
	const char *name;       /* its common name; borrowed */
	int64_t from, until;    /* seconds since 1970 */
	struct buf key;         /* PEM (PKCS#1); wiped */
	struct buf certificate; /* PEM */
	unsigned char sha1[20]; /* over its DER: the portal's thumbprint */
};

/*
 * Fills what follows the times. Takes a second, on a small device some.
 * ERR_RETRY: no memory. Release it in any case.
 */
bool issue_make(struct issue *i, struct err *e)
    __attribute__((warn_unused_result));
void issue_release(struct issue *i);

#endif
