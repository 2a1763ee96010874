/* SPDX-License-Identifier: MIT */
/*
 * mbedtls_without: what code of mbedTLS mentions and nothing here reaches, so
 * that the linker need not keep it. vendor/rules.mk names the callers.
 */
#include <mbedtls/rsa.h>

int without_deduce_primes(const mbedtls_mpi *N, const mbedtls_mpi *E,
    const mbedtls_mpi *D, mbedtls_mpi *P, mbedtls_mpi *Q);
int without_deduce_private_exponent(const mbedtls_mpi *P, const mbedtls_mpi *Q,
    const mbedtls_mpi *E, mbedtls_mpi *D);
int without_deduce_crt(const mbedtls_mpi *P, const mbedtls_mpi *Q,
    const mbedtls_mpi *D, mbedtls_mpi *DP, mbedtls_mpi *DQ, mbedtls_mpi *QP);
int without_encrypt(mbedtls_rsa_context *ctx, mbedtls_f_rng_t *f_rng,
    void *p_rng, size_t ilen, const unsigned char *input,
    unsigned char *output);

/* A key file has all nine numbers: mbedtls_rsa_parse_key refuses others. */
int
without_deduce_primes(const mbedtls_mpi *N, const mbedtls_mpi *E,
    const mbedtls_mpi *D, mbedtls_mpi *P, mbedtls_mpi *Q)
{
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

int
without_deduce_private_exponent(const mbedtls_mpi *P, const mbedtls_mpi *Q,
    const mbedtls_mpi *E, mbedtls_mpi *D)
{
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

int
without_deduce_crt(const mbedtls_mpi *P, const mbedtls_mpi *Q,
    const mbedtls_mpi *D, mbedtls_mpi *DP, mbedtls_mpi *DQ, mbedtls_mpi *QP)
{
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

/* No suite of TLS here encrypts by RSA (mbedtls_config.h). */
int
without_encrypt(mbedtls_rsa_context *ctx, mbedtls_f_rng_t *f_rng, void *p_rng,
    size_t ilen, const unsigned char *input, unsigned char *output)
{
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}
