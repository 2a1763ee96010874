/* SPDX-License-Identifier: MIT */
#include "net/verify_text.h"

#include <arpa/inet.h>

#include <mbedtls/oid.h>
#include <mbedtls/platform.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/x509.h"

enum { NAMES_TOLD = 4 }; /* of a certificate, in a message */

static void
add_time(struct buf *b, int64_t when)
{
	struct date d = date_split(when);

	buf_addf(b, "%04d-%02d-%02d %02d:%02d:%02d UTC", d.year, d.month, d.day,
	    d.hour, d.minute, d.second);
}

static void
add_name(struct buf *b, const mbedtls_x509_sequence *s)
{
	int tag = s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
	char text[INET6_ADDRSTRLEN];
	int family = s->buf.len == 4 ? AF_INET : AF_INET6;

	if (tag == MBEDTLS_X509_SAN_DNS_NAME)
		buf_addf(b, "%.*s", (int)(s->buf.len < 100 ? s->buf.len : 100),
		    (const char *)s->buf.p);
	else if (tag == MBEDTLS_X509_SAN_IP_ADDRESS &&
	    (s->buf.len == 4 || s->buf.len == 16) &&
	    inet_ntop(family, s->buf.p, text, sizeof(text)) != NULL)
		buf_addz(b, text);
	else
		buf_addz(b, "(no host name)");
}

static void
add_names(struct buf *b, const mbedtls_x509_crt *leaf)
{
	const mbedtls_x509_sequence *s = &leaf->subject_alt_names;
	size_t n = 0;

	buf_addz(b, "it is for ");
	if (!mbedtls_x509_crt_has_ext_type(leaf,
		MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) {
		buf_addz(b, "no host name (it has no subjectAltName)");
		return;
	}
	for (; s != NULL && s->buf.p != NULL; s = s->next) {
		if (n < NAMES_TOLD) {
			buf_addz(b, n > 0 ? ", " : "");
			add_name(b, s);
		}
		n++;
	}
	if (n > NAMES_TOLD)
		buf_addf(b, " and %zu more", n - NAMES_TOLD);
}

static const struct {
	uint32_t flag;
	const char *text;
} weak[] = {
	{ MBEDTLS_X509_BADCERT_BAD_MD,
	    "a signature in its chain uses an outdated hash (SHA-1 or MD5)" },
	{ MBEDTLS_X509_BADCERT_BAD_PK,
	    "a signature in its chain is of an unknown kind" },
	{ MBEDTLS_X509_BADCERT_BAD_KEY,
	    "a key in its chain is too weak (RSA under 2048 bits, or a "
	    "curve below P-256)" },
	{ MBEDTLS_X509_BADCERT_KEY_USAGE, "its key usage does not allow TLS" },
	{ MBEDTLS_X509_BADCERT_EXT_KEY_USAGE,
	    "it is not meant for TLS servers (extended key usage)" },
};

/* Is an authority with the name of the top's issuer trusted? */
static bool
is_known_name(const struct verify *c)
{
	mbedtls_x509_crt *list = NULL;
	bool known =
	    trust_candidates(c->trust, c->top, &list) == 0 && list != NULL;

	if (list != NULL)
		mbedtls_x509_crt_free(list);
	mbedtls_free(list);
	return known;
}

/*
 * A chain of the leaf alone that names a place for its issuer's certificate:
 * public authorities sign no leaf with a root, so what lacks is in between.
 */
static struct str
missing_url(const struct verify *c, const mbedtls_x509_crt *leaf)
{
	if (c->top != leaf || c->self_issued)
		return STR("");
	return x509_issuer_url(constraint_extensions(leaf));
}

static void
add_untrusted(struct buf *b, const struct verify *c,
    const mbedtls_x509_crt *leaf)
{
	struct str url = missing_url(c, leaf);
	const char *who = c->issuer;

	if (c->broken)
		buf_addf(b,
		    "; a signature in its chain is not that of %s, which is "
		    "named as issuer (or memory ran out)",
		    who);
	else if (is_known_name(c))
		buf_addf(b,
		    "; %s is trusted, but with another key than the one that "
		    "signed here (or memory ran out)",
		    who);
	else if (c->self_issued)
		buf_addf(b,
		    "; its chain ends in an authority that is not trusted: %s",
		    who);
	else if (url.n > 0)
		buf_addf(b,
		    "; the server sends an incomplete chain: the certificate "
		    "of its issuer is missing, %s (it is at %.*s)",
		    who, STR_ARG(url));
	else
		buf_addf(b,
		    "; no trusted authority issued it; the last issuer in its "
		    "chain is: %s%s",
		    who,
		    c->top == leaf && leaf->next == NULL ?
			" (the server sent one certificate only)" :
			"");
	if (c->trust->unread[0] != '\0')
		buf_addf(b, "; the system's store could not be asked: %s",
		    c->trust->unread);
}

static void
add_reasons(struct buf *b, const struct verify *c, const mbedtls_x509_crt *leaf)
{
	const char *who =
	    c->untimely_depth == 0 ? "it" : "an authority above it";

	if (c->flags & MBEDTLS_X509_BADCERT_EXPIRED) {
		buf_addf(b, "; %s expired on ", who);
		add_time(b, mbed_seconds(&c->to));
	}
	if (c->flags & MBEDTLS_X509_BADCERT_FUTURE) {
		buf_addf(b, "; %s is not valid before ", who);
		add_time(b, mbed_seconds(&c->from));
	}
	if (c->flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
		buf_addz(b, "; ");
		add_names(b, leaf);
	}
	for (size_t i = 0; i < sizeof(weak) / sizeof(*weak); i++)
		if (c->flags & weak[i].flag)
			buf_addf(b, "; %s", weak[i].text);
	if (c->other != NULL)
		buf_addf(b, "; %s", c->other);
	if (c->flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		add_untrusted(b, c, leaf);
}

static void
add_remedy(struct verify *c, const mbedtls_x509_crt *leaf)
{
	char now[DATE_ISO_SIZE];

	date_iso(os_wall(), now);
	if (c->flags &
	    (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))
		err_remedy(&c->why,
		    "this machine's clock says %s: set it if "
		    "it is wrong, else the server needs a new certificate",
		    now);
	else if (c->flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
		err_remedy(&c->why,
		    "check the host name in login_url and "
		    "graph_url; if it is right, something answers in the "
		    "server's place (a captive portal that wants a sign-on "
		    "first, a proxy)");
	else if (missing_url(c, leaf).n > 0)
		err_remedy(&c->why,
		    "the server's administrator has to let it send that "
		    "certificate too (often called the full chain); the "
		    "setting here is ca = %.*s, and a PEM file with it, set as "
		    "ca = FILE, helps as well",
		    STR_ARG(c->trust->ca));
	else if (c->flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		err_remedy(&c->why,
		    "the setting is ca = %.*s. If you trust "
		    "that issuer (a company's proxy, your own authority), put "
		    "its certificate into a PEM file and set ca = FILE%s",
		    STR_ARG(c->trust->ca),
		    str_eq(c->trust->ca, STR("builtin")) ?
			", or ca = auto to ask the system's store too" :
			", or add it to the system's store (SSL_CERT_FILE "
			"names another), which ca = auto asks");
	else
		err_remedy(&c->why,
		    "the server's administrator has to "
		    "replace its certificate");
}

void
verify_explain(struct verify *c, const mbedtls_x509_crt *leaf)
{
	struct buf b;

	buf_init(&b, ERR_MSG_SIZE);
	add_reasons(&b, c, leaf);
	err_set(&c->why, ERR_RETRY, "its certificate is refused: %s",
	    b.n > 2 ? b.p + 2 : "out of memory");
	add_remedy(c, leaf);
	buf_release(&b);
}
