/* SPDX-License-Identifier: MIT */
#include "cert_file.h"

bool
cert_file(struct cert *c, const char *chain, const char *key, struct err *e)
{
	struct cert_pem pem = { .chain_name = chain, .key_name = key };
	bool ok;

	*c = (struct cert){ 0 };
	ok = cert_read(&pem, e) && cert_parse(c, &pem, 1, e);
	cert_pem_release(&pem, 1);
	return ok;
}
