/* SPDX-License-Identifier: MIT */
#include "sandbox/assert.h"

#include "codec/base64.h"
#include "codec/date.h"
#include "codec/jwt.h"

enum {
	HEADER_MAX = 8 * 1024, /* ours have 100 bytes; a chain may be in it */
	SKEW_S = 300           /* facts.md 1.3 */
};

enum flaw {
	MALFORMED,
	WRONG_AUDIENCE,
	TWICE,
	NOT_SAME,
	UNTIMELY,
	NO_KEY,
	FOREIGN_AUDIENCE
};

/* "%" in text is where the offending thing goes. */
static const struct {
	const char *code, *text;
} flaws[] = {
	[MALFORMED] = { "AADSTS50027",
	    "JWT token is invalid or malformed. (%)" },
	[WRONG_AUDIENCE] = { "AADSTS50027",
	    "JWT token is invalid: its audience '%' is not this endpoint." },
	[TWICE] = { "AADSTS50027",
	    "JWT token is invalid: its jti '%' was used before. (A rule of "
	    "the sandbox alone.)" },
	[NOT_SAME] = { "AADSTS50048",
	    "Subject must match Issuer claim in the client assertion. "
	    "Subject: '%'." },
	[UNTIMELY] = { "AADSTS700024",
	    "Client assertion is not within its valid time range. (%)" },
	[NO_KEY] = { "AADSTS700027",
	    "Client assertion failed signature validation. [Reason - %]" },
	[FOREIGN_AUDIENCE] = { "AADSTS700212",
	    "No matching federated identity record found for presented "
	    "assertion audience '%'. Please note that the matching is done "
	    "using a case-sensitive comparison." },
};

struct judge {
	const struct sandbox *s;
	const struct sandbox_request *r;
	struct answer_sign_in *why;
	const struct json *header, *claims;
};

static bool
refuse(const struct judge *j, enum flaw what, struct str thing)
{
	struct str text = str_of(flaws[what].text);
	struct str head = str_first(text, str_chr(text, '%'));

	*j->why = (struct answer_sign_in){
		.status = 401,
		.error = STR("invalid_client"),
		.code = str_of(flaws[what].code),
		.text = arena_fmt(j->r->mem, "%.*s%.*s%.*s", STR_ARG(head),
		    STR_ARG(thing), STR_ARG(str_from(text, head.n + 1))),
	};
	return false;
}

static struct str
claim(const struct judge *j, struct str name)
{
	return json_str(json_get(j->claims, name));
}

static bool
read_header(struct judge *j, struct str assertion)
{
	struct buf text;
	struct str copy;
	struct err e;
	bool ok;

	buf_init(&text, HEADER_MAX);
	ok = base64url_decode(&text,
	    str_first(assertion, str_chr(assertion, '.')), &e);
	copy = arena_str(j->r->mem, buf_view(&text));
	buf_release(&text);
	return ok && json_parse(j->r->mem, copy, &j->header, &e);
}

static bool
check_times(const struct judge *j)
{
	const struct json *from = json_get(j->claims, STR("nbf"));
	char iso[DATE_ISO_SIZE];
	int64_t when;

	if (!json_i64(json_get(j->claims, STR("exp")), &when))
		return refuse(j, MALFORMED, STR("exp is missing"));
	if (when + SKEW_S <= j->r->now) {
		date_iso(when, iso);
		return refuse(j, UNTIMELY,
		    arena_fmt(j->r->mem, "it expired on %s", iso));
	}
	if (from == NULL)
		return true;
	if (!json_i64(from, &when))
		return refuse(j, MALFORMED, STR("nbf is no number"));
	if (when - SKEW_S <= j->r->now)
		return true;
	date_iso(when, iso);
	return refuse(j, UNTIMELY,
	    arena_fmt(j->r->mem, "it is not valid before %s", iso));
}

/* By which key: one of the two names, and of the right length. */
static bool
check_key(const struct judge *j, struct str signature)
{
	struct str alg = json_str(json_get(j->header, STR("alg")));
	bool ps = str_eq(alg, STR("PS256"));
	struct str thumb =
	    json_str(json_get(j->header, ps ? STR("x5t#S256") : STR("x5t")));
	struct buf digest;
	struct err e;
	bool ok;

	if (!ps && !str_eq(alg, STR("RS256")))
		return refuse(j, NO_KEY,
		    arena_fmt(j->r->mem, "alg '%.*s' is not supported",
			STR_ARG(alg)));
	buf_init(&digest, ps ? 32 : 20);
	ok = base64url_decode(&digest, thumb, &e) && digest.n == digest.limit;
	buf_release(&digest);
	if (!ok)
		return refuse(j, NO_KEY,
		    arena_fmt(j->r->mem,
			"The key was not found. Thumbprint of key used by "
			"client: '%.*s'",
			STR_ARG(thumb)));
	return signature.n > 0 ||
	    refuse(j, NO_KEY, STR("The signature is missing"));
}

/* /TENANT/oauth2/v2.0/token at whatever name we were called by. */
static bool
is_endpoint(const struct judge *j, struct str audience)
{
	struct str origin = arena_fmt(j->r->mem, "%s://%.*s",
	    j->s->plain ? "http" : "https", STR_ARG(j->r->host));

	return str_istarts(audience, origin) &&
	    str_ieq(str_from(audience, origin.n), j->r->path);
}

static bool
check_own(const struct judge *j, struct str signature)
{
	struct str audience = claim(j, STR("aud")), id = claim(j, STR("jti"));

	if (!str_ieq(claim(j, STR("sub")), claim(j, STR("iss"))))
		return refuse(j, NOT_SAME, claim(j, STR("sub")));
	if (!is_endpoint(j, audience))
		return refuse(j, WRONG_AUDIENCE, audience);
	if (id.n == 0)
		return refuse(j, MALFORMED, STR("jti is missing"));
	if (!check_times(j) || !check_key(j, signature))
		return false;
	return sandbox_first_use(j->s, id) || refuse(j, TWICE, id);
}

static bool
check_foreign(const struct judge *j)
{
	struct str audience = claim(j, STR("aud"));

	if (claim(j, STR("iss")).n == 0 || claim(j, STR("sub")).n == 0)
		return refuse(j, MALFORMED, STR("iss or sub is missing"));
	if (!str_eq(audience, STR("api://AzureADTokenExchange")))
		return refuse(j, FOREIGN_AUDIENCE, audience);
	return check_times(j);
}

bool
sandbox_assert(const struct sandbox *s, const struct sandbox_request *r,
    struct str assertion, struct answer_sign_in *why)
{
	struct judge j = { .s = s, .r = r, .why = why };
	struct str part[3] = { { 0 } }, rest = assertion;
	struct err e;

	if (!jwt_claims(r->mem, assertion, &j.claims, &e))
		return refuse(&j, MALFORMED, arena_str(r->mem, str_of(e.msg)));
	if (!read_header(&j, assertion))
		return refuse(&j, MALFORMED, STR("its header is no JSON"));
	for (size_t i = 0; i < 3; i++)
		(void)str_next(&rest, '.', &part[i]);
	return str_ieq(claim(&j, STR("iss")), s->client) ?
	    check_own(&j, part[2]) :
	    check_foreign(&j);
}
