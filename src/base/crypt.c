/* SPDX-License-Identifier: MIT */
#include "base/crypt.h"

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>

void
crypt_sha256(struct str s, unsigned char out[CRYPT_SHA256_SIZE])
{
	/* fails only for alternative hardware implementations */
	(void)mbedtls_sha256((const unsigned char *)s.p, s.n, out, 0);
}

void
crypt_sha256_hex(struct str s, char out[CRYPT_SHA256_HEX])
{
	unsigned char sum[CRYPT_SHA256_SIZE];

	crypt_sha256(s, sum);
	*str_hex(out, sum, sizeof(sum)) = '\0';
}

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct crypt_sum),
    "room for mbedTLS's context");

static mbedtls_sha256_context *
context(struct crypt_sum *c)
{
	return (mbedtls_sha256_context *)(void *)c->space;
}

void
crypt_sum_init(struct crypt_sum *c)
{
	mbedtls_sha256_init(context(c));
	(void)mbedtls_sha256_starts(context(c), 0);
}

void
crypt_sum_add(struct crypt_sum *c, struct str s)
{
	(void)mbedtls_sha256_update(context(c), (const unsigned char *)s.p,
	    s.n);
}

void
crypt_sum_hex(struct crypt_sum *c, char out[CRYPT_SHA256_HEX])
{
	unsigned char sum[CRYPT_SHA256_SIZE];

	(void)mbedtls_sha256_finish(context(c), sum);
	*str_hex(out, sum, sizeof(sum)) = '\0';
}

void
crypt_sha1(struct str s, unsigned char out[CRYPT_SHA1_SIZE])
{
	(void)mbedtls_sha1((const unsigned char *)s.p, s.n, out);
}
