/* SPDX-License-Identifier: MIT */
#include "net/constraint.h"

#include "codec/x509.h"

/*
 * Names times constraints, in bytes: both come from the other side. A hundred
 * names below constraints of 4 KB are a fifth of it; it takes 10 ms.
 */
enum { WORK_MOST = 2 * 1024 * 1024 };

/*
 * Of an extension that mbedTLS does not know, or of policies that it cannot
 * interpret: those stay as they are, refused if they are critical.
 */
static int
leave(void *arg, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid,
    int critical, const unsigned char *p, const unsigned char *end)
{
	static const struct str policies = STR_INIT("\x55\x1d\x20");

	(void)arg;
	(void)crt;
	(void)critical;
	(void)p;
	(void)end;
	return str_eq(mbed_str(oid), policies) ?
	    MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE :
	    0;
}

int
constraint_parse_der(mbedtls_x509_crt *chain, const unsigned char *der,
    size_t n)
{
	return mbedtls_x509_crt_parse_der_with_ext_cb(chain, der, n, 1, leave,
	    NULL);
}

int
constraint_parse_lent(mbedtls_x509_crt *chain, const unsigned char *der,
    size_t n)
{
	return mbedtls_x509_crt_parse_der_with_ext_cb(chain, der, n, 0, leave,
	    NULL);
}

struct str
constraint_extensions(const mbedtls_x509_crt *crt)
{
	return mbed_str(&crt->v3_ext);
}

static enum x509_verdict
ask_all(struct constraint *c, unsigned char tag, struct str name)
{
	enum x509_verdict v = X509_ALLOWED;

	for (size_t i = 0; i < c->n && v == X509_ALLOWED; i++) {
		c->work += c->above[i].n;
		if (c->work > WORK_MOST)
			return X509_UNREADABLE;
		v = x509_allows(c->above[i], tag, name);
	}
	return v;
}

/* All names of a certificate: subjectAltName, subject, and mail in it. */
static enum x509_verdict
ask_names(struct constraint *c, const mbedtls_x509_crt *crt)
{
	const mbedtls_x509_sequence *s = &crt->subject_alt_names;
	struct str subject = mbed_str(&crt->subject_raw);
	enum x509_verdict v = ask_all(c, X509_DIRECTORY, subject);

	if (v == X509_ALLOWED && x509_name_has_email(subject))
		v = ask_all(c, X509_EMAIL, subject);
	for (; s != NULL && s->buf.p != NULL && v == X509_ALLOWED; s = s->next)
		v = ask_all(c, (unsigned char)s->buf.tag, mbed_str(&s->buf));
	return v;
}

const char *
constraint_check(struct constraint *c, const mbedtls_x509_crt *crt, int depth)
{
	static const char *const said[] = {
		[X509_ALLOWED] = NULL,
		[X509_FORBIDDEN] = "an authority above it may not issue for "
				   "its names (name constraints)",
		[X509_UNREADABLE] = "the name constraints of an authority "
				    "above it cannot be understood",
	};
	struct str exts = constraint_extensions(crt), own = { 0 };
	enum x509_found found = x509_constraints(exts, &own);
	bool self_issued = x509_same_name(mbed_str(&crt->issuer_raw),
	    mbed_str(&crt->subject_raw));
	enum x509_verdict v = X509_ALLOWED;

	if (x509_has_unknown_critical(exts))
		return "a critical extension is not supported here";
	/* 6.1.3 (b): those of a change of keys may pass */
	if (depth == 0 || !self_issued)
		v = ask_names(c, crt);
	if (v != X509_ALLOWED)
		return said[v];
	if (found == X509_BROKEN)
		return said[X509_UNREADABLE];
	if (found == X509_THERE && crt->MBEDTLS_PRIVATE(ca_istrue) == 0)
		return "it has name constraints and is no authority";
	if (found == X509_THERE && c->n < MBEDTLS_X509_MAX_VERIFY_CHAIN_SIZE)
		c->above[c->n++] = own;
	return NULL;
}
