/* SPDX-License-Identifier: MIT */
#include "net/cert.h"

#include <string.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>

#include "base/crypt.h"
#include "base/os.h"
#include "base/secret.h"
#include "codec/der.h"
#include "codec/derw.h"
#include "codec/x509w.h"
#include "net/hostname.h"
#include "net/mbed.h"

enum {
	MEM_LIMIT = 64 * 1024,
	FILE_LIMIT = 1024 * 1024, /* a chain has some KB */
	NAMES_MAX = 64,           /* of a made certificate */
	DER_SIZE = 8192,          /* 64 names of 100 bytes, and the rest */
	SERIAL_SIZE = 16,         /* RFC 5280 4.1.2.2: at most 20 octets */
	DAY_S = 24 * 3600,
	LIFE_DAYS = 30,
	CA_LIFE_DAYS = 3650, /* it is kept over restarts */
	KEY_SIZE = 32,       /* of P-256 */
	TICKET_LIFE_S = DAY_S
};

/* One certificate to make. */
struct make {
	const char *subject, *issuer; /* common names */
	mbedtls_pk_context *subject_key, *issuer_key;
	const struct str *name; /* that it is for; IP literals among them */
	size_t n;               /* 0: an authority */
};

static bool
failed(struct err *e, int r, const char *what)
{
	if (mbed_no_memory(r))
		return err_set(e, ERR_RETRY, "%s: out of memory", what);
	return err_set(e, ERR_BUG, "%s: -0x%04x", what, (unsigned)-r);
}

static bool
start(struct cert *c, struct err *e)
{
	struct cert_state *s;
	int r;

	*c = (struct cert){ 0 };
	if (!mbed_ready(e))
		return false;
	arena_init(&c->mem, MEM_LIMIT);
	s = arena_alloc(&c->mem, sizeof(*s));
	if (s == NULL)
		return arena_ok(&c->mem, e);
	for (size_t i = 0; i < CERT_PAIRS; i++) {
		mbedtls_x509_crt_init(&s->one[i].chain);
		mbedtls_pk_init(&s->one[i].key);
	}
	mbedtls_ssl_ticket_init(&s->tickets);
	c->state = s;
	r = mbedtls_ssl_ticket_setup(&s->tickets, MBED_RANDOM,
	    MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFE_S);
	return r == 0 || failed(e, r, "ticket key");
}

void
cert_release(struct cert *c)
{
	if (c->state != NULL) {
		for (size_t i = 0; i < CERT_PAIRS; i++) {
			mbedtls_x509_crt_free(&c->state->one[i].chain);
			mbedtls_pk_free(&c->state->one[i].key);
		}
		mbedtls_ssl_ticket_free(&c->state->tickets);
	}
	arena_release(&c->mem);
	*c = (struct cert){ 0 };
}

/* --- making --- */

static int
new_key(mbedtls_pk_context *key)
{
	int r =
	    mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	return r != 0 ? r :
			mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
			    mbedtls_pk_ec(*key), MBED_RANDOM);
}

/* clang-format off */
/* RFC 5758 3.2: ecdsa-with-SHA256 */
#define ALGORITHM "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
/* RFC 5480 2: the head of a public key on P-256, of POINT_SIZE bytes */
#define KEY_HEAD "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" \
	"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
/* RFC 5280 4.2.1: what each of the two kinds says about itself */
#define AUTHORITY /* basicConstraints CA, no other below; keyCertSign */ \
	"\x30\x12\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06" \
	"\x01\x01\xff\x02\x01\x00" \
	"\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x02\x04"
#define SERVER /* no CA; digitalSignature; serverAuth */ \
	"\x30\x09\x06\x03\x55\x1d\x13\x04\x02\x30\x00" \
	"\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80" \
	"\x30\x13\x06\x03\x55\x1d\x25\x04\x0c\x30\x0a\x06\x08" \
	"\x2b\x06\x01\x05\x05\x07\x03\x01"
#define ALT_NAME "\x06\x03\x55\x1d\x11"
#define SUBJECT_KEY "\x30\x1d\x06\x03\x55\x1d\x0e\x04\x16\x04\x14"
#define ISSUER_KEY "\x30\x1f\x06\x03\x55\x1d\x23\x04\x18\x30\x16\x80\x14"
/* RFC 5915 3: version 1 and the head of the key; the curve, P-256 */
#define KEY_VERSION "\x02\x01\x01\x04\x20"
#define KEY_CURVE "\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define VERSION_3 "\xa0\x03\x02\x01\x02"
/* clang-format on */

enum {
	POINT_SIZE = 65, /* uncompressed: 4, x, y */
	DER_BITS = 0x03,
	DER_EXTENSIONS = 0xa3,
	DER_DNS_NAME = 0x82,
	DER_IP = 0x87
};

static void
cert_put_names(struct derw *w, const struct make *m)
{
	size_t since = derw_n(w), start, size;
	unsigned char ip[HOSTNAME_IP_MAX];

	for (size_t i = m->n; i-- > 0;) {
		start = derw_n(w);
		size = hostname_ip(m->name[i], ip);
		derw_put(w,
		    size == 0 ? m->name[i] :
				(struct str){ (const char *)ip, size });
		derw_head(w, size == 0 ? DER_DNS_NAME : DER_IP, start);
	}
	derw_head(w, DER_SEQUENCE, since);
	derw_head(w, DER_OCTETS, since);
	derw_put(w, STR(ALT_NAME));
	derw_head(w, DER_SEQUENCE, since);
}

/* The key's point, and how others call it (RFC 5280 4.2.1.2, method 1). */
struct point {
	unsigned char bytes[POINT_SIZE], id[CRYPT_SHA1_SIZE];
};

static int
cert_find_point(const mbedtls_pk_context *key, struct point *out)
{
	const mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*key);
	size_t n;
	int r = mbedtls_ecp_write_public_key(pair, MBEDTLS_ECP_PF_UNCOMPRESSED,
	    &n, out->bytes, sizeof(out->bytes));

	if (r == 0)
		crypt_sha1((struct str){ (const char *)out->bytes, n },
		    out->id);
	return r;
}

static void
cert_put_id(struct derw *w, const struct point *p, struct str head)
{
	derw_put(w, (struct str){ (const char *)p->id, sizeof(p->id) });
	derw_put(w, head);
}

/* What is signed: RFC 5280 4.1.2. */
static int
cert_put_body(struct derw *w, const struct make *m)
{
	size_t since = derw_n(w);
	struct point subject, issuer;
	unsigned char serial[SERIAL_SIZE];
	int r = cert_find_point(m->subject_key, &subject);

	if (r == 0)
		r = cert_find_point(m->issuer_key, &issuer);
	if (r != 0)
		return r;
	cert_put_id(w, &issuer, STR(ISSUER_KEY));
	cert_put_id(w, &subject, STR(SUBJECT_KEY));
	if (m->n > 0)
		cert_put_names(w, m);
	derw_put(w, m->n > 0 ? STR(SERVER) : STR(AUTHORITY));
	derw_head(w, DER_SEQUENCE, since);
	derw_head(w, DER_EXTENSIONS, since);
	derw_put(w, (struct str){ (const char *)subject.bytes, POINT_SIZE });
	derw_put(w, STR(KEY_HEAD));
	x509w_name(w, m->subject);
	x509w_validity(w, os_wall() - DAY_S, /* clocks differ */
	    os_wall() + (int64_t)(m->n > 0 ? LIFE_DAYS : CA_LIFE_DAYS) * DAY_S);
	x509w_name(w, m->issuer);
	derw_put(w, STR(ALGORITHM));
	os_random(serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 1; /* positive, no leading zero */
	x509w_integer(w, (struct str){ (const char *)serial, sizeof(serial) });
	derw_put(w, STR(VERSION_3));
	derw_head(w, DER_SEQUENCE, since);
	return 0;
}

/* Writes the DER form to the end of der and lends it; 0, or an error. */
static int
write_der(const struct make *m, char der[DER_SIZE], struct str *out)
{
	char body_room[DER_SIZE];
	struct derw body = derw_begin(body_room, sizeof(body_room));
	struct derw w = derw_begin(der, DER_SIZE);
	unsigned char hash[CRYPT_SHA256_SIZE];
	unsigned char signature[MBEDTLS_ECDSA_MAX_LEN];
	size_t n;
	int r = cert_put_body(&body, m);

	if (r == 0) {
		crypt_sha256(derw_view(&body), hash);
		r = mbedtls_pk_sign(m->issuer_key, MBEDTLS_MD_SHA256, hash,
		    sizeof(hash), signature, sizeof(signature), &n,
		    MBED_RANDOM);
	}
	if (r != 0)
		return r;
	derw_put(&w, (struct str){ (const char *)signature, n });
	derw_put(&w, STR("\0"));
	derw_head(&w, DER_BITS, 0);
	derw_put(&w, STR(ALGORITHM));
	derw_put(&w, derw_view(&body));
	derw_head(&w, DER_SEQUENCE, 0);
	*out = derw_view(&w);
	return body.ok && w.ok ? 0 : MBEDTLS_ERR_ASN1_BUF_TOO_SMALL;
}

/* RFC 5915 3; the public key follows from it. */
static int
cert_put_key(struct buf *out, const mbedtls_pk_context *key)
{
	unsigned char secret[KEY_SIZE];
	char der[DER_SIZE];
	struct derw w = derw_begin(der, sizeof(der));
	size_t n;
	int r = mbedtls_ecp_write_key_ext(mbedtls_pk_ec(*key), &n, secret,
	    sizeof(secret));

	if (r != 0)
		return r;
	derw_put(&w, STR(KEY_CURVE));
	derw_put(&w, (struct str){ (const char *)secret, n });
	derw_put(&w, STR(KEY_VERSION));
	derw_head(&w, DER_SEQUENCE, 0);
	x509w_pem(out, "EC PRIVATE KEY", derw_view(&w));
	secret_wipe(secret, sizeof(secret));
	secret_wipe(der, sizeof(der));
	return 0;
}

static const char cert_ca_name[] = "post365 sandbox authority";

/* Reads what is kept. False: it is no authority. */
static bool
cert_take_authority(const struct cert_authority *ca, mbedtls_pk_context *key)
{
	mbedtls_x509_crt crt;
	bool ok;

	mbedtls_x509_crt_init(&crt);
	/* mbedTLS counts the NUL of PEM */
	ok = ca->key.n > 0 && ca->pem.n > 0 &&
	    mbedtls_pk_parse_key(key, (const unsigned char *)ca->key.p,
		ca->key.n + 1, NULL, 0, MBED_RANDOM) == 0 &&
	    mbedtls_x509_crt_parse(&crt, (const unsigned char *)ca->pem.p,
		ca->pem.n + 1) == 0 &&
	    mbedtls_pk_check_pair(&crt.pk, key, MBED_RANDOM) == 0;
	mbedtls_x509_crt_free(&crt);
	if (!ok) {
		mbedtls_pk_free(key);
		mbedtls_pk_init(key);
	}
	return ok;
}

static int
cert_new_authority(struct cert_authority *ca, mbedtls_pk_context *key)
{
	struct make m = { cert_ca_name, cert_ca_name, key, key, NULL, 0 };
	char der[DER_SIZE];
	struct str s = { NULL, 0 };
	int r = new_key(key);

	if (r == 0)
		r = write_der(&m, der, &s);
	if (r != 0)
		return r;
	buf_reset(&ca->pem);
	buf_reset(&ca->key);
	x509w_pem(&ca->pem, "CERTIFICATE", s);
	return cert_put_key(&ca->key, key);
}

static bool
cert_make_both(struct cert *c, struct make leaf, struct cert_authority *ca,
    struct err *e)
{
	char der[DER_SIZE];
	struct str s = { NULL, 0 };
	int r = 0;

	leaf.issuer = cert_ca_name;
	if (!cert_take_authority(ca, leaf.issuer_key))
		r = cert_new_authority(ca, leaf.issuer_key);
	if (r == 0)
		r = new_key(leaf.subject_key);
	if (r != 0)
		return failed(e, r, "new key");
	r = write_der(&leaf, der, &s);
	if (r == 0)
		r = mbedtls_x509_crt_parse_der(&c->state->one[0].chain,
		    (const unsigned char *)s.p, s.n);
	if (r != 0)
		return failed(e, r, "new certificate");
	return buf_ok(&ca->pem, e) && buf_ok(&ca->key, e);
}

bool
cert_make_by(struct cert *c, const struct str *name, size_t n,
    struct cert_authority *ca, struct err *e)
{
	mbedtls_pk_context ca_key;
	bool ok;

	if (n == 0 || n > NAMES_MAX) {
		*c = (struct cert){ 0 };
		return err_set(e, ERR_BUG, "a certificate for %zu names", n);
	}
	mbedtls_pk_init(&ca_key);
	ok = start(c, e) &&
	    cert_make_both(c,
		(struct make){ "post365 sandbox", NULL, &c->state->one[0].key,
		    &ca_key, name, n },
		ca, e);
	mbedtls_pk_free(&ca_key);
	if (ok)
		c->state->n = 1;
	else
		cert_release(c);
	return ok;
}

bool
cert_make(struct cert *c, const struct str *name, size_t n, struct buf *ca_pem,
    struct err *e)
{
	struct cert_authority ca;
	bool ok;

	buf_init(&ca.pem, FILE_LIMIT);
	buf_init_secret(&ca.key, FILE_LIMIT);
	ok = cert_make_by(c, name, n, &ca, e);
	if (ok) {
		buf_adds(ca_pem, buf_view(&ca.pem));
		ok = buf_ok(ca_pem, e);
		if (!ok)
			cert_release(c);
	}
	buf_release(&ca.pem);
	buf_release(&ca.key);
	return ok;
}

/* --- reading --- */

static bool
refuse(struct err *e, const char *path, int r, const char *what)
{
	if (mbed_no_memory(r))
		return err_set(e, ERR_RETRY, "%s: out of memory", path);
	return err_set(e, ERR_CONFIG, "%s: %s (-0x%04x)", path, what,
	    (unsigned)-r);
}

static bool
read_pem(const char *path, struct buf *out, struct err *e)
{
	if (!os_read_file(path, out, e)) {
		if (e->kind == ERR_INPUT)
			e->kind = ERR_CONFIG;
		e->exit = 0; /* that of the kind */
		return false;
	}
	if (out->n > 0)
		return true;
	return err_set(e, ERR_CONFIG, "%s: empty", path);
}

bool
cert_read(struct cert_pem *p, struct err *e)
{
	buf_init(&p->chain, FILE_LIMIT);
	buf_init_secret(&p->key, FILE_LIMIT);
	return read_pem(p->chain_name, &p->chain, e) &&
	    read_pem(p->key_name, &p->key, e);
}

void
cert_pem_release(struct cert_pem *p, size_t n)
{
	for (; n > 0; n--, p++) {
		buf_release(&p->chain);
		buf_release(&p->key);
	}
}

static bool
load_chain(struct cert_one *s, const struct cert_pem *p, struct err *e)
{
	/* mbedTLS counts the NUL of PEM */
	int r = mbedtls_x509_crt_parse(&s->chain,
	    (const unsigned char *)p->chain.p, p->chain.n + 1);

	if (r > 0) /* so many of the chain could not be read */
		return err_set(e, ERR_CONFIG,
		    "%s: %d of its certificates "
		    "cannot be read",
		    p->chain_name, r);
	return r == 0 ||
	    refuse(e, p->chain_name, r, "holds no certificate in PEM form");
}

static bool
load_key(struct cert_one *s, const struct cert_pem *p, struct err *e)
{
	int r = mbedtls_pk_parse_key(&s->key, (const unsigned char *)p->key.p,
	    p->key.n + 1, NULL, 0, MBED_RANDOM);

	if (r != 0)
		return refuse(e, p->key_name, r,
		    "holds no private key in PEM form without "
		    "password");
	r = mbedtls_pk_check_pair(&s->chain.pk, &s->key, MBED_RANDOM);
	return r == 0 ||
	    refuse(e, p->key_name, r,
		"is not the key of the "
		"certificate in tls_certificate");
}

bool
cert_parse(struct cert *c, const struct cert_pem *pem, size_t n, struct err *e)
{
	bool ok = start(c, e);

	for (size_t i = 0; ok && i < n; i++)
		ok = load_chain(&c->state->one[i], &pem[i], e) &&
		    load_key(&c->state->one[i], &pem[i], e);
	if (ok)
		c->state->n = n;
	else
		cert_release(c);
	return ok;
}
