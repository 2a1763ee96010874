/* SPDX-License-Identifier: MIT */
#include "net/issue.h"

#include <mbedtls/bignum.h>
#include <mbedtls/pk.h>

#include "base/crypt.h"
#include "base/os.h"
#include "base/secret.h"
#include "codec/der.h"
#include "codec/derw.h"
#include "codec/x509w.h"
#include "net/mbed.h"

enum {
	BITS = 2048, /* enough to 2030 (SP 800-57), quick on a small device */
	PRIME_SIZE = BITS / 2 / 8,
	EXPONENT = 65537,
	DIVISOR_MAX = 2000, /* most candidates end there, and cheaply */
	ROUNDS = 16,        /* FIPS 186-4 C.3: 5 for an error of 2^-112 */
	DER_SIZE = 4096,
	SERIAL_SIZE = 16,
	PEM_MAX = 16 * 1024
};

/* clang-format off */
/* RFC 4055 5: sha256WithRSAEncryption; RFC 3279 2.3.1: rsaEncryption */
#define RSA_OID "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define RSA_SHA256 RSA_OID "\x0b\x05\x00"
#define RSA_KEY RSA_OID "\x01\x05\x00"
/* RFC 5280 4.2.1: digitalSignature; clientAuth */
#define USAGE \
	"\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80" \
	"\x30\x13\x06\x03\x55\x1d\x25\x04\x0c\x30\x0a\x06\x08" \
	"\x2b\x06\x01\x05\x05\x07\x03\x02"
#define VERSION_3 "\xa0\x03\x02\x01\x02"
/* clang-format on */

enum { DER_BITS = 0x03, DER_EXTENSIONS = 0xa3 };

/* The parts of a key in the order of RFC 8017 A.1.2. */
enum { N, E, D, P, Q, DP, DQ, QP, PARTS };

struct issue_key {
	mbedtls_pk_context pk; /* of what was written */
	mbedtls_mpi part[PARTS];
};

/* Small divisors; and p - 1 must have nothing in common with the exponent. */
static int
issue_may_be_prime(const mbedtls_mpi *x, bool *may)
{
	mbedtls_mpi_uint rest = 1;
	int r = mbedtls_mpi_mod_int(&rest, x, EXPONENT);

	*may = rest != 1;
	for (mbedtls_mpi_sint d = 3; r == 0 && *may && d < DIVISOR_MAX;
	     d += 2) {
		r = mbedtls_mpi_mod_int(&rest, x, d);
		*may = rest != 0;
	}
	return r;
}

/* One round of Miller and Rabin: x - 1 = odd * 2^twos; a is any base. */
struct issue_round {
	mbedtls_mpi less, odd, a, rr;
	size_t twos;
};

static int
issue_round(struct issue_round *m, const mbedtls_mpi *x, bool *passed)
{
	int r = mbedtls_mpi_random(&m->a, 2, &m->less, MBED_RANDOM);

	*passed = false;
	if (r == 0)
		r = mbedtls_mpi_exp_mod(&m->a, &m->a, &m->odd, x, &m->rr);
	if (r == 0 && mbedtls_mpi_cmp_int(&m->a, 1) == 0)
		*passed = true;
	for (size_t i = 0; r == 0 && !*passed && i < m->twos; i++) {
		*passed = mbedtls_mpi_cmp_mpi(&m->a, &m->less) == 0;
		if (!*passed)
			r = mbedtls_mpi_mul_mpi(&m->a, &m->a, &m->a);
		if (r == 0 && !*passed)
			r = mbedtls_mpi_mod_mpi(&m->a, &m->a, x);
	}
	return r;
}

static int
issue_is_prime(const mbedtls_mpi *x, bool *is)
{
	struct issue_round m = { .twos = 0 };
	int r = issue_may_be_prime(x, is);

	mbedtls_mpi_init(&m.less);
	mbedtls_mpi_init(&m.odd);
	mbedtls_mpi_init(&m.a);
	mbedtls_mpi_init(&m.rr);
	if (r == 0 && *is)
		r = mbedtls_mpi_sub_int(&m.less, x, 1);
	if (r == 0 && *is)
		r = mbedtls_mpi_copy(&m.odd, &m.less);
	if (r == 0 && *is) {
		m.twos = mbedtls_mpi_lsb(&m.odd);
		r = mbedtls_mpi_shift_r(&m.odd, m.twos);
	}
	for (int i = 0; r == 0 && *is && i < ROUNDS; i++)
		r = issue_round(&m, x, is);
	mbedtls_mpi_free(&m.less);
	mbedtls_mpi_free(&m.odd);
	mbedtls_mpi_free(&m.a);
	mbedtls_mpi_free(&m.rr);
	return r;
}

/* Of exactly so many bits that two of them make BITS. */
static int
issue_prime(mbedtls_mpi *x)
{
	bool is = false;
	int r = 0;

	while (r == 0 && !is) {
		r = mbedtls_mpi_fill_random(x, PRIME_SIZE, MBED_RANDOM);
		if (r == 0)
			r = mbedtls_mpi_set_bit(x, 0, 1);
		if (r == 0)
			r = mbedtls_mpi_set_bit(x, BITS / 2 - 1, 1);
		if (r == 0)
			r = mbedtls_mpi_set_bit(x, BITS / 2 - 2, 1);
		if (r == 0)
			r = issue_is_prime(x, &is);
	}
	return r;
}

/* rest = x mod (prime - 1) */
static int
issue_mod_less(mbedtls_mpi *rest, const mbedtls_mpi *x,
    const mbedtls_mpi *prime)
{
	mbedtls_mpi less;
	int r;

	mbedtls_mpi_init(&less);
	r = mbedtls_mpi_sub_int(&less, prime, 1);
	if (r == 0)
		r = mbedtls_mpi_mod_mpi(rest, x, &less);
	mbedtls_mpi_free(&less);
	return r;
}

/* d = 1 / e mod (p - 1) * (q - 1) = mod n - p - q + 1 */
static int
issue_exponent(struct issue_key *k)
{
	mbedtls_mpi *part = k->part, phi;
	int r;

	mbedtls_mpi_init(&phi);
	r = mbedtls_mpi_sub_mpi(&phi, &part[N], &part[P]);
	if (r == 0)
		r = mbedtls_mpi_sub_mpi(&phi, &phi, &part[Q]);
	if (r == 0)
		r = mbedtls_mpi_add_int(&phi, &phi, 1);
	if (r == 0)
		r = mbedtls_mpi_inv_mod(&part[D], &part[E], &phi);
	mbedtls_mpi_free(&phi);
	return r;
}

/* mbedTLS deduces none of it here: vendor/mbedtls_without.c. */
static int
issue_new_key(struct issue_key *k)
{
	mbedtls_mpi *part = k->part;
	int r = mbedtls_mpi_lset(&part[E], EXPONENT);

	if (r == 0)
		r = issue_prime(&part[P]);
	if (r == 0)
		r = issue_prime(&part[Q]);
	if (r == 0)
		r = mbedtls_mpi_mul_mpi(&part[N], &part[P], &part[Q]);
	if (r == 0)
		r = issue_exponent(k);
	if (r == 0)
		r = issue_mod_less(&part[DP], &part[D], &part[P]);
	if (r == 0)
		r = issue_mod_less(&part[DQ], &part[D], &part[Q]);
	if (r == 0)
		r = mbedtls_mpi_inv_mod(&part[QP], &part[Q], &part[P]);
	return r;
}

/* Backwards, as derw writes: the parts from last to first. */
static int
issue_put_parts(struct derw *w, const struct issue_key *k, size_t n)
{
	unsigned char bytes[BITS / 8];
	size_t size;
	int r = 0;

	while (r == 0 && n-- > 0) {
		size = mbedtls_mpi_size(&k->part[n]);
		r = mbedtls_mpi_write_binary(&k->part[n], bytes, size);
		x509w_integer(w, (struct str){ (const char *)bytes, size });
	}
	secret_wipe(bytes, sizeof(bytes));
	return r;
}

static int
issue_write_key(struct issue_key *k, struct buf *out)
{
	char der[DER_SIZE];
	struct derw w = derw_begin(der, sizeof(der));
	int r = issue_put_parts(&w, k, PARTS);

	derw_put(&w, STR("\x02\x01\x00")); /* version: two primes */
	derw_head(&w, DER_SEQUENCE, 0);
	if (r == 0 && w.ok)
		r = mbedtls_pk_parse_key(&k->pk, (const unsigned char *)w.at,
		    derw_n(&w), NULL, 0, MBED_RANDOM);
	x509w_pem(out, "RSA PRIVATE KEY", derw_view(&w));
	secret_wipe(der, sizeof(der));
	return r != 0 || w.ok ? r : MBEDTLS_ERR_ASN1_BUF_TOO_SMALL;
}

/* What is signed: RFC 5280 4.1.2. */
static int
issue_put_body(struct derw *w, const struct issue *i, const struct issue_key *k)
{
	unsigned char serial[SERIAL_SIZE];
	size_t since;
	int r;

	derw_put(w, STR(USAGE));
	derw_head(w, DER_SEQUENCE, 0);
	derw_head(w, DER_EXTENSIONS, 0);
	since = derw_n(w);
	r = issue_put_parts(w, k, D);
	derw_head(w, DER_SEQUENCE, since);
	derw_put(w, STR("\0"));
	derw_head(w, DER_BITS, since);
	derw_put(w, STR(RSA_KEY));
	derw_head(w, DER_SEQUENCE, since);
	x509w_name(w, i->name);
	x509w_validity(w, i->from, i->until);
	x509w_name(w, i->name);
	derw_put(w, STR(RSA_SHA256));
	os_random(serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 1; /* positive, no leading zero */
	x509w_integer(w, (struct str){ (const char *)serial, sizeof(serial) });
	derw_put(w, STR(VERSION_3));
	derw_head(w, DER_SEQUENCE, 0);
	return r;
}

static int
issue_write_certificate(struct issue *i, struct issue_key *k)
{
	char body_room[DER_SIZE], room[DER_SIZE];
	struct derw body = derw_begin(body_room, sizeof(body_room));
	struct derw w = derw_begin(room, sizeof(room));
	unsigned char hash[CRYPT_SHA256_SIZE], signature[BITS / 8];
	size_t n = 0;
	int r = issue_put_body(&body, i, k);

	if (r != 0)
		return r;
	crypt_sha256(derw_view(&body), hash);
	r = mbedtls_pk_sign(&k->pk, MBEDTLS_MD_SHA256, hash, sizeof(hash),
	    signature, sizeof(signature), &n, MBED_RANDOM);
	derw_put(&w, (struct str){ (const char *)signature, n });
	derw_put(&w, STR("\0"));
	derw_head(&w, DER_BITS, 0);
	derw_put(&w, STR(RSA_SHA256));
	derw_put(&w, derw_view(&body));
	derw_head(&w, DER_SEQUENCE, 0);
	crypt_sha1(derw_view(&w), i->sha1);
	x509w_pem(&i->certificate, "CERTIFICATE", derw_view(&w));
	return r != 0 || (body.ok && w.ok) ? r : MBEDTLS_ERR_ASN1_BUF_TOO_SMALL;
}

bool
issue_make(struct issue *i, struct err *e)
{
	struct issue_key k;
	int r;

	buf_init_secret(&i->key, PEM_MAX);
	buf_init(&i->certificate, PEM_MAX);
	if (!mbed_ready(e))
		return false;
	mbedtls_pk_init(&k.pk);
	for (size_t n = 0; n < PARTS; n++)
		mbedtls_mpi_init(&k.part[n]);
	r = issue_new_key(&k);
	if (r == 0)
		r = issue_write_key(&k, &i->key);
	if (r == 0)
		r = issue_write_certificate(i, &k);
	for (size_t n = 0; n < PARTS; n++)
		mbedtls_mpi_free(&k.part[n]);
	mbedtls_pk_free(&k.pk);
	if (r == 0)
		return buf_ok(&i->key, e) && buf_ok(&i->certificate, e);
	return err_set(e, mbed_no_memory(r) ? ERR_RETRY : ERR_BUG,
	    "new key: -0x%04x", (unsigned)-r);
}

void
issue_release(struct issue *i)
{
	buf_release(&i->key);
	buf_release(&i->certificate);
}
