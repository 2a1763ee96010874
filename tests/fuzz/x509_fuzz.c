/* SPDX-License-Identifier: MIT */
/*
 * x509_fuzz: the first byte says how long the constraints are, then come the
 * constraints and a name; and all of it but that byte is a list of
 * extensions. What is lent lies in what was given, and what excludes more
 * never allows more.
 */
#include <assert.h>
#include <stdint.h>

#include "codec/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_inside(struct str whole, struct str part)
{
	assert(part.n == 0 ||
	    (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void
check_names(struct str constraints, struct str name)
{
	static const unsigned char tags[] = { X509_EMAIL, X509_DNS,
		X509_DIRECTORY, X509_URI, X509_IP, 0xa0, 0x30 };
	enum x509_verdict a, b;

	for (size_t i = 0; i < sizeof(tags); i++) {
		a = x509_allows(constraints, tags[i], name);
		b = x509_allows(constraints, tags[i], name);
		assert(a == b);
	}
	/* not even a cut one is read as something else than broken */
	if (constraints.n > 0 &&
	    x509_allows(constraints, X509_DNS, name) != X509_UNREADABLE)
		assert(x509_allows(str_first(constraints, constraints.n - 1),
			   X509_DNS, name) == X509_UNREADABLE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str all = { (const char *)data, n }, value = { 0 }, rest;

	if (n == 0)
		return 0;
	rest = str_from(all, 1);
	check_names(str_first(rest, data[0]), str_from(rest, data[0]));
	if (x509_constraints(rest, &value) == X509_THERE)
		check_inside(rest, value);
	check_inside(rest, x509_issuer_url(rest));
	(void)x509_has_unknown_critical(rest);
	(void)x509_name_has_email(rest);
	return 0;
}
