/* SPDX-License-Identifier: MIT */
#include "net/cert.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>

#include "base/os.h"
#include "codec/date.h"
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
	TICKET_LIFE_S = DAY_S
};

/* One certificate to make. */
struct make {
	const char *subject, *issuer; /* common names */
	mbedtls_pk_context *subject_key, *issuer_key;
	const mbedtls_x509_san_list *names; /* NULL: an authority */
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

/* "20261123120000", as mbedTLS wants it. */
static void
der_time(int64_t when, char *out, size_t size)
{
	struct date d = date_split(when);

	(void)snprintf(out, size, "%04d%02d%02d%02d%02d%02d", d.year, d.month,
	    d.day, d.hour, d.minute, d.second);
}

static int
set_dates(mbedtls_x509write_cert *w)
{
	char from[64], to[64];

	/* a day early: clocks differ */
	der_time(os_wall() - DAY_S, from, sizeof(from));
	der_time(os_wall() + (int64_t)LIFE_DAYS * DAY_S, to, sizeof(to));
	return mbedtls_x509write_crt_set_validity(w, from, to);
}

/* RFC 5280 4.2.1: what each of the two kinds says about itself. */
static int
set_extensions(mbedtls_x509write_cert *w, const struct make *m)
{
	mbedtls_asn1_sequence server = { 0 };
	int r = mbedtls_x509write_crt_set_basic_constraints(w, m->names == NULL,
	    m->names == NULL ? 0 : -1);

	server.buf.tag = MBEDTLS_ASN1_OID;
	server.buf.p = (unsigned char *)(uintptr_t)MBEDTLS_OID_SERVER_AUTH;
	server.buf.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH);
	if (r == 0)
		r = mbedtls_x509write_crt_set_key_usage(w,
		    m->names == NULL ? MBEDTLS_X509_KU_KEY_CERT_SIGN :
				       MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	if (r == 0 && m->names != NULL)
		r = mbedtls_x509write_crt_set_ext_key_usage(w, &server);
	if (r == 0 && m->names != NULL)
		r = mbedtls_x509write_crt_set_subject_alternative_name(w,
		    m->names);
	if (r == 0)
		r = mbedtls_x509write_crt_set_subject_key_identifier(w);
	return r != 0 ? r :
			mbedtls_x509write_crt_set_authority_key_identifier(w);
}

/* Not by mbedtls_x509write_crt_set_subject_name, which reads a text: 3 kB. */
static int
name_is(mbedtls_asn1_named_data **name, struct str cn)
{
	mbedtls_asn1_named_data *d = mbedtls_asn1_store_named_data(name,
	    MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN),
	    (const unsigned char *)cn.p, cn.n);

	if (d == NULL)
		return MBEDTLS_ERR_X509_ALLOC_FAILED;
	d->val.tag = MBEDTLS_ASN1_UTF8_STRING;
	return 0;
}

/* Writes the DER form to the end of der; its length, or an error. */
static int
write_der(const struct make *m, unsigned char der[DER_SIZE])
{
	unsigned char serial[SERIAL_SIZE];
	mbedtls_x509write_cert w;
	int r;

	os_random(serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 1; /* positive, no leading zero */
	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&w, m->subject_key);
	mbedtls_x509write_crt_set_issuer_key(&w, m->issuer_key);
	r = mbedtls_x509write_crt_set_serial_raw(&w, serial, sizeof(serial));
	if (r == 0)
		r = name_is(&w.MBEDTLS_PRIVATE(subject), str_of(m->subject));
	if (r == 0)
		r = name_is(&w.MBEDTLS_PRIVATE(issuer), str_of(m->issuer));
	if (r == 0)
		r = set_dates(&w);
	if (r == 0)
		r = set_extensions(&w, m);
	if (r == 0)
		r = mbedtls_x509write_crt_der(&w, der, DER_SIZE, MBED_RANDOM);
	mbedtls_x509write_crt_free(&w);
	return r;
}

static mbedtls_x509_san_list *
make_names(struct arena *mem, const struct str *name, size_t n)
{
	mbedtls_x509_san_list *list = arena_array(mem, n, sizeof(*list));
	unsigned char ip[HOSTNAME_IP_MAX];
	struct str value;
	size_t size;

	for (size_t i = 0; i < n && list != NULL; i++) {
		size = hostname_ip(name[i], ip);
		value = arena_str(mem,
		    size == 0 ? name[i] :
				(struct str){ (const char *)ip, size });
		list[i].node.type = size == 0 ? MBEDTLS_X509_SAN_DNS_NAME :
						MBEDTLS_X509_SAN_IP_ADDRESS;
		list[i].node.san.unstructured_name.p =
		    (unsigned char *)(uintptr_t)value.p;
		list[i].node.san.unstructured_name.len = value.n;
		list[i].next = i + 1 < n ? &list[i + 1] : NULL;
	}
	return list;
}

static bool
add_pem(struct buf *out, const unsigned char *der, size_t n, struct err *e)
{
	size_t room = n * 2 + 128, used; /* base64, line ends, two labels */
	unsigned char *to = (unsigned char *)buf_room(out, room);
	int r;

	if (to == NULL)
		return buf_ok(out, e);
	r = mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n",
	    "-----END CERTIFICATE-----\n", der, n, to, room, &used);
	if (r != 0)
		return failed(e, r, "PEM");
	buf_commit(out, used - 1); /* it counts its NUL */
	return true;
}

static bool
make_both(struct cert *c, const mbedtls_x509_san_list *names,
    mbedtls_pk_context *ca_key, struct buf *ca_pem, struct err *e)
{
	static const char ca_name[] = "post365 sandbox authority";
	struct cert_state *s = c->state;
	struct make ca = { ca_name, ca_name, ca_key, ca_key, NULL };
	struct make leaf = { "post365 sandbox", ca_name, &s->one[0].key, ca_key,
		names };
	unsigned char der[DER_SIZE];
	int r = new_key(ca_key), n;

	if (r == 0)
		r = new_key(&s->one[0].key);
	if (r != 0)
		return failed(e, r, "new key");
	n = write_der(&leaf, der);
	if (n < 0)
		return failed(e, n, "new certificate");
	r = mbedtls_x509_crt_parse_der(&s->one[0].chain, der + DER_SIZE - n,
	    (size_t)n);
	if (r != 0)
		return failed(e, r, "new certificate");
	n = write_der(&ca, der);
	if (n < 0)
		return failed(e, n, "new certificate");
	return add_pem(ca_pem, der + DER_SIZE - n, (size_t)n, e);
}

bool
cert_make(struct cert *c, const struct str *name, size_t n, struct buf *ca_pem,
    struct err *e)
{
	mbedtls_x509_san_list *names;
	mbedtls_pk_context ca_key;
	bool ok = false;

	if (n == 0 || n > NAMES_MAX) {
		*c = (struct cert){ 0 };
		return err_set(e, ERR_BUG, "a certificate for %zu names", n);
	}
	mbedtls_pk_init(&ca_key);
	if (start(c, e)) {
		names = make_names(&c->mem, name, n);
		ok = arena_ok(&c->mem, e) &&
		    make_both(c, names, &ca_key, ca_pem, e);
		c->state->n = 1;
	}
	mbedtls_pk_free(&ca_key);
	if (!ok)
		cert_release(c);
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
cert_pem_release(struct cert_pem *p)
{
	buf_release(&p->chain);
	buf_release(&p->key);
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
