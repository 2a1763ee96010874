/* SPDX-License-Identifier: MIT */
#include "net/verify.h"

#include <stdio.h>

#include <mbedtls/oid.h>

#include "codec/date.h"
#include "codec/x509.h"
#include "net/hostname.h"
#include "net/verify_text.h"

/* RSA from 2048 bits, curves from P-256, no MD5 and SHA-1 (facts.md 6.2). */
const mbedtls_x509_crt_profile verify_profile = {
	MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
	MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSA) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSASSA_PSS) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
	MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
	2048,
};

/*
 * RFC 5280 4.2.1.12: a list of purposes without TLS server is a refusal; the
 * one that means "any" is enough for an authority but not for a server (as
 * the CA/Browser Forum's rules have it, 7.1.2.7.10). An authority with a
 * list can issue for those purposes only.
 */
static bool
is_for_servers(const mbedtls_x509_crt *crt, int depth)
{
	const mbedtls_x509_sequence *s = &crt->ext_key_usage;
	static const struct str server = STR_INIT(MBEDTLS_OID_SERVER_AUTH);

	if (!mbedtls_x509_crt_has_ext_type(crt,
		MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE))
		return true;
	if (depth > 0)
		return mbedtls_x509_crt_check_extended_key_usage(crt, server.p,
			   server.n) == 0;
	for (; s != NULL; s = s->next)
		if (str_eq(mbed_str(&s->buf), server))
			return true;
	return false;
}

/* Something that mbedTLS has no flag for. The first finding is told. */
static uint32_t
find_other(struct verify *c, const mbedtls_x509_crt *crt, int depth)
{
	const char *why = constraint_check(&c->constraint, crt, depth);

	if (depth == 0 && crt->version != 3)
		why = "it is of X.509 version 1, which cannot name hosts";
	if (why != NULL && c->other == NULL)
		c->other = why;
	return why != NULL ? MBEDTLS_X509_BADCERT_OTHER : 0;
}

/* Whom the top of the chain names, or a certificate with a wrong signature. */
static void
note_issuer(struct verify *c, const mbedtls_x509_crt *crt)
{
	if (mbedtls_x509_dn_gets(c->issuer, sizeof(c->issuer), &crt->issuer) <=
	    0)
		(void)snprintf(c->issuer, sizeof(c->issuer),
		    "a nameless issuer");
}

/* Notes what is wrong with one certificate of the chain. */
static void
examine(struct verify *c, const mbedtls_x509_crt *crt, int depth,
    uint32_t flags)
{
	flags |= find_other(c, crt, depth);
	flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH; /* see below */
	if (!is_for_servers(crt, depth))
		flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	if (flags &
	    (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) {
		c->from = crt->valid_from;
		c->to = crt->valid_to;
		c->untimely_depth = depth;
	}
	if (c->top == NULL) { /* the first call is for it */
		c->top = crt;
		c->self_issued = x509_same_name(mbed_str(&crt->issuer_raw),
		    mbed_str(&crt->subject_raw));
		note_issuer(c, crt);
	} else if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
		c->broken = true;
		note_issuer(c, crt);
	}
	c->flags |= flags;
}

static int
examine_again(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	examine(arg, crt, depth, *flags);
	return 0;
}

/*
 * The roots in the executable do not suffice: once more, with the system's.
 * False: that could not be tried to the end.
 */
static bool
try_system(struct verify *c, mbedtls_x509_crt *leaf)
{
	struct verify again = { .trust = c->trust, .host = c->host };
	struct trust_state *s = c->trust;
	uint32_t flags;
	int r;

	if (!trust_read_later(s, &c->why))
		return false;
	r = mbedtls_x509_crt_verify_with_ca_cb(leaf, trust_candidates, s,
	    &verify_profile, NULL, &flags, examine_again, &again);
	if (r != 0 && r != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
		return err_set(&c->why, ERR_RETRY,
		    "the certificate could not "
		    "be checked (-0x%04x)%s",
		    (unsigned)-r, mbed_no_memory(r) ? ": out of memory" : "");
	/*
	 * A new finding replaces the old one, whatever it is. Its top is gone
	 * if it was a root, but only one that is not is looked at.
	 */
	again.leaf_expires = c->leaf_expires;
	again.flags |= flags;
	*c = again;
	return true;
}

/* RFC 9525 6.3 and 6.4: the subjectAltName alone counts, never the CN. */
static bool
covers_host(const mbedtls_x509_crt *leaf, struct str host)
{
	unsigned char ip[HOSTNAME_IP_MAX];
	size_t ip_size = hostname_ip(host, ip);
	struct str address = { (const char *)ip, ip_size }, name;
	const mbedtls_x509_sequence *s = &leaf->subject_alt_names;
	int tag;

	if (!mbedtls_x509_crt_has_ext_type(leaf,
		MBEDTLS_X509_EXT_SUBJECT_ALT_NAME))
		return false;
	for (; s != NULL; s = s->next) {
		name = mbed_str(&s->buf);
		tag = s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
		if (ip_size > 0 && tag == MBEDTLS_X509_SAN_IP_ADDRESS &&
		    str_eq(name, address))
			return true;
		if (ip_size == 0 && tag == MBEDTLS_X509_SAN_DNS_NAME &&
		    hostname_covered(host, name))
			return true;
	}
	return false;
}

int64_t
mbed_seconds(const mbedtls_x509_time *t)
{
	struct date d = { .year = t->year,
		.month = t->mon,
		.day = t->day,
		.hour = t->hour,
		.minute = t->min,
		.second = t->sec };

	return date_join(&d);
}

static void
note_outsider(const struct verify *c)
{
	struct trust_state *s = c->trust;

	(void)snprintf(s->outsider, sizeof(s->outsider), "%s", c->issuer);
	(void)snprintf(s->outsider_host, sizeof(s->outsider_host), "%.*s",
	    STR_ARG(c->host));
}

/*
 * Called for each certificate of the chain, from its top to the leaf. Flags
 * are gathered, and told to mbedTLS with the leaf.
 */
int
verify_crt(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct verify *c = arg;

	examine(c, crt, depth, *flags);
	*flags = 0;
	if (depth > 0)
		return 0;
	c->leaf_expires = mbed_seconds(&crt->valid_to);
	if (c->flags != 0 && c->trust->later != NULL && !try_system(c, crt))
		return MBEDTLS_ERR_X509_FATAL_ERROR;
	if (!covers_host(crt, c->host))
		c->flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	c->done = true;
	*flags = c->flags;
	c->by_system = c->flags == 0 && c->trust->by_system;
	if (c->flags != 0)
		verify_explain(c, crt);
	else if (c->by_system)
		note_outsider(c);
	c->top = NULL; /* mbedTLS may free it from here on */
	return 0;
}
