/* SPDX-License-Identifier: MIT */
/*
 * verify against x509-limbo: chains for a client of TLS, each with its roots,
 * its time and the verdict that RFC 5280 and the CA/Browser Forum ask for.
 * Certificates are read and verified as in the handshake. Where our verdict
 * differs the table says why; a difference that is not in it fails, and so
 * does a line of it that is no difference any more.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/base64.h"
#include "codec/unbase64.h"
#include "net/constraint.h"
#include "net/trust.h"
#include "net/verify.h"
#include "t.h"

enum { CASES_LEAST = 120, ID_SIZE = 128 };

static int64_t now; /* what mbedTLS takes for it; 0: that of the clock */

/* In place of the C library's, which mbedTLS asks. */
time_t
time(time_t *out)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (now != 0)
		t.tv_sec = now;
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

/* --- what differs, and why --- */

#define HINT  "they only help to find a key"
#define FORM  "a form asked of the authority; what it says is clear"
#define CN    "the common name is not looked at (RFC 9525 2)"
#define FORUM "a company's own authority need not keep it"

/* clang-format off */
static const struct difference {
	const char *id;
	bool accept;
	const char *why;
} differences[] = {
	/* key identifiers: the signature decides */
	{ "rfc5280_aki_critical-aki", true, HINT },
	{ "rfc5280_aki_leaf-missing-aki", true, HINT },
	{ "rfc5280_aki_intermediate-missing-aki", true, HINT },
	{ "rfc5280_aki_cross-signed-root-missing-aki", true, HINT },
	{ "rfc5280_ski_critical-ski", true, HINT },
	{ "rfc5280_ski_intermediate-missing-ski", true, HINT },
	{ "webpki_aki_root-with-aki-all-fields", true, HINT },
	{ "webpki_aki_root-with-aki-ski-mismatch", true, HINT },
	/* what an authority should have written otherwise */
	{ "rfc5280_nc_permitted-dns-match-noncritical", true, FORM },
	{ "rfc5280_root-non-critical-basic-constraints", true, FORM },
	{ "rfc5280_san_noncritical-with-empty-subject", true, FORM },
	{ "rfc5280_san_underscore-dns", true, FORM },
	{ "rfc5280_serial_too-long", true, FORM },
	{ "rfc5280_serial_zero", true, FORM },
	{ "webpki_malformed-aia", true, "only shown in a message, never used" },
	{ "webpki_san_san-critical-with-nonempty-subject", true, FORM },
	/* the name that counts is in the subjectAltName in each of these */
	{ "webpki_cn_ipv4-leading-zeros-mismatch", true, CN },
	{ "webpki_cn_ipv6-non-rfc5952-mismatch", true, CN },
	{ "webpki_cn_ipv6-uncompressed-mismatch", true, CN },
	{ "webpki_cn_not-in-san", true, CN },
	{ "webpki_cn_punycode-not-in-san", true, CN },
	{ "webpki_cn_utf8-vs-punycode-mismatch", true, CN },
	/* rules for public authorities */
	{ "webpki_eku_ee-anyeku", true, "it names TLS servers as well" },
	{ "webpki_eku_ee-critical-eku", true, FORUM },
	{ "webpki_eku_root-has-eku", true, FORUM },
	{ "webpki_ee-basicconstraints-ca", true, FORUM },
	{ "webpki_forbidden-rsa-key-not-divisible-by-8-in-leaf", true, FORUM },
	{ "webpki_forbidden-rsa-not-divisible-by-8-in-root", true, FORUM },
	/* refused, though valid */
	{ "pathlen_validation-ignores-pathlen-in-leaf", false,
	    "its key may sign certificates only, not a handshake" },
	{ "rfc5280_nc_nc-forbids-same-chain-ica", false,
	    "mbedTLS follows one path and does not turn back" },
};
/* clang-format on */

static bool seen[sizeof(differences) / sizeof(*differences)];

static const struct difference *
difference_of(struct str id)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(*differences);
	     i++) {
		if (!str_eq(id, str_of(differences[i].id)))
			continue;
		seen[i] = true;
		return &differences[i];
	}
	return NULL;
}

/* --- one case --- */

struct row {
	struct str id, kind, expected, time, peer_kind, peer, features;
};

static struct {
	char folder[256];
	unsigned run, skipped;
} limbo;

/* As the handshake reads it: one certificate that cannot be ends it. */
static bool
read_chain(const char *path, mbedtls_x509_crt *chain)
{
	static const struct str begin = STR_INIT("-----BEGIN CERTIFICATE-----");
	static const struct str end = STR_INIT("-----END CERTIFICATE-----");
	struct buf pem, der;
	struct str rest;
	struct err e;
	bool ok = true;

	buf_init(&pem, 1024 * 1024);
	buf_init(&der, 1024 * 1024);
	t_read_file(path, &pem);
	rest = buf_view(&pem);
	while (ok && str_find(rest, begin) < rest.n) {
		rest = str_from(rest, str_find(rest, begin) + begin.n);
		buf_reset(&der);
		ok = unbase64_whole(&der, str_first(rest, str_find(rest, end)),
			 &e) &&
		    constraint_parse_der(chain, (const unsigned char *)der.p,
			der.n) == 0;
	}
	buf_release(&pem);
	buf_release(&der);
	return ok;
}

/* False: *why says why not. */
static bool
accepts(const struct row *r, struct err *why)
{
	struct verify c = { .host = r->peer };
	struct trust trust;
	mbedtls_x509_crt chain;
	char path[512];
	uint32_t flags = 0;
	int code = -1;

	(void)snprintf(path, sizeof(path), "%s/%.*s/roots.pem", limbo.folder,
	    STR_ARG(r->id));
	if (!trust_open(&trust, str_of(path), STR(""), why))
		return false;
	c.trust = trust.state;
	(void)snprintf(path, sizeof(path), "%s/%.*s/chain.pem", limbo.folder,
	    STR_ARG(r->id));
	mbedtls_x509_crt_init(&chain);
	if (!read_chain(path, &chain))
		err_set(why, ERR_RETRY, "the chain cannot be read");
	else
		code = mbedtls_x509_crt_verify_with_ca_cb(&chain,
		    trust_candidates, trust.state, &verify_profile, NULL,
		    &flags, verify_crt, &c);
	if (c.why.kind != ERR_NONE)
		*why = c.why;
	/* mbedTLS asks this after the callback, of an ECDHE handshake */
	if (code == 0 &&
	    mbedtls_x509_crt_check_key_usage(&chain,
		MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
		code = MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
	mbedtls_x509_crt_free(&chain);
	trust_release(&trust);
	return code == 0 && flags == 0 && c.done;
}

/* There is no file of revoked certificates here, nor a limit to be set. */
static bool
applies(const struct row *r)
{
	return str_eq(r->kind, STR("SERVER")) && r->peer.n > 1 &&
	    str_find(r->features, STR("has-crl")) == r->features.n &&
	    str_find(r->features, STR("max-chain-depth")) == r->features.n;
}

static bool
is_here(struct str id)
{
	char path[512];
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/%.*s", limbo.folder,
	    STR_ARG(id));
	d = opendir(path);
	if (d != NULL)
		(void)closedir(d);
	return d != NULL;
}

static void
run_row(const struct row *r)
{
	bool want = str_eq(r->expected, STR("SUCCESS")), got;
	const struct difference *d = difference_of(r->id);
	struct err why = { 0 };
	uint64_t when = 0;

	if (!applies(r) || !is_here(r->id)) {
		limbo.skipped++;
		return;
	}
	(void)str_u64(r->time, INT64_MAX, &when);
	now = (int64_t)when;
	got = accepts(r, &why);
	now = 0;
	limbo.run++;
	T_CHECK(d == NULL || d->accept != want,
	    "%.*s: listed, and no difference", STR_ARG(r->id));
	T_CHECK(got == (d != NULL ? d->accept : want), "%.*s (%.*s): %s %s",
	    STR_ARG(r->id), STR_ARG(r->features),
	    got ? "accepted" : "refused:", why.msg);
}

static bool
read_row(struct str line, struct row *r)
{
	return str_next(&line, '\t', &r->id) &&
	    str_next(&line, '\t', &r->kind) &&
	    str_next(&line, '\t', &r->expected) &&
	    str_next(&line, '\t', &r->time) &&
	    str_next(&line, '\t', &r->peer_kind) &&
	    str_next(&line, '\t', &r->peer) &&
	    str_next(&line, '\t', &r->features);
}

static void
test_limbo(void)
{
	struct buf manifest;
	struct str rest, line;
	struct row r;
	char path[512];

	if (t_shared() == NULL) {
		t_skip("no shared folder");
		return;
	}
	(void)snprintf(limbo.folder, sizeof(limbo.folder),
	    "%s/corpora/tls-x509-limbo/cases", t_shared());
	if (!is_here(STR("."))) {
		t_skip("no x509-limbo in it");
		return;
	}
	buf_init(&manifest, 1024 * 1024);
	(void)snprintf(path, sizeof(path), "%s/manifest.tsv", limbo.folder);
	t_read_file(path, &manifest);
	rest = buf_view(&manifest);
	(void)str_next(&rest, '\n', &line); /* the heading */
	while (str_next(&rest, '\n', &line))
		if (read_row(line, &r))
			run_row(&r);
	T_CHECK(limbo.run >= CASES_LEAST, "%u cases run, %u not", limbo.run,
	    limbo.skipped);
	for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++)
		T_CHECK(seen[i], "%s: no such case", differences[i].id);
	buf_release(&manifest);
}

static const struct t_test tests[] = {
	{ "limbo", test_limbo },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
