/* SPDX-License-Identifier: MIT */
/*
 * The random generator of mbedTLS: the kernel's, each time. Compiled with the
 * vendor. In our code: mbedtls_psa_get_random with MBEDTLS_PSA_RANDOM_STATE
 * (<mbedtls/psa_util.h>), after psa_crypto_init().
 */
#include <errno.h>
#include <sys/random.h>

#include <psa/crypto.h>

psa_status_t
mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
    uint8_t *output, size_t output_size, size_t *output_length)
{
	size_t got = 0;

	(void)context;
	while (got < output_size) {
		ssize_t n = getrandom(output + got, output_size - got, 0);

		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return PSA_ERROR_INSUFFICIENT_ENTROPY;
	}
	*output_length = got;
	return PSA_SUCCESS;
}
