/* SPDX-License-Identifier: MIT */
#include "graph/assertion.h"

#include <string.h>

#include "base/os.h"
#include "codec/base64.h"
#include "sign_keys.h"
#include "t.h"

enum { NOW = 1795428000 };

#define CLIENT "22222222-2222-2222-2222-222222222222"
#define TENANT "11111111-1111-1111-1111-111111111111"

/* jti is fresh each time; JTI stands in its place. */
static const struct {
	const char *name, *login;
	enum sign_alg alg;
	const char *header, *thumb, *claims;
} rows[] = {
	/* clang-format off */
	{ "PS256", "https://login.microsoftonline.com", SIGN_PS256,
	  "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"THUMB\"}",
	  keys_sha256, "{\"aud\":\"https://login.microsoftonline.com/" TENANT
	  "/oauth2/v2.0/token\",\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT
	  "\",\"jti\":\"JTI\",\"nbf\":1795428000,\"iat\":1795428000,"
	  "\"exp\":1795428600}" },
	{ "RS256, another cloud", "https://login.microsoftonline.us/",
	  SIGN_RS256,
	  "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"THUMB\"}", keys_sha1,
	  "{\"aud\":\"https://login.microsoftonline.us/" TENANT
	  "/oauth2/v2.0/token\",\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT
	  "\",\"jti\":\"JTI\",\"nbf\":1795428000,\"iat\":1795428000,"
	  "\"exp\":1795428600}" },
	/* clang-format on */
};

static bool
open_sign(struct sign *s, struct err *e)
{
	struct sign_files files = { { "C", str_of(keys_cert) },
		{ "K", str_of(keys_pkcs8) }, NULL };

	return sign_load(s, &files, e);
}

static struct identity
identity_of(size_t row, const struct sign *s)
{
	return (struct identity){
		.kind = IDENTITY_CERTIFICATE,
		.login_url = str_of(rows[row].login),
		.tenant = STR(TENANT),
		.client_id = STR(CLIENT),
		.sign = s,
		.alg = rows[row].alg,
	};
}

/* want, with what stands for `mark`, against the decoded part. */
static void
check_part(const char *name, struct str part, const char *want, struct str mark,
    struct str value)
{
	struct str w = str_of(want), got;
	size_t at = str_find(w, mark);
	struct buf text;
	struct err e;

	buf_init(&text, 4096);
	T_CHECK(base64url_decode(&text, part, &e), "%s: %s", name, e.msg);
	got = buf_view(&text);
	T_CHECK(got.n == w.n - mark.n + value.n &&
		str_starts(got, str_first(w, at)) &&
		str_ends(got, str_from(w, at + mark.n)),
	    "%s: %.*s", name, STR_ARG(got));
	T_CHECK(value.p == NULL || str_starts(str_from(got, at), value),
	    "%s: %.*s", name, STR_ARG(got));
	buf_release(&text);
}

static void
check_row(size_t i, const struct sign *s)
{
	struct str uuid = { NULL, OS_UUID_SIZE - 1 }, rest, part[3];
	struct identity who = identity_of(i, s);
	struct signature v15;
	struct buf out, sig;
	struct err e = { 0 };

	buf_init(&out, ASSERTION_MAX);
	buf_init(&sig, SIGN_MAX);
	buf_addz(&out, "before:");
	T_CHECK(assertion_make(&who, NOW, &out, &e), "%s", e.msg);
	rest = str_from(buf_view(&out), 7);
	T_CHECK(str_starts(buf_view(&out), STR("before:ey")), "appended");
	for (size_t n = 0; n < 3; n++)
		T_CHECK(str_next(&rest, '.', &part[n]), "parts");
	T_CHECK(rest.p == NULL, "%s: more parts", rows[i].name);
	check_part(rows[i].name, part[0], rows[i].header, STR("THUMB"),
	    str_of(rows[i].thumb));
	check_part(rows[i].name, part[1], rows[i].claims, STR("JTI"), uuid);
	T_CHECK(base64url_decode(&sig, part[2], &e) &&
		sig.n == KEYS_SIGNATURE_SIZE,
	    "%s: signature", rows[i].name);
	if (rows[i].alg == SIGN_RS256) {
		rest = (struct str){ part[0].p, part[0].n + 1 + part[1].n };
		T_CHECK(sign_bytes(s, SIGN_RS256, rest, &v15, &e) &&
			memcmp(v15.bytes, sig.p, sig.n) == 0,
		    "of other bytes");
	}
	buf_release(&sig);
	buf_release(&out);
}

static void
test_rows(void)
{
	struct sign s;
	struct err e;

	T_CHECK(open_sign(&s, &e), "%s", e.msg);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(i, &s);
	sign_release(&s);
}

/* Two are never equal, and each has its own jti. */
static void
test_fresh(void)
{
	struct identity who;
	struct buf one, two;
	struct sign s;
	struct err e;

	T_CHECK(open_sign(&s, &e), "%s", e.msg);
	who = identity_of(1, &s);
	buf_init(&one, ASSERTION_MAX);
	buf_init(&two, ASSERTION_MAX);
	T_CHECK(assertion_make(&who, NOW, &one, &e) &&
		assertion_make(&who, NOW, &two, &e),
	    "%s", e.msg);
	T_CHECK(!str_eq(buf_view(&one), buf_view(&two)), "the same twice");
	buf_release(&one);
	buf_release(&two);
	sign_release(&s);
}

/* What the form carries, RFC 7523 2.2. */
static void
test_form(void)
{
	struct identity_ask ask = { .now = NOW };
	struct identity who;
	struct buf out;
	struct sign s;
	struct err e;

	T_CHECK(open_sign(&s, &e), "%s", e.msg);
	who = identity_of(0, &s);
	buf_init_secret(&out, ASSERTION_MAX);
	T_CHECK(identity_form(&who, &ask, &out, &e), "%s", e.msg);
	T_CHECK(str_find(buf_view(&out),
		    STR("&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth"
			"%3Aclient-assertion-type%3Ajwt-bearer"
			"&client_assertion=eyJ")) < out.n,
	    "%.*s", STR_ARG(buf_view(&out)));
	T_CHECK(str_find(buf_view(&out), STR("secret")) == out.n, "a secret");
	buf_release(&out);
	sign_release(&s);
}

/* A buffer that is too small is as it was before. */
static void
test_limits(void)
{
	struct identity who;
	struct buf out;
	struct sign s;
	struct err e;

	T_CHECK(open_sign(&s, &e), "%s", e.msg);
	who = identity_of(0, &s);
	for (size_t n = 1; n < 1024; n += 17) {
		buf_init(&out, n);
		buf_addc(&out, 'x');
		if (assertion_make(&who, NOW, &out, &e))
			T_CHECK(n > 700, "in %zu bytes", n);
		else
			T_CHECK(str_eq(buf_view(&out), STR("x")), "%zu", n);
		buf_release(&out);
	}
	sign_release(&s);
}

static const struct sign *kept; /* loading has its own test */

static void
once(void)
{
	struct identity who = identity_of(0, kept);
	struct buf out;
	struct err e;

	buf_init(&out, ASSERTION_MAX);
	if (!assertion_make(&who, NOW, &out, &e))
		T_CHECK(e.kind == ERR_RETRY && out.n == 0, "%s", e.msg);
	buf_release(&out);
}

static void
test_memory(void)
{
	struct sign s;
	struct err e;

	T_CHECK(open_sign(&s, &e), "%s", e.msg);
	kept = &s;
	t_each_allocation_fails(once);
	sign_release(&s);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "fresh", test_fresh },
	{ "form", test_form },
	{ "limits", test_limits },
	{ "allocations fail", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
