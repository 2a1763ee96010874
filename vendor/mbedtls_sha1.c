/* SPDX-License-Identifier: MIT */
/*
 * The rounds of SHA-1 (FIPS 180-4, 6.1.2) as a loop: mbedTLS writes all eighty
 * out, which is 4.8 kB. Only x5t of an assertion and the PBKDF2 of older key
 * files come here.
 */
#include "common.h"

#include "mbedtls/platform_util.h"
#include "mbedtls/sha1.h"

static uint32_t
turn(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

int
mbedtls_internal_sha1_process(mbedtls_sha1_context *ctx,
    const unsigned char data[64])
{
	struct {
		uint32_t w[16], s[5], f, next;
	} v;

	for (unsigned i = 0; i < 16; i++)
		v.w[i] = MBEDTLS_GET_UINT32_BE(data, 4 * i);
	for (unsigned i = 0; i < 5; i++)
		v.s[i] = ctx->state[i];
	for (unsigned t = 0; t < 80; t++) {
		if (t >= 16)
			v.w[t % 16] =
			    turn(v.w[(t + 13) % 16] ^ v.w[(t + 8) % 16] ^
				    v.w[(t + 2) % 16] ^ v.w[t % 16],
				1);
		if (t < 20)
			v.f = ((v.s[1] & v.s[2]) | (~v.s[1] & v.s[3])) +
			    0x5a827999;
		else if (t < 40)
			v.f = (v.s[1] ^ v.s[2] ^ v.s[3]) + 0x6ed9eba1;
		else if (t < 60)
			v.f = ((v.s[1] & v.s[2]) | (v.s[1] & v.s[3]) |
				  (v.s[2] & v.s[3])) +
			    0x8f1bbcdc;
		else
			v.f = (v.s[1] ^ v.s[2] ^ v.s[3]) + 0xca62c1d6;
		v.next = turn(v.s[0], 5) + v.f + v.s[4] + v.w[t % 16];
		v.s[4] = v.s[3];
		v.s[3] = v.s[2];
		v.s[2] = turn(v.s[1], 30);
		v.s[1] = v.s[0];
		v.s[0] = v.next;
	}
	for (unsigned i = 0; i < 5; i++)
		ctx->state[i] += v.s[i];
	mbedtls_platform_zeroize(&v, sizeof(v));
	return 0;
}
