/* SPDX-License-Identifier: MIT */
/*
 * mbed: what tls, trust, verify, cert and sign share and nobody else may see,
 * for it includes mbedTLS.
 */
#ifndef NET_MBED_H
#define NET_MBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "net/cert.h"
#include "net/trust.h"

/* The two arguments that mbedTLS wants for randomness: the kernel's. */
#define MBED_RANDOM mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE

/* PSA keeps its own state; to begin it again changes nothing. */
static inline bool
mbed_ready(struct err *e)
{
	if (psa_crypto_init() == PSA_SUCCESS)
		return true;
	return err_set(e, ERR_RETRY, "cannot start the TLS library");
}

/*
 * Did this return value of mbedTLS come of a failed allocation? Its values
 * are sums of a high part and a low part.
 */
bool mbed_no_memory(int r);

enum { MBED_NAME_SIZE = 200 }; /* of a distinguished name, in a message */

static inline struct str
mbed_str(const mbedtls_asn1_buf *b)
{
	return (struct str){ (const char *)b->p, b->len };
}

/* Since 1970. In verify.c. */
int64_t mbed_seconds(const mbedtls_x509_time *t);

/* Certificates by place in one run of DER. */
struct trust_store {
	const unsigned char *der;
	struct trust_anchor {
		size_t at, n;                 /* the certificate */
		size_t subject_at, subject_n; /* its subject's name */
	} * anchor;
	size_t n;
};

struct trust_state {
	unsigned char pin[TRUST_PIN_SIZE];
	bool pinned; /* to that certificate: both stores are empty */
	struct trust_store builtin, file;
	struct buf file_der; /* what file points into */
	const char *later;   /* the system's store, not read yet, or NULL */
	bool by_system;      /* the last issuer that was found is of it alone */
	char unread[ERR_MSG_SIZE]; /* why it adds nothing; or "" */
	struct str id; /* of the setting and its file, for sessions */
	struct str ca; /* as configured */
	struct arena *mem;
	/* see trust_outsider */
	char outsider[MBED_NAME_SIZE], outsider_host[256];
};

/* For mbedtls_ssl_conf_ca_cb; arg is the struct trust_state. */
int trust_candidates(void *arg, const mbedtls_x509_crt *child,
    mbedtls_x509_crt **out);

/*
 * Reads the system's store if it was put off. True without doing anything
 * else where there is none. ERR_RETRY: it could not be read to its end.
 */
bool trust_read_later(struct trust_state *s, struct err *e)
    __attribute__((warn_unused_result));

struct cert_state {
	struct cert_one {
		mbedtls_x509_crt chain;
		mbedtls_pk_context key;
	} one[CERT_PAIRS];
	size_t n;
	/* made before any fork, so that all processes take each other's */
	mbedtls_ssl_ticket_context tickets;
};

#endif
