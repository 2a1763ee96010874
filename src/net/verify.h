/* SPDX-License-Identifier: MIT */
/*
 * verify: is this chain of certificates good for this host?
 *
 * Runs inside the handshake, as mbedTLS's verify callback. mbedTLS checks
 * signatures, dates, basic constraints and strength; here is added what it
 * leaves out or does too kindly: names (RFC 9525: the subjectAltName alone,
 * IP addresses only by iPAddress), purposes of authorities, version 1, name
 * constraints (constraint.h), and the second try with the system's store. And
 * the reason in plain words.
 *
 * For tls.c only: it includes mbedTLS.
 */
#ifndef NET_VERIFY_H
#define NET_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/constraint.h"
#include "net/mbed.h"

struct verify {
	struct trust_state *trust; /* borrowed */
	struct str host;           /* borrowed */
	bool done;                 /* the leaf was seen: a full handshake */
	uint32_t flags;            /* MBEDTLS_X509_BADCERT_*: what is wrong */
	const char *other;         /* what BADCERT_OTHER means, in words */
	struct constraint constraint;
	int64_t leaf_expires; /* seconds since 1970 */
	struct err why;       /* the same in words, ERR_RETRY */
	/* of the certificate that is out of its time; depth 0: the leaf */
	mbedtls_x509_time from, to;
	int untimely_depth;
	const mbedtls_x509_crt *top; /* of the chain; during the check */
	bool broken; /* a signature below the top is not the issuer's */
	char issuer[MBED_NAME_SIZE]; /* whom that one, or else the top, names */
	bool self_issued;            /* the top did so itself */
	bool by_system;              /* the built-in roots did not suffice */
};

/* For mbedtls_ssl_set_verify; arg is the struct verify. */
int verify_crt(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* What the certificates of a chain must live up to. */
extern const mbedtls_x509_crt_profile verify_profile;

#endif
