/* SPDX-License-Identifier: MIT */
#include "net/trust.h"

#include <stdio.h>
#include <unistd.h>

#include <mbedtls/entropy.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform.h>

#include "base/os.h"
#include "codec/der.h"
#include "codec/unbase64.h"
#include "codec/x509.h"
#include "net/constraint.h"
#include "net/mbed.h"
#include "net/roots.h"

enum {
	FILE_LIMIT = 8 * 1024 * 1024, /* Debian's store of 140 has 220 KB */
	MEM_LIMIT = 1024 * 1024       /* 32 bytes for each certificate */
};

/* Where distributions keep the system's store. */
static const char *const system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
	"/etc/ssl/cert.pem",                  /* OpenWrt, BSDs */
	"/etc/ssl/ca-bundle.pem",             /* SUSE */
};

bool
mbed_no_memory(int r)
{
	static const int high[] = {
		MBEDTLS_ERR_X509_ALLOC_FAILED,
		MBEDTLS_ERR_PK_ALLOC_FAILED,
		MBEDTLS_ERR_ECP_ALLOC_FAILED,
		MBEDTLS_ERR_SSL_ALLOC_FAILED,
		MBEDTLS_ERR_PEM_ALLOC_FAILED,
		MBEDTLS_ERR_MD_ALLOC_FAILED,
		MBEDTLS_ERR_CIPHER_ALLOC_FAILED,
	};
	int low = -(-r & 0x7f);

	for (size_t i = 0; i < sizeof(high) / sizeof(*high); i++)
		if (-(-r & ~0x7f) == high[i])
			return true;
	/* the kernel's generator never fails: it was a copy of what it gave */
	return low == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
	    low == MBEDTLS_ERR_ASN1_ALLOC_FAILED ||
	    low == MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

/* --- stores --- */

/*
 * Finds the subject's name without parsing all of the certificate (RFC 5280
 * 4.1): of 140 in a store one is wanted.
 */
static bool
index_anchor(const unsigned char *der, struct trust_anchor *a)
{
	struct str rest = { (const char *)der + a->at, a->n };
	struct str body, one, name;

	if (!der_take(&rest, DER_SEQUENCE, &body) ||
	    !der_take(&body, DER_SEQUENCE, &rest))
		return false;
	/* version 1 does not say so */
	if (str_starts(rest, STR("\xa0")) &&
	    !der_take(&rest, DER_VERSION, &one))
		return false;
	if (!der_take(&rest, DER_INTEGER, &one) ||  /* serial number */
	    !der_take(&rest, DER_SEQUENCE, &one) || /* signature algorithm */
	    !der_take(&rest, DER_SEQUENCE, &one) || /* issuer */
	    !der_take(&rest, DER_SEQUENCE, &one))   /* validity */
		return false;
	name = rest;
	if (!der_take(&rest, DER_SEQUENCE, &one)) /* subject */
		return false;
	a->subject_at = (size_t)(name.p - (const char *)der);
	a->subject_n = name.n - rest.n;
	return true;
}

static bool
open_builtin(struct trust_state *s, struct err *e)
{
	struct trust_anchor *a;
	size_t at = 0;

	s->builtin.der = trust_builtin_der;
	a = arena_array(s->mem, trust_builtin_n, sizeof(*a));
	if (a == NULL)
		return arena_ok(s->mem, e);
	s->builtin.anchor = a;
	for (size_t i = 0; i < trust_builtin_n; i++) {
		a->at = at;
		a->n = trust_builtin_len[i];
		at += a->n;
		if (!index_anchor(trust_builtin_der, a))
			return err_set(e, ERR_BUG, "built-in root %zu", i);
		a++;
		s->builtin.n++;
	}
	return true;
}

/* The next certificate of a PEM file, decoded; false: no more (RFC 7468). */
static bool
next_pem(struct str *rest, struct buf *der, struct trust_anchor *a)
{
	static const struct str begin = STR_INIT("-----BEGIN CERTIFICATE-----");
	static const struct str end = STR_INIT("-----END CERTIFICATE-----");
	struct err ignored;
	size_t at;
	bool ok = false;

	while (!ok && !der->full && !der->no_memory) {
		at = str_find(*rest, begin);
		if (at == rest->n)
			return false;
		*rest = str_from(*rest, at + begin.n);
		at = str_find(*rest, end);
		a->at = der->n;
		ok = unbase64_whole(der, str_first(*rest, at), &ignored);
		a->n = der->n - a->at;
		*rest = str_from(*rest, at);
	}
	return ok;
}

static size_t
count_pem(struct str s)
{
	struct str line = STR("-----BEGIN CERTIFICATE-----");
	size_t n = 0;

	while (str_find(s, line) < s.n) {
		s = str_from(s, str_find(s, line) + line.n);
		n++;
	}
	return n;
}

/* A part of a store that does not fit in memory is no store. */
static bool
decode_store(struct trust_state *s, struct str pem, struct err *e)
{
	size_t most = count_pem(pem);
	struct trust_anchor *a = arena_array(s->mem, most, sizeof(*a));

	if (a == NULL)
		return arena_ok(s->mem, e);
	buf_init(&s->file_der, FILE_LIMIT);
	if (buf_room(&s->file_der, pem.n / 4 * 3) == NULL)
		return buf_ok(&s->file_der, e);
	s->file.anchor = a;
	s->file.n = 0;
	while (s->file.n < most && next_pem(&pem, &s->file_der, a)) {
		if (!index_anchor((const unsigned char *)s->file_der.p, a))
			continue; /* what cannot be read cannot be trusted */
		s->file.n++;
		a++;
	}
	s->file.der = (const unsigned char *)s->file_der.p;
	return buf_ok(&s->file_der, e);
}

/* Reads a PEM file into s->file; one that fails leaves it empty. */
static bool
read_store(struct trust_state *s, const char *path, struct err *e)
{
	struct buf pem;
	bool ok;

	buf_init(&pem, FILE_LIMIT);
	ok = os_read_file(path, &pem, e) && decode_store(s, buf_view(&pem), e);
	buf_release(&pem);
	if (ok && s->file.n > 0)
		return true;
	s->file = (struct trust_store){ 0 };
	buf_release(&s->file_der);
	if (ok)
		err_set(e, ERR_CONFIG, "%s: holds no certificate", path);
	if (e->kind == ERR_INPUT)
		e->kind = ERR_CONFIG;
	e->exit = 0; /* that of the kind */
	return false;
}

bool
trust_read_later(struct trust_state *s, struct err *e)
{
	const char *path = s->later;

	s->later = NULL;
	if (path == NULL || read_store(s, path, e))
		return true;
	if (e->kind == ERR_CONFIG) { /* missing or empty: it adds nothing */
		(void)snprintf(s->unread, sizeof(s->unread), "%s", e->msg);
		return true;
	}
	s->later = path;
	return err_wrap(e, "the system's certificates");
}

static bool
remedy_file(const struct trust_state *s, struct err *e)
{
	err_wrap(e, "ca = %.*s", STR_ARG(s->ca));
	if (e->kind != ERR_CONFIG)
		return false;
	return err_remedy(e,
	    "ca names a PEM file with certificates of "
	    "authorities (\"-----BEGIN CERTIFICATE-----\"), or is auto, "
	    "builtin or system");
}

/* The system's store, or NULL if there is none. */
static const char *
find_system(struct trust_state *s, struct str named)
{
	if (named.n > 0)
		return arena_str(s->mem, named).p;
	for (size_t i = 0; i < sizeof(system_files) / sizeof(*system_files);
	     i++)
		if (access(system_files[i], R_OK) == 0)
			return system_files[i];
	return NULL;
}

/* A session is good for the same setting and the same state of the file. */
static void
identify(struct trust_state *s, const char *path)
{
	struct os_stat st = { 0 };
	struct err ignored;

	if (path != NULL && !os_stat_path(path, &st, &ignored))
		st.mtime = 0; /* missing: one that appears changes the id */
	s->id = arena_fmt(s->mem, "%.*s %s %lld %llu", STR_ARG(s->ca),
	    path != NULL ? path : "", (long long)st.mtime,
	    (unsigned long long)st.size);
}

static bool
open_stores(struct trust_state *s, struct str system_file, struct err *e)
{
	bool is_auto = str_eq(s->ca, STR("auto"));
	bool builtin = str_eq(s->ca, STR("builtin"));
	bool system = str_eq(s->ca, STR("system"));
	const char *path = NULL;

	if (is_auto || system)
		path = find_system(s, system_file);
	else if (!builtin)
		path = s->ca.p;
	identify(s, path);
	if ((is_auto || builtin) && !open_builtin(s, e))
		return false;
	if (is_auto)
		s->later = path;
	else if (path != NULL)
		return read_store(s, path, e) || remedy_file(s, e);
	else if (system) {
		err_set(e, ERR_CONFIG,
		    "ca = system: this machine has none of "
		    "the usual files with certificates");
		return err_remedy(e,
		    "install ca-certificates, set "
		    "SSL_CERT_FILE, or use ca = auto");
	}
	return arena_ok(s->mem, e);
}

/* A state without any store yet. Release *t in any case. */
static bool
begin(struct trust *t, struct str ca, struct err *e)
{
	struct trust_state *s;

	*t = (struct trust){ 0 };
	if (!mbed_ready(e))
		return false;
	arena_init(&t->mem, MEM_LIMIT);
	s = arena_alloc(&t->mem, sizeof(*s));
	t->ca = arena_str(&t->mem, ca);
	if (s == NULL || t->ca.p == NULL)
		return arena_ok(&t->mem, e);
	t->state = s;
	s->mem = &t->mem;
	s->ca = t->ca;
	return true;
}

bool
trust_open(struct trust *t, struct str ca, struct str system_file,
    struct err *e)
{
	bool ok = begin(t, ca, e) && open_stores(t->state, system_file, e);

	if (!ok)
		trust_release(t);
	return ok;
}

bool
trust_open_pin(struct trust *t, struct str sha1, struct err *e)
{
	bool ok = begin(t, sha1, e);
	int high, low = 0;

	if (ok && sha1.n != TRUST_PIN_SIZE * 2)
		low = -1;
	for (size_t i = 0; ok && low >= 0 && i < TRUST_PIN_SIZE; i++) {
		high = ascii_hex(sha1.p[i * 2]);
		low = high < 0 ? high : ascii_hex(sha1.p[i * 2 + 1]);
		t->state->pin[i] = (unsigned char)(high * 16 + low);
	}
	if (ok && low < 0)
		ok = err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a SHA-1 thumbprint of %d hex digits",
		    STR_ARG(sha1), TRUST_PIN_SIZE * 2);
	if (!ok) {
		trust_release(t);
		return false;
	}
	t->state->pinned = true;
	t->state->id = t->ca;
	return true;
}

void
trust_release(struct trust *t)
{
	if (t->state != NULL)
		buf_release(&t->state->file_der);
	arena_release(&t->mem);
	*t = (struct trust){ 0 };
}

struct trust_outsider
trust_outsider(const struct trust *t)
{
	struct trust_outsider out = { 0 };

	if (t->state != NULL) {
		out.host = str_of(t->state->outsider_host);
		out.issuer = str_of(t->state->outsider);
	}
	return out;
}

/* --- looking for an issuer --- */

/* Adds those that may have issued child to the list. */
static int
offer(const struct trust_store *s, const mbedtls_x509_crt *child,
    mbedtls_x509_crt **list)
{
	const struct trust_anchor *a = s->anchor;
	struct str subject;
	int r;

	for (size_t i = 0; i < s->n; i++, a++) {
		subject = (struct str){ (const char *)s->der + a->subject_at,
			a->subject_n };
		/* a sieve: mbedTLS compares again, and exactly */
		if (!x509_same_name(mbed_str(&child->issuer_raw), subject))
			continue;
		if (*list == NULL) {
			*list = mbedtls_calloc(1, sizeof(**list));
			if (*list == NULL)
				return MBEDTLS_ERR_X509_ALLOC_FAILED;
			mbedtls_x509_crt_init(*list);
		}
		r = constraint_parse_lent(*list, s->der + a->at, a->n);
		/* one that cannot be read has issued nothing */
		if (r != 0 && mbed_no_memory(r))
			return r;
	}
	return 0;
}

int
trust_candidates(void *arg, const mbedtls_x509_crt *child,
    mbedtls_x509_crt **out)
{
	struct trust_state *s = arg;
	mbedtls_x509_crt *list = NULL;
	int r = offer(&s->builtin, child, &list);
	bool builtin = s->builtin.n == 0 || list != NULL;

	if (r == 0)
		r = offer(&s->file, child, &list);
	s->by_system = !builtin && list != NULL;
	/* an empty element would be a nameless authority of version 0 */
	if (list != NULL && (r != 0 || list->version == 0)) {
		mbedtls_x509_crt_free(list);
		mbedtls_free(list);
		list = NULL;
	}
	*out = list;
	return r;
}
