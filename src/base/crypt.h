/* SPDX-License-Identifier: MIT */
/*
 * crypt: the few cryptographic functions that are not about TLS.
 *
 * Source: FIPS 180-4 (SHA-256, SHA-1), by way of mbedTLS.
 */
#ifndef BASE_CRYPT_H
#define BASE_CRYPT_H

#include <stdint.h>

#include "base/str.h"

enum { CRYPT_SHA256_SIZE = 32, CRYPT_SHA256_HEX = 65, CRYPT_SHA1_SIZE = 20 };

void crypt_sha256(struct str s, unsigned char out[CRYPT_SHA256_SIZE]);
/* The same as 64 lower-case hex digits and a NUL. */
void crypt_sha256_hex(struct str s, char out[CRYPT_SHA256_HEX]);

/* The same of bytes that come in pieces. Nothing to release. */
struct crypt_sum {
	uint64_t space[16]; /* mbedTLS's context */
};
void crypt_sum_init(struct crypt_sum *c);
void crypt_sum_add(struct crypt_sum *c, struct str s);
void crypt_sum_hex(struct crypt_sum *c, char out[CRYPT_SHA256_HEX]);

/* For names only (x5t, RFC 7515 4.1.7): it protects nothing any more. */
void crypt_sha1(struct str s, unsigned char out[CRYPT_SHA1_SIZE]);

#endif
