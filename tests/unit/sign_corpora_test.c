/* SPDX-License-Identifier: MIT */
/* sign: held against the vectors of Wycheproof and of RFC 7515 and 7520. */
#include "net/sign.h"

#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#include "base/crypt.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "net/mbed.h"
#include "t.h"

enum {
	FILE_MAX = 8 * 1024 * 1024,
	TREE_MAX = 64 * 1024 * 1024,
	PEM_MAX = 8192
};

struct vectors {
	struct buf text;
	struct arena mem;
	const struct json *root;
};

/* False: the test is skipped. */
static bool
open_vectors(struct vectors *v, const char *name)
{
	char path[512];
	struct err e;

	*v = (struct vectors){ 0 };
	if (t_shared() == NULL) {
		t_skip("no shared folder");
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/corpora/%s", t_shared(), name);
	buf_init(&v->text, FILE_MAX);
	arena_init(&v->mem, TREE_MAX);
	t_read_file(path, &v->text);
	T_CHECK(json_parse(&v->mem, buf_view(&v->text), &v->root, &e), "%s: %s",
	    name, e.msg);
	return true;
}

static void
close_vectors(struct vectors *v)
{
	arena_release(&v->mem);
	buf_release(&v->text);
}

/*
 * These keys come without all of their numbers. The executable need not find
 * them out (vendor/mbedtls_without.c), this test must: its functions stand in
 * place of that file's.
 */
int mbedtls_rsa_deduce_crt(const mbedtls_mpi *p, const mbedtls_mpi *q,
    const mbedtls_mpi *d, mbedtls_mpi *dp, mbedtls_mpi *dq, mbedtls_mpi *qp);
int without_deduce_crt(const mbedtls_mpi *p, const mbedtls_mpi *q,
    const mbedtls_mpi *d, mbedtls_mpi *dp, mbedtls_mpi *dq, mbedtls_mpi *qp);
int without_deduce_primes(const mbedtls_mpi *n, const mbedtls_mpi *e,
    const mbedtls_mpi *d, mbedtls_mpi *p, mbedtls_mpi *q);
int without_deduce_private_exponent(const mbedtls_mpi *p, const mbedtls_mpi *q,
    const mbedtls_mpi *e, mbedtls_mpi *d);
int without_encrypt(mbedtls_rsa_context *ctx, mbedtls_f_rng_t *f_rng,
    void *p_rng, size_t n, const unsigned char *in, unsigned char *out);

int
without_deduce_crt(const mbedtls_mpi *p, const mbedtls_mpi *q,
    const mbedtls_mpi *d, mbedtls_mpi *dp, mbedtls_mpi *dq, mbedtls_mpi *qp)
{
	return mbedtls_rsa_deduce_crt(p, q, d, dp, dq, qp);
}

/* n, p, q, d and e are there. */
int
without_deduce_primes(const mbedtls_mpi *n, const mbedtls_mpi *e,
    const mbedtls_mpi *d, mbedtls_mpi *p, mbedtls_mpi *q)
{
	(void)n, (void)e, (void)d, (void)p, (void)q;
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

int
without_deduce_private_exponent(const mbedtls_mpi *p, const mbedtls_mpi *q,
    const mbedtls_mpi *e, mbedtls_mpi *d)
{
	(void)p, (void)q, (void)e, (void)d;
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

int
without_encrypt(mbedtls_rsa_context *ctx, mbedtls_f_rng_t *f_rng, void *p_rng,
    size_t n, const unsigned char *in, unsigned char *out)
{
	(void)ctx, (void)f_rng, (void)p_rng, (void)n, (void)in, (void)out;
	return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
}

static struct str
member(const struct json *v, const char *name)
{
	return json_str(json_get(v, str_of(name)));
}

static void
unhex(struct str hex, struct buf *out)
{
	for (size_t i = 0; i + 1 < hex.n; i += 2)
		buf_addc(out,
		    (char)(ascii_hex(hex.p[i]) << 4 | ascii_hex(hex.p[i + 1])));
}

/* What Entra ID has of a key: here one that it signs itself. */
static void
certify(mbedtls_pk_context *key, struct buf *out)
{
	unsigned char serial[1] = { 1 };
	mbedtls_x509write_cert w;

	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&w, key);
	mbedtls_x509write_crt_set_issuer_key(&w, key);
	T_CHECK(mbedtls_x509write_crt_set_serial_raw(&w, serial, 1) == 0 &&
		mbedtls_x509write_crt_set_subject_name(&w, "CN=x") == 0 &&
		mbedtls_x509write_crt_set_issuer_name(&w, "CN=x") == 0 &&
		mbedtls_x509write_crt_set_validity(&w, "20260101000000",
		    "20360101000000") == 0 &&
		mbedtls_x509write_crt_pem(&w,
		    (unsigned char *)buf_room(out, PEM_MAX), PEM_MAX,
		    MBED_RANDOM) == 0,
	    "certificate");
	buf_commit(out, strlen(out->p));
	mbedtls_x509write_crt_free(&w);
}

/* Loads a key as our users would: both as PEM in one text. */
static bool
load(mbedtls_pk_context *key, struct sign *s, struct err *e)
{
	struct sign_files files = { { "C", { 0 } }, { "K", { 0 } }, NULL };
	struct buf pem;
	bool ok;

	buf_init_secret(&pem, SIGN_FILE_MAX);
	T_CHECK(mbedtls_pk_write_key_pem(key,
		    (unsigned char *)buf_room(&pem, PEM_MAX), PEM_MAX) == 0,
	    "key");
	buf_commit(&pem, strlen(pem.p));
	certify(key, &pem);
	files.certificate.text = files.key.text = buf_view(&pem);
	ok = sign_load(s, &files, e);
	buf_release(&pem);
	return ok;
}

/* Wycheproof: messages, and the one signature that each has by RS256. */

static void
sign_group(const struct json *group, size_t *n)
{
	const struct json *t = json_get(group, STR("tests"));
	mbedtls_pk_context key;
	struct buf der, text, want;
	struct signature sig;
	struct sign s = { 0 };
	struct err e = { 0 };

	buf_init_secret(&der, PEM_MAX);
	buf_init(&text, PEM_MAX);
	buf_init(&want, PEM_MAX);
	unhex(member(group, "privateKeyPkcs8"), &der);
	mbedtls_pk_init(&key);
	T_CHECK(mbedtls_pk_parse_key(&key, (unsigned char *)der.p, der.n, NULL,
		    0, MBED_RANDOM) == 0 &&
		load(&key, &s, &e),
	    "%s", e.msg);
	for (t = t->child; t != NULL && s.bits > 0; t = t->next, ++*n) {
		buf_reset(&text);
		buf_reset(&want);
		unhex(member(t, "msg"), &text);
		unhex(member(t, "sig"), &want);
		T_CHECK(sign_bytes(&s, SIGN_RS256, buf_view(&text), &sig, &e) &&
			sig.n == want.n &&
			memcmp(sig.bytes, want.p, want.n) == 0,
		    "tcId %.*s", STR_ARG(member(t, "tcId")));
	}
	mbedtls_pk_free(&key);
	sign_release(&s);
	buf_release(&der);
	buf_release(&text);
	buf_release(&want);
}

static void
sign_all(const char *name)
{
	const struct json *g;
	struct vectors v;
	size_t n = 0;

	if (!open_vectors(&v, name))
		return;
	g = json_get(v.root, STR("testGroups"));
	for (g = g != NULL ? g->child : NULL; g != NULL; g = g->next)
		if (str_eq(member(g, "sha"), STR("SHA-256")))
			sign_group(g, &n);
	T_CHECK(n >= 8, "%s: %zu vectors", name, n);
	close_vectors(&v);
}

static void
test_wycheproof(void)
{
	sign_all("wycheproof/rsa_pkcs1_2048_sig_gen_test.json");
	sign_all("wycheproof/rsa_pkcs1_3072_sig_gen_test.json");
	sign_all("wycheproof/rsa_pkcs1_4096_sig_gen_test.json");
}

/*
 * The verifier of PS256 that sign_test relies on, in the vendor's build as we
 * configure it: it takes what is valid and nothing else.
 */
static void
test_pss(void)
{
	unsigned char hash[CRYPT_SHA256_SIZE];
	const struct json *g, *t;
	mbedtls_pk_context key;
	struct buf der, text, sig;
	struct vectors v;
	size_t n = 0;
	bool ok;

	if (!open_vectors(&v,
		"wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json"))
		return;
	g = json_get(v.root, STR("testGroups"))->child;
	buf_init(&der, PEM_MAX);
	unhex(member(g, "publicKeyDer"), &der);
	mbedtls_pk_init(&key);
	T_CHECK(mbedtls_pk_parse_public_key(&key, (unsigned char *)der.p,
		    der.n) == 0,
	    "key");
	buf_init(&text, PEM_MAX);
	buf_init(&sig, PEM_MAX);
	t = json_get(g, STR("tests"))->child;
	for (; t != NULL; t = t->next, n++) {
		buf_reset(&text);
		buf_reset(&sig);
		unhex(member(t, "msg"), &text);
		unhex(member(t, "sig"), &sig);
		crypt_sha256(buf_view(&text), hash);
		ok = sig.n == mbedtls_pk_get_len(&key) &&
		    mbedtls_rsa_rsassa_pss_verify_ext(mbedtls_pk_rsa(key),
			MBEDTLS_MD_SHA256, sizeof(hash), hash,
			MBEDTLS_MD_SHA256, 32, (unsigned char *)sig.p) == 0;
		T_CHECK(ok == str_eq(member(t, "result"), STR("valid")), "%.*s",
		    STR_ARG(member(t, "comment")));
	}
	T_CHECK(n > 100, "%zu vectors", n);
	mbedtls_pk_free(&key);
	buf_release(&der);
	buf_release(&text);
	buf_release(&sig);
	close_vectors(&v);
}

/* RFC 7515 A.2 and RFC 7520 4.1: a key, and a whole token. */

static void
import(const struct json *jwk, mbedtls_pk_context *key)
{
	static const char *const names[] = { "n", "p", "q", "d", "e" };
	struct buf part[5];
	struct err e;

	for (size_t i = 0; i < 5; i++) {
		buf_init_secret(&part[i], PEM_MAX);
		T_CHECK(base64url_decode(&part[i], member(jwk, names[i]), &e),
		    "%s: %s", names[i], e.msg);
	}
#define PART(i) (unsigned char *)part[i].p, part[i].n
	T_CHECK(mbedtls_pk_setup(key,
		    mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) == 0 &&
		mbedtls_rsa_import_raw(mbedtls_pk_rsa(*key), PART(0), PART(1),
		    PART(2), PART(3), PART(4)) == 0 &&
		mbedtls_rsa_complete(mbedtls_pk_rsa(*key)) == 0,
	    "the key cannot be imported");
#undef PART
	for (size_t i = 0; i < 5; i++)
		buf_release(&part[i]);
}

static void
check_token(const struct json *jwk, struct str token)
{
	size_t second = str_chr(token, '.') + 1;
	size_t end = second + str_chr(str_from(token, second), '.');
	mbedtls_pk_context key;
	struct signature sig;
	struct sign s;
	struct err e;
	struct buf want;

	mbedtls_pk_init(&key);
	import(jwk, &key);
	buf_init(&want, SIGN_MAX);
	T_CHECK(base64url_decode(&want, str_trim(str_from(token, end + 1)), &e),
	    "%s", e.msg);
	T_CHECK(load(&key, &s, &e) &&
		sign_bytes(&s, SIGN_RS256, str_first(token, end), &sig, &e),
	    "%s", e.msg);
	T_CHECK(sig.n == want.n && memcmp(sig.bytes, want.p, want.n) == 0,
	    "another signature");
	sign_release(&s);
	mbedtls_pk_free(&key);
	buf_release(&want);
}

static void
check_rfc(const char *jwk, const char *token)
{
	char path[512];
	struct vectors v;
	struct buf text;

	if (!open_vectors(&v, jwk))
		return;
	buf_init(&text, FILE_MAX);
	(void)snprintf(path, sizeof(path), "%s/corpora/%s", t_shared(), token);
	t_read_file(path, &text);
	check_token(v.root, buf_view(&text));
	buf_release(&text);
	close_vectors(&v);
}

static void
test_rfc(void)
{
	check_rfc("jwt/rfc7515_A.2.jwk", "jwt/rfc7515_A.2.jwsc");
	check_rfc("jwt/rfc7520_3.4.jwk", "jwt/rfc7520_4.1.jwsc");
}

static const struct t_test tests[] = {
	{ "RS256 of Wycheproof", test_wycheproof },
	{ "PS256 of Wycheproof", test_pss },
	{ "RFC 7515 and 7520", test_rfc },
};

int
main(void)
{
	struct err e;

	if (!mbed_ready(&e))
		return 1;
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
