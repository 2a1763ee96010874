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
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[CRYPT_SHA256_SIZE];

	crypt_sha256(s, sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		out[2 * i] = hex[sum[i] >> 4];
		out[2 * i + 1] = hex[sum[i] & 15];
	}
	out[2 * sizeof(sum)] = '\0';
}

void
crypt_sha1(struct str s, unsigned char out[CRYPT_SHA1_SIZE])
{
	(void)mbedtls_sha1((const unsigned char *)s.p, s.n, out);
}
