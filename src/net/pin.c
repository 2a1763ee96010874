/* SPDX-License-Identifier: MIT */
#include "net/pin.h"

static bool
is_pinned(const struct trust_state *s, const mbedtls_x509_crt *leaf)
{
	const mbedtls_md_info_t *sha1 =
	    mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
	unsigned char sum[TRUST_PIN_SIZE];
	struct str is = { (const char *)sum, sizeof(sum) };
	struct str want = { (const char *)s->pin, sizeof(s->pin) };

	return mbedtls_md(sha1, leaf->raw.p, leaf->raw.len, sum) == 0 &&
	    str_eq(is, want);
}

int
pin_crt(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct verify *c = arg;

	*flags = 0;
	if (depth > 0) /* what is sent along proves nothing */
		return 0;
	c->done = true;
	if (is_pinned(c->trust, crt))
		return 0;
	c->flags = *flags = MBEDTLS_X509_BADCERT_NOT_TRUSTED;
	err_set(&c->why, ERR_RETRY,
	    "its certificate is not the one whose thumbprint was given");
	err_remedy(&c->why,
	    "The certificate was replaced, or something answers in the "
	    "server's place: start anew with the thumbprint of today.");
	return 0;
}
