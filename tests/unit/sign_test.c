/* SPDX-License-Identifier: MIT */
#include "net/sign.h"

#include <mbedtls/aes.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "base/crypt.h"
#include "net/mbed.h"
#include "sign_keys.h"
#include "t.h"

#define PFX "0\202\011\007\002\001\003\060\202"
#define DER "0\202\003\007\060\202\001\357"

/* What has to be said of a certificate and key; want NULL: they load. */
/* clang-format off */
static const struct {
	const char *name, *certificate, *key, *password, *want, *remedy;
} rows[] = {
	{ "PKCS#8", keys_cert, keys_pkcs8, NULL, NULL, NULL },
	{ "PKCS#1", keys_cert, keys_pkcs1, NULL, NULL, NULL },
	{ "AES-128, SHA-1", keys_cert, keys_aes128_sha1, "test", NULL, NULL },
	{ "AES-192, SHA-512", keys_cert, keys_aes192_sha512, "test", NULL,
	  NULL },
	{ "AES-256, SHA-256", keys_cert, keys_aes256_sha256, "test", NULL,
	  NULL },
	{ "a password too much", keys_cert, keys_pkcs8, "test", NULL, NULL },

	{ "no password", keys_cert, keys_aes256_sha256, NULL,
	  "K: its key is encrypted, and no password is set",
	  "client_certificate_password_file" },
	{ "empty password", keys_cert, keys_aes256_sha256, "",
	  "and no password is set", NULL },
	{ "wrong password", keys_cert, keys_aes256_sha256, "Test",
	  "K: the password is not that of its key",
	  "openssl pkey -in K -noout" },
	{ "triple DES", keys_cert, keys_des3, "test",
	  "K: its key is encrypted in an old way",
	  "openssl pkcs8 -topk8 -v2 aes256 -in K -out NEW.key" },
	{ "traditional encryption", keys_cert, keys_traditional, "test",
	  "encrypted in an old way", "client_certificate_key" },
	{ "traditional, no password", keys_cert, keys_traditional, NULL,
	  "encrypted in an old way", NULL },
	{ "1024 bits", keys_cert, keys_short_key, NULL,
	  "K: its key has 1024 bits; 2048 to 8192", "upload" },
	{ "EC", keys_cert, keys_ec, NULL, "K: holds an EC key; Entra ID",
	  "openssl req -x509 -newkey rsa:2048" },
	{ "EC, SEC 1", keys_cert, keys_sec1, NULL, "holds an EC key", NULL },
	{ "Ed25519", keys_cert, keys_ed25519, NULL,
	  "holds another kind of key", NULL },
	{ "Ed25519 certificate", keys_ed25519_cert, keys_pkcs8, NULL,
	  "C: holds the certificate of another kind of key", NULL },
	{ "OpenSSH", keys_cert, "-----BEGIN OPENSSH PRIVATE KEY-----\nAA\n"
	  "-----END OPENSSH PRIVATE KEY-----\n", NULL, "an OpenSSH key", NULL },

	{ "other certificate", keys_other_cert, keys_pkcs8, NULL,
	  "C: its certificate is not that of the key in K",
	  "openssl x509 -in C -noout -pubkey" },
	{ "no certificate", "", keys_pkcs8, NULL,
	  "C: holds no certificate in PEM form", "-----BEGIN CERTIFICATE" },
	{ "a key for a certificate", keys_pkcs8, keys_pkcs8, NULL,
	  "C: holds no certificate in PEM form", NULL },
	{ "a certificate for a key", keys_cert, keys_cert, NULL,
	  "K: holds no private key in PEM form",
	  "-----BEGIN PRIVATE KEY\"; a key in a file of its own is named by" },
	{ "empty key", keys_cert, "", NULL, "K: holds no private key", NULL },
	{ "public key", keys_cert, "-----BEGIN PUBLIC KEY-----\nAA==\n"
	  "-----END PUBLIC KEY-----\n", NULL, "holds no private key", NULL },
	{ "no end", keys_cert, "-----BEGIN PRIVATE KEY-----\nAA==\n", NULL,
	  "holds no private key", NULL },
	{ "end of another", keys_cert, "-----BEGIN PRIVATE KEY-----\nAA==\n"
	  "-----END CERTIFICATE-----\n", NULL, "holds no private key", NULL },
	{ "damaged key", keys_cert, "-----BEGIN PRIVATE KEY-----\nAA=A\n"
	  "-----END PRIVATE KEY-----\n", NULL, "K: its key is damaged",
	  "again" },
	{ "damaged certificate", "-----BEGIN CERTIFICATE-----\nMIIBMDCB\n"
	  "-----END CERTIFICATE-----\n", keys_pkcs8, NULL,
	  "C: its certificate is damaged", NULL },
	{ "key, its lines joined", keys_cert, "x\n-----BEGIN PRIVATE KEY----- "
	  "AAAA -----END PRIVATE KEY----- \n", NULL, "K: its key is damaged",
	  "with its line ends" },
	{ "certificate, its lines joined", "-----BEGIN CERTIFICATE-----\\n"
	  "MIIBMDCB\\n-----END CERTIFICATE-----\\n", keys_pkcs8, NULL,
	  "C: its certificate is damaged", "with its line ends" },
	{ "PKCS#12", PFX, PFX, NULL, "K: a PKCS#12 file",
	  "openssl pkcs12 -in K -out NEW.pem -aes256" },
	{ "PKCS#12, short", "0\012\002\001\003", "0\012\002\001\003", NULL,
	  "a PKCS#12 file", NULL },
	{ "PKCS#12, certificate", PFX, keys_pkcs8, NULL, "C: a PKCS#12 file",
	  NULL },
	{ "DER", keys_cert, DER, NULL, "K: holds binary data (DER)",
	  "openssl pkey -inform DER -in K" },
	{ "DER certificate", DER, keys_pkcs8, NULL, "C: holds binary data",
	  "openssl x509 -inform DER -in C" },
	{ "DER certificate, no key", DER, DER, NULL, "K: holds binary data",
	  "openssl x509 -inform DER -in K -out NEW.pem converts it; a key in a "
	  "file of its own is named by client_certificate_key" },
};
/* clang-format on */

static bool
load(struct sign *s, struct str certificate, struct str key,
    const char *password, struct err *e)
{
	struct secret word = { 0 };
	struct sign_files files = { { "C", certificate }, { "K", key }, &word };
	bool ok;

	*e = (struct err){ 0 };
	if (password != NULL && !secret_set(&word, str_of(password), e))
		return false;
	ok = sign_load(s, &files, e);
	secret_release(&word);
	return ok;
}

static void
test_rows(void)
{
	struct sign s;
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ok = load(&s, str_of(rows[i].certificate), str_of(rows[i].key),
		    rows[i].password, &e);
		T_CHECK(ok == (rows[i].want == NULL), "%s: %s", rows[i].name,
		    e.msg);
		T_CHECK(ok || e.kind == ERR_CONFIG, "%s: kind", rows[i].name);
		T_CHECK(ok || rows[i].want == NULL ||
			strstr(e.msg, rows[i].want) != NULL,
		    "%s: %s", rows[i].name, e.msg);
		T_CHECK(ok || e.remedy[0] != '\0', "%s: no remedy",
		    rows[i].name);
		T_CHECK(ok || rows[i].remedy == NULL ||
			strstr(e.remedy, rows[i].remedy) != NULL,
		    "%s: %s", rows[i].name, e.remedy);
		T_CHECK(!ok || s.bits == 2048, "%s: %u bits", rows[i].name,
		    s.bits);
		sign_release(&s);
	}
}

/*
 * Wrong passwords that leave a padding which looks right: what was decrypted
 * is no key then.
 */
static void
test_guesses(void)
{
	static const char *const guess[] = { "250", "518", "717", "1041",
		"1282", "1617", "1689" };
	struct sign s;
	struct err e;

	for (size_t i = 0; i < sizeof(guess) / sizeof(*guess); i++) {
		T_CHECK(!load(&s, str_of(keys_cert), str_of(keys_aes128_sha1),
			    guess[i], &e) &&
			strstr(e.msg, "the password is not") != NULL,
		    "%s: %s", guess[i], e.msg);
		sign_release(&s);
	}
}

/* Both in one file, with other things around them. */
static void
test_one_file(void)
{
	struct str text, line, rest;
	struct sign s;
	struct buf b;
	struct err e;

	buf_init(&b, SIGN_FILE_MAX);
	buf_addz(&b, "\xef\xbb\xbf# mark\r\n");
	for (int i = 0; i < 2; i++) { /* as openssl pkcs12 writes it */
		rest = str_of(i == 0 ? keys_ed25519_cert : keys_other_cert);
		buf_adds(&b, rest);
	}
	buf_addz(&b, "Bag Attributes\r\n    localKeyID: 1\r\n");
	for (int i = 0; i < 2; i++) {
		rest = str_of(i == 0 ? keys_pkcs8 : keys_cert);
		while (str_next(&rest, '\n', &line))
			buf_addf(&b, "%.*s\r\n", STR_ARG(line));
	}
	buf_adds(&b, str_of(keys_other_cert));
	text = buf_view(&b);
	T_CHECK(load(&s, text, text, NULL, &e), "%s", e.msg);
	T_CHECK(s.from == 1795637251 && s.until == 4949237251, "%lld %lld",
	    (long long)s.from, (long long)s.until);
	sign_release(&s);
	buf_rewind(&b, b.n / 3);
	text = buf_view(&b);
	T_CHECK(!load(&s, text, str_of(keys_pkcs8), NULL, &e) &&
		strstr(e.msg, "C: its certificate is not") != NULL,
	    "cut: %s", e.msg);
	sign_release(&s);
	buf_release(&b);
}

/* At every length a file is cut, it is refused or good: never read past. */
static void
test_cuts(void)
{
	struct str whole = str_of(keys_pkcs8), cert = str_of(keys_cert);
	struct buf tight;
	struct sign s;
	struct err e;
	bool ok;

	for (size_t n = 0; n < whole.n; n++) {
		buf_init(&tight, n + 1);
		buf_adds(&tight, str_first(whole, n));
		ok = load(&s, cert, buf_view(&tight), NULL, &e);
		T_CHECK(ok == (n + 1 >= whole.n), "%zu: %s", n, e.msg);
		sign_release(&s);
		buf_release(&tight);
	}
	for (size_t n = cert.n - 1; n < cert.n; n -= 11) { /* 7 ms each */
		ok = load(&s, str_first(cert, n), whole, NULL, &e);
		T_CHECK(ok == (n + 1 >= cert.n), "%zu: %s", n, e.msg);
		sign_release(&s);
	}
}

/* Verified with the certificate and a salt of 32 bytes exactly. */
static bool
is_pss_of(const struct signature *sig, struct str text)
{
	unsigned char hash[CRYPT_SHA256_SIZE];
	mbedtls_x509_crt crt;
	bool ok;

	crypt_sha256(text, hash);
	mbedtls_x509_crt_init(&crt);
	ok = mbedtls_x509_crt_parse(&crt, (const unsigned char *)keys_cert,
		 str_of(keys_cert).n + 1) == 0 &&
	    mbedtls_rsa_rsassa_pss_verify_ext(mbedtls_pk_rsa(crt.pk),
		MBEDTLS_MD_SHA256, sizeof(hash), hash, MBEDTLS_MD_SHA256, 32,
		sig->bytes) == 0;
	mbedtls_x509_crt_free(&crt);
	return ok;
}

static void
test_signatures(void)
{
	struct signature one, two, v15;
	struct str text = STR("hello");
	struct sign s;
	struct err e;
	bool ok;

	T_CHECK(load(&s, str_of(keys_cert), str_of(keys_pkcs8), NULL, &e), "%s",
	    e.msg);
	ok = sign_bytes(&s, SIGN_PS256, text, &one, &e) &&
	    sign_bytes(&s, SIGN_RS256, text, &v15, &e) &&
	    sign_bytes(&s, SIGN_PS256, text, &two, &e);
	T_CHECK(ok, "%s", e.msg);
	T_CHECK(v15.n == KEYS_SIGNATURE_SIZE &&
		memcmp(v15.bytes, keys_signature, v15.n) == 0,
	    "RS256 is not openssl's");
	T_CHECK(one.n == KEYS_SIGNATURE_SIZE && is_pss_of(&one, text),
	    "PS256, first");
	T_CHECK(is_pss_of(&two, text), "PS256, second");
	T_CHECK(!is_pss_of(&two, STR("hullo")), "of another text");
	T_CHECK(memcmp(one.bytes, two.bytes, one.n) != 0, "the same salt");
	sign_release(&s);
}

/* MBEDTLS_ERR_PK_INVALID_PUBKEY hides what was wrong. */
static bool
may_be_memory(const struct err *e)
{
	return e->kind == ERR_CONFIG &&
	    strstr(e->msg, "C: its certificate is damaged (-0x3b00)") != NULL;
}

static void
once(void)
{
	struct signature sig;
	struct sign s = { 0 };
	struct err e;

	if (!load(&s, str_of(keys_cert), str_of(keys_aes256_sha256), "test",
		&e) ||
	    !sign_bytes(&s, SIGN_PS256, STR("x"), &sig, &e))
		T_CHECK(e.kind == ERR_RETRY || may_be_memory(&e), "%d: %s",
		    (int)e.kind, e.msg);
	sign_release(&s);
}

static void
test_memory(void)
{
	t_each_allocation_fails(once);
}

/*
 * All of mbedTLS has to agree on where a key's rounds begin: intrinsics of
 * x86 want 16 bytes, malloc and the stack give 8. Source: FIPS 197 C.3.
 */
static void
test_aes_anywhere(void)
{
	static const char want[] =
	    "\x8e\xa2\xb7\xca\x51\x67\x45\xbf\xea\xfc\x49\x90\x4b\x49"
	    "\x60\x89";
	_Alignas(16) unsigned char room[sizeof(mbedtls_aes_context) + 16];
	unsigned char key[32], plain[16], out[16];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (unsigned char)(i * 0x11);
	for (size_t at = 0; at <= 8; at += 8) {
		mbedtls_aes_context *c = (void *)(room + at);

		mbedtls_aes_init(c);
		T_CHECK(mbedtls_aes_setkey_enc(c, key, 256) == 0 &&
			mbedtls_aes_crypt_ecb(c, MBEDTLS_AES_ENCRYPT, plain,
			    out) == 0 &&
			memcmp(out, want, sizeof(out)) == 0,
		    "encrypt, %zu", at);
		T_CHECK(mbedtls_aes_setkey_dec(c, key, 256) == 0 &&
			mbedtls_aes_crypt_ecb(c, MBEDTLS_AES_DECRYPT, out,
			    out) == 0 &&
			memcmp(out, plain, sizeof(plain)) == 0,
		    "decrypt, %zu", at);
		mbedtls_aes_free(c);
	}
}

static const struct t_test tests[] = {
	{ "AES anywhere", test_aes_anywhere },
	{ "rows", test_rows },
	{ "wrong passwords", test_guesses },
	{ "one file", test_one_file },
	{ "cuts", test_cuts },
	{ "signatures", test_signatures },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
