/* SPDX-License-Identifier: MIT */
#include "net/sign.h"

#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "base/crypt.h"
#include "net/mbed.h"

enum { MEM_LIMIT = 4096 }; /* the state alone */

#define BEGIN     "-----BEGIN "
#define END       "-----END "
#define DASHES    "-----"
#define KEY_LABEL "PRIVATE KEY"

struct sign_state {
	mbedtls_pk_context key; /* RSA, once loaded */
};

static const char upload[] =
    "entra.microsoft.com > Entra ID > App registrations > (your app) > "
    "Certificates & secrets > Certificates";

/* A piece of a PEM file, RFC 7468 3. */
struct block {
	struct str label; /* "RSA PRIVATE KEY" */
	struct str text;  /* whole, with both lines of dashes */
};

/* Takes the next piece that has both its ends off *rest. */
static bool
next_block(struct str *rest, struct block *out)
{
	struct str label, end;
	size_t at;

	for (;;) {
		*rest = str_from(*rest, str_find(*rest, STR(BEGIN)));
		if (rest->n == 0)
			return false;
		label = str_from(*rest, sizeof(BEGIN) - 1);
		label = str_first(label, str_find(label, STR(DASHES)));
		/* the END that is next has to be of the same label */
		at = str_find(*rest, STR(END));
		end = str_from(*rest, at + sizeof(END) - 1);
		if (str_starts(end, label) &&
		    str_starts(str_from(end, label.n), STR(DASHES)))
			break;
		*rest = str_from(*rest, sizeof(BEGIN) - 1);
	}
	at += sizeof(END) - 1 + label.n + sizeof(DASHES) - 1;
	*out = (struct block){ label, str_first(*rest, at) };
	*rest = str_from(*rest, at);
	return true;
}

/* An error of mbedTLS is the sum of two: a module's, and what it met. */
static int
high_part(int r)
{
	return -(-r & ~0x7f);
}

/* Ed25519, RSA that is bound to PSS, curves that are not built in, ... */
static bool
is_unknown_kind(int r)
{
	return high_part(r) == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
	    high_part(r) == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE ||
	    high_part(r) == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;
}

static bool
no_memory(const struct sign_file *f, struct err *e)
{
	return err_set(e, ERR_RETRY, "%s: out of memory", f->path);
}

/*
 * With a generator at hand mbedTLS blinds the key's operation, and it checks
 * each signature, so that a fault of the machine gives no key away.
 */
static int
sign_by(const mbedtls_pk_context *key, enum sign_alg alg, struct str bytes,
    struct signature *out)
{
	mbedtls_rsa_context *rsa = mbedtls_pk_rsa(*key);
	unsigned char hash[CRYPT_SHA256_SIZE];
	bool pss = alg == SIGN_PS256;
	int r;

	crypt_sha256(bytes, hash);
	out->n = mbedtls_rsa_get_len(rsa);
	r = mbedtls_rsa_set_padding(rsa,
	    pss ? MBEDTLS_RSA_PKCS_V21 : MBEDTLS_RSA_PKCS_V15,
	    pss ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_NONE);
	if (r == 0 && pss) /* RFC 7518 3.5: salt as long as the hash */
		return mbedtls_rsa_rsassa_pss_sign_ext(rsa, MBED_RANDOM,
		    MBEDTLS_MD_SHA256, sizeof(hash), hash, sizeof(hash),
		    out->bytes);
	if (r == 0)
		r = mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, MBED_RANDOM,
		    MBEDTLS_MD_SHA256, sizeof(hash), hash, out->bytes);
	return r;
}

/* What is no PEM at all */

/* RFC 7292 4: SEQUENCE { INTEGER 3, ... }, whatever form the length has. */
static bool
is_pkcs12(struct str s)
{
	size_t n = 0; /* of the length's bytes */

	if (s.n > 1 && (unsigned char)s.p[1] >= 0x80)
		n = (unsigned char)s.p[1] & 0x7f;
	return str_starts(str_from(s, 2 + n), STR("\x02\x01\x03"));
}

static const char key_apart[] =
    "; a key in a file of its own is named by client_certificate_key";

/* verb: of openssl, which reads in DER form what stands there. */
static bool
refuse_form(const struct sign_file *f, const char *what, const char *verb,
    struct err *e)
{
	if (!str_starts(f->text, STR("0"))) { /* 0x30: a SEQUENCE */
		err_set(e, ERR_CONFIG, "%s: holds no %s in PEM form", f->path,
		    what);
		return err_remedy(e,
		    "It has to be text with a part that begins with "
		    "\"-----BEGIN %s\"%s.",
		    what[0] == 'c' ? "CERTIFICATE" : KEY_LABEL,
		    what[0] == 'c' ? "" : key_apart);
	}
	if (!is_pkcs12(f->text)) {
		err_set(e, ERR_CONFIG, "%s: holds binary data (DER), no PEM",
		    f->path);
		return err_remedy(e,
		    "openssl %s -inform DER -in %s -out NEW.pem converts it%s.",
		    verb, f->path,
		    what[0] == 'p' && verb[0] == 'x' ? key_apart : "");
	}
	err_set(e, ERR_CONFIG, "%s: a PKCS#12 file (.pfx, .p12), no PEM",
	    f->path);
	return err_remedy(e,
	    "openssl pkcs12 -in %s -out NEW.pem -aes256 converts it (add "
	    "-legacy if it refuses the file's old encryption); it asks for the "
	    "password of the file and for one of NEW.pem, which belongs into "
	    "the file that client_certificate_password_file names. With -nodes "
	    "in place of -aes256 the key has no password.",
	    f->path);
}

/* The key */

static bool
refuse_kind(const struct sign_file *f, const char *kind, struct err *e)
{
	err_set(e, ERR_CONFIG,
	    "%s: holds %s key; Entra ID takes assertions by RSA keys only",
	    f->path, kind);
	return err_remedy(e,
	    "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=post365 -days "
	    "365 -keyout NEW.key -out NEW.pem makes an RSA key and a "
	    "certificate; upload NEW.pem: %s.",
	    upload);
}

static bool
refuse_cipher(const struct sign_file *f, struct err *e)
{
	err_set(e, ERR_CONFIG,
	    "%s: its key is encrypted in an old way; only PBES2 with AES can "
	    "be read",
	    f->path);
	return err_remedy(e,
	    "openssl pkcs8 -topk8 -v2 aes256 -in %s -out NEW.key encrypts it "
	    "anew; then set client_certificate_key to NEW.key.",
	    f->path);
}

static bool
refuse_password(const struct sign_file *f, bool given, struct err *e)
{
	static const char where[] =
	    "client_certificate_password_file (or client_certificate_password)";

	if (!given) {
		err_set(e, ERR_CONFIG,
		    "%s: its key is encrypted, and no password is set",
		    f->path);
		return err_remedy(e, "Set %s.", where);
	}
	err_set(e, ERR_CONFIG, "%s: the password is not that of its key",
	    f->path);
	return err_remedy(e,
	    "Correct %s; openssl pkey -in %s -noout tells whether a password "
	    "is the right one.",
	    where, f->path);
}

static bool
refuse_damaged(const struct sign_file *f, const char *what, int r,
    struct err *e)
{
	struct str text = str_from(f->text, str_find(f->text, STR(BEGIN)));

	if (mbed_no_memory(r))
		return no_memory(f, e);
	err_set(e, ERR_CONFIG, "%s: its %s is damaged (-0x%04x)", f->path, what,
	    (unsigned)-r);
	return err_remedy(e, "Copy the file again from where it was made%s.",
	    str_find(text, STR(END)) < str_chr(text, '\n') ?
		", with its line ends: PEM does not do without" :
		"");
}

/* Labels of keys that cannot be used, and what to call them. */
static const struct {
	struct str label;
	const char *kind;
} others[] = {
	{ STR_INIT("EC PRIVATE KEY"), "an EC" },
	{ STR_INIT("DSA PRIVATE KEY"), "a DSA" },
	{ STR_INIT("OPENSSH PRIVATE KEY"), "an OpenSSH" },
};

/* Why mbedTLS could not read it; encrypted: it had to be decrypted first. */
static bool
explain_key(const struct sign_file *f, int r, bool encrypted, struct err *e)
{
	switch (r) {
	case MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return refuse_cipher(f, e);
	case MBEDTLS_ERR_PK_PASSWORD_REQUIRED:
		return refuse_password(f, false, e);
	default:
		break;
	}
	if (mbed_no_memory(r))
		return no_memory(f, e);
	/* the padding of one wrong guess in 256 looks right */
	if (encrypted &&
	    (r == MBEDTLS_ERR_PK_PASSWORD_MISMATCH ||
		high_part(r) == MBEDTLS_ERR_PK_KEY_INVALID_FORMAT))
		return refuse_password(f, true, e);
	if (is_unknown_kind(r))
		return refuse_kind(f, "another kind of", e);
	return refuse_damaged(f, "key", r, e);
}

static bool
check_key(const struct sign_file *f, const mbedtls_pk_context *key,
    struct err *e)
{
	unsigned bits = (unsigned)mbedtls_pk_get_bitlen(key);
	struct signature probe;
	int r;

	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_RSA)
		return refuse_kind(f, "an EC", e);
	if (bits < SIGN_BITS_MIN || bits > SIGN_BITS_MAX) {
		err_set(e, ERR_CONFIG,
		    "%s: its key has %u bits; %d to %d are needed", f->path,
		    bits, SIGN_BITS_MIN, SIGN_BITS_MAX);
		return err_remedy(e,
		    "Make a new key and certificate, and upload it: %s.",
		    upload);
	}
	/* the surest way to find out whether it can */
	r = sign_by(key, SIGN_RS256, STR(""), &probe);
	return r == 0 || refuse_damaged(f, "key", r, e);
}

static bool
parse_key(const struct sign_file *f, struct str pem, const struct secret *word,
    mbedtls_pk_context *key, struct err *e)
{
	struct str password = word != NULL ? secret_view(word) : STR("");
	bool encrypted = str_starts(pem, STR(BEGIN "ENCRYPTED"));
	struct buf text; /* with the NUL that mbedTLS wants */
	int r;

	buf_init_secret(&text, SIGN_FILE_MAX);
	buf_adds(&text, pem);
	if (!buf_ok(&text, e))
		return false;
	r = mbedtls_pk_parse_key(key, (const unsigned char *)text.p, text.n + 1,
	    (const unsigned char *)password.p, password.n, MBED_RANDOM);
	buf_release(&text);
	return r == 0 ? check_key(f, key, e) : explain_key(f, r, encrypted, e);
}

static bool
load_key(const struct sign_files *files, mbedtls_pk_context *key, struct err *e)
{
	const struct sign_file *f = &files->key;
	/* in DER form there is only one thing in it, which is no key alone */
	bool shared = str_eq(f->text, files->certificate.text);
	struct str rest = f->text;
	struct block b;

	do {
		if (!next_block(&rest, &b))
			return refuse_form(f, "private key",
			    shared ? "x509" : "pkey", e);
	} while (!str_ends(b.label, STR(KEY_LABEL)));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (str_eq(b.label, others[i].label))
			return refuse_kind(f, others[i].kind, e);
	/* RFC 1421 4.6.1.1: its key comes of the password by MD5 alone */
	if (str_find(b.text, STR("Proc-Type: 4,ENCRYPTED")) < b.text.n)
		return refuse_cipher(f, e);
	return parse_key(f, b.text, files->password, key, e);
}

/* The certificate */

/* What all certificates of a file came to. */
struct search {
	const struct sign_file *file;
	size_t read, broken; /* how many */
	int why;             /* of the first broken one */
	bool found;
};

static void
take_certificate(struct sign *s, const mbedtls_x509_crt *crt)
{
	struct str der = { (const char *)crt->raw.p, crt->raw.len };

	crypt_sha256(der, s->sha256);
	crypt_sha1(der, s->sha1);
	s->from = mbed_seconds(&crt->valid_from);
	s->until = mbed_seconds(&crt->valid_to);
}

/*
 * Modulus and exponent. mbedtls_pk_check_pair compares them, too, but does
 * not tell a mismatch from a failed allocation.
 */
struct public
{
	unsigned char n[SIGN_MAX], e[SIGN_MAX];
};

static bool
take_public(const mbedtls_pk_context *key, struct public *out)
{
	return mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA &&
	    mbedtls_rsa_export_raw(mbedtls_pk_rsa(*key), out->n, sizeof(out->n),
		NULL, 0, NULL, 0, NULL, 0, out->e, sizeof(out->e)) == 0;
}

static bool
is_pair(const mbedtls_pk_context *a, const mbedtls_pk_context *b)
{
	struct public one, two;

	return take_public(a, &one) && take_public(b, &two) &&
	    memcmp(&one, &two, sizeof(one)) == 0;
}

/* Is it the key's? False: no memory. */
static bool
try_certificate(struct sign *s, struct str pem, struct search *to,
    struct err *e)
{
	mbedtls_x509_crt crt;
	struct buf text;
	int r;

	buf_init(&text, SIGN_FILE_MAX);
	buf_adds(&text, pem);
	if (!buf_ok(&text, e))
		return false;
	mbedtls_x509_crt_init(&crt);
	r = mbedtls_x509_crt_parse(&crt, (const unsigned char *)text.p,
	    text.n + 1);
	buf_release(&text);
	if (r == 0) {
		to->read++;
		to->found = is_pair(&crt.pk, &s->state->key);
	} else {
		to->broken++;
		to->why = to->why == 0 ? r : to->why;
	}
	if (to->found)
		take_certificate(s, &crt);
	mbedtls_x509_crt_free(&crt);
	return !mbed_no_memory(r) || no_memory(to->file, e);
}

static bool
explain_certificate(const struct search *c, const char *key, struct err *e)
{
	if (c->read + c->broken == 0)
		return refuse_form(c->file, "certificate", "x509", e);
	if (c->read == 0)
		return is_unknown_kind(c->why) ?
		    refuse_kind(c->file, "the certificate of another kind of",
			e) :
		    refuse_damaged(c->file, "certificate", c->why, e);
	if (c->read == 1)
		err_set(e, ERR_CONFIG,
		    "%s: its certificate is not that of the key in %s",
		    c->file->path, key);
	else
		err_set(e, ERR_CONFIG,
		    "%s: none of its %zu certificates is that of the key in %s",
		    c->file->path, c->read, key);
	return err_remedy(e,
	    "Give the certificate that was made with this key; what openssl "
	    "x509 -in %s -noout -pubkey prints must equal what openssl pkey "
	    "-in %s -pubout prints.",
	    c->file->path, key);
}

static bool
load_certificate(struct sign *s, const struct sign_files *files, struct err *e)
{
	struct search c = { .file = &files->certificate };
	struct str rest = files->certificate.text;
	struct block b;

	while (!c.found && next_block(&rest, &b))
		if (str_eq(b.label, STR("CERTIFICATE")) &&
		    !try_certificate(s, b.text, &c, e))
			return false;
	return c.found || explain_certificate(&c, files->key.path, e);
}

bool
sign_load(struct sign *s, const struct sign_files *files, struct err *e)
{
	*s = (struct sign){ 0 };
	if (!mbed_ready(e))
		return false;
	arena_init(&s->mem, MEM_LIMIT);
	s->state = arena_alloc(&s->mem, sizeof(*s->state));
	if (s->state == NULL)
		return arena_ok(&s->mem, e);
	mbedtls_pk_init(&s->state->key);
	if (!load_key(files, &s->state->key, e) ||
	    !load_certificate(s, files, e))
		return false;
	s->bits = (unsigned)mbedtls_pk_get_bitlen(&s->state->key);
	return true;
}

bool
sign_bytes(const struct sign *s, enum sign_alg alg, struct str bytes,
    struct signature *out, struct err *e)
{
	int r = sign_by(&s->state->key, alg, bytes, out);

	return r == 0 ||
	    err_set(e, mbed_no_memory(r) ? ERR_RETRY : ERR_BUG,
		"the certificate's key cannot sign (-0x%04x)", (unsigned)-r);
}

void
sign_release(struct sign *s)
{
	if (s->state != NULL)
		mbedtls_pk_free(&s->state->key);
	arena_release(&s->mem);
	*s = (struct sign){ 0 };
}
