/* SPDX-License-Identifier: MIT */
#include "graph/assertion.h"

#include "base/os.h"
#include "codec/base64.h"
#include "codec/jsonw.h"

enum { TEXT_MAX = 8 * 1024 }; /* an address and two ids */

/* How an algorithm is called, and by what it names the certificate. */
static const struct {
	struct str alg, thumb;
} names[] = {
	[SIGN_PS256] = { STR_INIT("PS256"), STR_INIT("x5t#S256") },
	[SIGN_RS256] = { STR_INIT("RS256"), STR_INIT("x5t") },
};

/* RFC 7515 4.1.7 and 4.1.8: base64url (not what MSAL-Go does, 1.3). */
static bool
write_header(const struct identity *who, struct buf *out, struct err *e)
{
	const struct sign *s = who->sign;
	struct str digest = who->alg == SIGN_PS256 ?
	    (struct str){ (const char *)s->sha256, sizeof(s->sha256) } :
	    (struct str){ (const char *)s->sha1, sizeof(s->sha1) };
	struct jsonw w = jsonw_begin(out);
	struct buf thumb;
	bool ok;

	buf_init(&thumb, BASE64_SIZE(SIGN_SHA256_SIZE));
	base64url_encode(&thumb, digest);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("alg"), names[who->alg].alg);
	jsonw_member(&w, STR("typ"), STR("JWT"));
	jsonw_member(&w, names[who->alg].thumb, buf_view(&thumb));
	jsonw_close(&w, '}');
	ok = buf_ok(&thumb, e) && jsonw_end(&w, e);
	buf_release(&thumb);
	return ok;
}

static void
add_time(struct jsonw *w, struct str name, int64_t when)
{
	jsonw_key(w, name);
	jsonw_i64(w, when);
}

/* RFC 7523 3 */
static bool
write_claims(const struct identity *who, int64_t now, struct buf *out,
    struct err *e)
{
	struct jsonw w = jsonw_begin(out);
	char id[OS_UUID_SIZE];
	struct buf endpoint;
	bool ok;

	buf_init(&endpoint, TEXT_MAX);
	ok = identity_endpoint(who, &endpoint, e);
	os_uuid(id);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("aud"), buf_view(&endpoint));
	jsonw_member(&w, STR("iss"), who->client_id);
	jsonw_member(&w, STR("sub"), who->client_id);
	jsonw_member(&w, STR("jti"), str_of(id));
	add_time(&w, STR("nbf"), now);
	add_time(&w, STR("iat"), now);
	add_time(&w, STR("exp"), now + ASSERTION_LIFE_S);
	jsonw_close(&w, '}');
	ok = ok && jsonw_end(&w, e);
	buf_release(&endpoint);
	return ok;
}

/* The two parts that are signed, with a point between. */
static bool
write_input(const struct identity *who, int64_t now, struct buf *out,
    struct err *e)
{
	struct buf part;
	bool ok;

	buf_init(&part, TEXT_MAX);
	ok = write_header(who, &part, e);
	base64url_encode(out, buf_view(&part));
	buf_addc(out, '.');
	buf_reset(&part);
	ok = ok && write_claims(who, now, &part, e);
	base64url_encode(out, buf_view(&part));
	buf_release(&part);
	return ok && buf_ok(out, e);
}

bool
assertion_make(const struct identity *who, int64_t now, struct buf *out,
    struct err *e)
{
	size_t start = out->n;
	struct signature sig;
	bool ok;

	ok = write_input(who, now, out, e) &&
	    sign_bytes(who->sign, who->alg, str_from(buf_view(out), start),
		&sig, e);
	if (ok) {
		buf_addc(out, '.');
		base64url_encode(out,
		    (struct str){ (const char *)sig.bytes, sig.n });
		ok = buf_ok(out, e);
	}
	if (!ok) {
		buf_rewind(out, start);
		err_wrap(e, "client assertion");
	}
	return ok;
}
