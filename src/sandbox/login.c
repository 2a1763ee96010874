/* SPDX-License-Identifier: MIT */
#include "sandbox/login.h"

#include "codec/base64.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "sandbox/assert.h"

enum {
	FIELDS_MAX = 16,   /* of a form; the flow has up to six */
	ISSUED_MAX = 4096, /* bytes of a token; ours have about 700 */
	SIGNATURE_SIZE = 32
};

/* RFC 7523 2.2 */
static const char jwt_bearer[] =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

static const char token_path[] = "/oauth2/v2.0/token";

enum form_field {
	CLIENT_ID,
	SCOPE,
	GRANT_TYPE,
	CLIENT_SECRET,
	CLAIMS,
	ASSERTION_TYPE,
	ASSERTION,
	N_FIELDS
};

static const struct str field_name[N_FIELDS] = {
	[CLIENT_ID] = STR_INIT("client_id"),
	[SCOPE] = STR_INIT("scope"),
	[GRANT_TYPE] = STR_INIT("grant_type"),
	[CLIENT_SECRET] = STR_INIT("client_secret"),
	[CLAIMS] = STR_INIT("claims"), /* facts.md 1.2: optional */
	[ASSERTION_TYPE] = STR_INIT("client_assertion_type"),
	[ASSERTION] = STR_INIT("client_assertion"),
};

struct form {
	struct str value[N_FIELDS]; /* p NULL: absent */
};

enum refusal {
	WRONG_METHOD,
	WRONG_TENANT,
	MALFORMED,
	MISSING_FIELD,
	WRONG_GRANT,
	NO_SECRET,
	WRONG_CLIENT,
	WRONG_SECRET,
	BAD_SCOPE,
	NOT_DEFAULT,
	NO_RESOURCE
};

/* "%" in text is where the offending thing goes. */
static const struct {
	int status;
	const char *error, *code, *text;
} refusals[] = {
	[WRONG_METHOD] = { 405, "invalid_request", "AADSTS900561",
	    "The endpoint only accepts POST, OPTIONS requests. Received a % "
	    "request." },
	[WRONG_TENANT] = { 400, "invalid_request", "AADSTS90002",
	    "Tenant '%' not found. Check to make sure you have the correct "
	    "tenant ID and are signing into the correct cloud." },
	[MALFORMED] = { 400, "invalid_request", "AADSTS9002313",
	    "Invalid request. Request is malformed or invalid. (%)" },
	[MISSING_FIELD] = { 400, "invalid_request", "AADSTS900144",
	    "The request body must contain the following parameter: '%'." },
	[WRONG_GRANT] = { 400, "unsupported_grant_type", "AADSTS70003",
	    "The app requested an unsupported grant type '%'." },
	[NO_SECRET] = { 401, "invalid_client", "AADSTS7000216",
	    "'client_assertion', 'client_secret' or 'request' is required "
	    "for the '%' grant type." },
	[WRONG_CLIENT] = { 400, "unauthorized_client", "AADSTS700016",
	    "Application with identifier '%' was not found in the directory "
	    "'Sandbox'. This can happen if the application has not been "
	    "installed by the administrator of the tenant or consented to by "
	    "any user in the tenant." },
	[WRONG_SECRET] = { 401, "invalid_client", "AADSTS7000215",
	    "Invalid client secret provided. Ensure the secret being sent in "
	    "the request is the client secret value, not the client secret "
	    "ID, for a secret added to app '%'." },
	[BAD_SCOPE] = { 400, "invalid_scope", "AADSTS70011",
	    "The provided request must include a 'scope' input parameter. "
	    "The provided value for the input parameter 'scope' is not "
	    "valid. The scope % is not valid." },
	[NOT_DEFAULT] = { 400, "invalid_scope", "AADSTS1002012",
	    "The provided value for scope % is not valid. Client credential "
	    "flows must have a scope value with /.default suffixed to the "
	    "resource identifier (application ID URI)." },
	[NO_RESOURCE] = { 400, "invalid_resource", "AADSTS500011",
	    "The resource principal named % was not found in the tenant "
	    "named Sandbox." },
};

/* One request on its way through the checks. */
struct desk {
	const struct sandbox *s;
	const struct sandbox_request *r;
	struct sandbox_answer *a;
};

static bool
refuse(const struct desk *d, enum refusal why, struct str what)
{
	struct str text = str_of(refusals[why].text);
	struct str head = str_first(text, str_chr(text, '%'));
	struct answer_sign_in answer = {
		.status = refusals[why].status,
		.error = str_of(refusals[why].error),
		.code = str_of(refusals[why].code),
		.text = arena_fmt(d->r->mem, "%.*s%.*s%.*s", STR_ARG(head),
		    STR_ARG(what), STR_ARG(str_from(text, head.n + 1))),
	};

	answer_login_error(d->a, d->r, &answer);
	return false;
}

bool
login_is_path(struct str path)
{
	struct str tail = str_of(token_path);
	struct str tenant = str_from(path, 1);

	if (!str_starts(path, STR("/")) || !str_ends(path, tail))
		return false;
	return str_chr(tenant, '/') == path.n - tail.n - 1;
}

/* Decodes into memory of the request; p NULL: broken. */
static struct str
decode(const struct desk *d, struct str s)
{
	struct str out = { 0 };
	struct buf b;
	struct err e;

	buf_init_secret(&b, s.n);
	if (url_decode(&b, s, true, &e))
		out = b.n > 0 ? arena_str(d->r->mem, buf_view(&b)) : STR("");
	buf_release(&b);
	return out;
}

static bool
take_field(const struct desk *d, struct str pair, struct form *f)
{
	struct str name = str_first(pair, str_chr(pair, '='));
	struct str value = decode(d, str_from(pair, name.n + 1));

	name = decode(d, name);
	if (name.p == NULL || value.p == NULL)
		return refuse(d, MALFORMED, STR("broken percent-encoding"));
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (!str_eq(name, field_name[i]))
			continue;
		if (f->value[i].p != NULL)
			break;
		f->value[i] = value;
		return true;
	}
	return refuse(d, MALFORMED,
	    arena_fmt(d->r->mem, "parameter '%.*s' unknown or twice",
		STR_ARG(name)));
}

static bool
read_form(const struct desk *d, struct form *f)
{
	struct str type = d->r->content_type, rest = d->r->body, pair;

	type = str_trim(str_first(type, str_chr(type, ';')));
	if (!str_ieq(type, STR("application/x-www-form-urlencoded")))
		return refuse(d, MALFORMED, STR("Content-Type is no form"));
	for (size_t n = 0; str_next(&rest, '&', &pair); n++) {
		if (n == FIELDS_MAX)
			return refuse(d, MALFORMED, STR("too many parameters"));
		if (pair.n > 0 && !take_field(d, pair, f))
			return false;
	}
	for (size_t i = CLIENT_ID; i <= GRANT_TYPE; i++)
		if (f->value[i].n == 0)
			return refuse(d, MISSING_FIELD, field_name[i]);
	return true;
}

/* RFC 6749 2.3: by one method only. */
static bool
check_assertion(const struct desk *d, const struct form *f)
{
	struct answer_sign_in why;

	if (f->value[CLIENT_SECRET].n > 0)
		return refuse(d, MALFORMED,
		    STR("client_secret beside client_assertion"));
	if (!str_eq(f->value[ASSERTION_TYPE], str_of(jwt_bearer)))
		return refuse(d, MISSING_FIELD, field_name[ASSERTION_TYPE]);
	if (sandbox_assert(d->s, d->r, f->value[ASSERTION], &why))
		return true;
	answer_login_error(d->a, d->r, &why);
	return false;
}

static bool
check_client(const struct desk *d, const struct form *f)
{
	const struct sandbox *s = d->s;

	if (!str_eq(f->value[GRANT_TYPE], STR("client_credentials")))
		return refuse(d, WRONG_GRANT, f->value[GRANT_TYPE]);
	if (f->value[CLIENT_SECRET].n + f->value[ASSERTION].n == 0)
		return refuse(d, NO_SECRET, f->value[GRANT_TYPE]);
	if (!str_ieq(f->value[CLIENT_ID], s->client))
		return refuse(d, WRONG_CLIENT, f->value[CLIENT_ID]);
	if (f->value[ASSERTION].n > 0)
		return check_assertion(d, f);
	if (!secret_eq(&s->secret, f->value[CLIENT_SECRET]))
		return refuse(d, WRONG_SECRET, f->value[CLIENT_ID]);
	return true;
}

/*
 * One resource and "/.default". Any port of the loopback is a resource that
 * exists, so that Graph may be played by another program; *ours tells
 * whether it is us. So are names of tests (RFC 6761 6.2), which a proxy or a
 * hosts file may have led here.
 */
static bool
check_scope(const struct desk *d, struct str scope, bool *ours)
{
	bool named, any_port;
	struct url u;
	struct err e;

	if (str_chr(scope, ' ') < scope.n)
		return refuse(d, BAD_SCOPE, scope);
	if (!str_ends(scope, STR("/.default")))
		return refuse(d, NOT_DEFAULT, scope);
	if (!url_parse(scope, &u, &e) || !str_eq(u.target, STR("/.default")))
		return refuse(d, BAD_SCOPE, scope);
	named = str_ieq(u.host, STR("graph.microsoft.com")) ||
	    str_iends(u.host, STR(".test"));
	if (!named && !url_is_loopback(&u))
		return refuse(d, NO_RESOURCE, u.origin);
	any_port = u.port == (u.tls ? 443 : 80);
	*ours = named || any_port || u.port == d->s->port;
	return true;
}

static bool
write_claims(const struct desk *d, struct str scope, int64_t life,
    struct buf *out)
{
	struct jsonw w = jsonw_begin(out);
	int64_t now = d->r->now;
	struct err e;

	jsonw_open(&w, '{');
	jsonw_member(&w, STR("aud"),
	    str_first(scope, scope.n - (sizeof("/.default") - 1)));
	jsonw_member(&w, STR("iss"), STR("post365 sandbox"));
	jsonw_key(&w, STR("iat"));
	jsonw_i64(&w, now);
	jsonw_key(&w, STR("nbf"));
	jsonw_i64(&w, now);
	jsonw_key(&w, STR("exp"));
	jsonw_i64(&w, now + life);
	jsonw_member(&w, STR("appid"), d->s->client);
	jsonw_member(&w, STR("idtyp"), STR("app"));
	jsonw_key(&w, STR("roles"));
	jsonw_open(&w, '[');
	if (!d->s->no_send)
		jsonw_str(&w, STR("Mail.Send"));
	if (!d->s->no_read_write)
		jsonw_str(&w, STR("Mail.ReadWrite"));
	if (d->s->read)
		jsonw_str(&w, STR("Mail.Read"));
	if (d->s->trace)
		jsonw_str(&w, STR("ExchangeMessageTrace.Read.All"));
	jsonw_close(&w, ']');
	jsonw_member(&w, STR("tid"), d->s->tenant);
	jsonw_member(&w, STR("uti"), str_of(d->r->id));
	jsonw_member(&w, STR("ver"), STR("1.0"));
	jsonw_close(&w, '}');
	return jsonw_end(&w, &e);
}

/* Looks like a JWT; its third part is random instead of a signature. */
static bool
write_token(const struct desk *d, struct str scope, int64_t life,
    struct buf *out)
{
	static const char head[] = "{\"typ\":\"JWT\",\"alg\":\"RS256\"}";
	char signature[SIGNATURE_SIZE];
	struct buf claims;
	struct err e;
	bool ok;

	os_random(signature, sizeof(signature));
	buf_init(&claims, ISSUED_MAX);
	ok = write_claims(d, scope, life, &claims);
	base64url_encode(out, str_of(head));
	buf_addc(out, '.');
	base64url_encode(out, buf_view(&claims));
	buf_addc(out, '.');
	base64url_encode(out, (struct str){ signature, sizeof(signature) });
	buf_release(&claims);
	return ok && buf_ok(out, &e);
}

static bool
answer_token(const struct desk *d, struct str token, int64_t life)
{
	struct sandbox_answer *a = d->a;
	struct jsonw w;
	struct err e;

	answer_reset(a, 200);
	a->type = "application/json; charset=utf-8";
	answer_field(a, STR("Cache-Control"), STR("no-store, no-cache"));
	answer_field(a, STR("Pragma"), STR("no-cache")); /* RFC 6749 5.1 */
	answer_field(a, STR("x-ms-request-id"), str_of(d->r->id));
	w = jsonw_begin(&a->body);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("token_type"), STR("Bearer"));
	jsonw_key(&w, STR("expires_in"));
	jsonw_i64(&w, life);
	jsonw_key(&w, STR("ext_expires_in"));
	jsonw_i64(&w, life);
	jsonw_member(&w, STR("access_token"), token);
	jsonw_close(&w, '}');
	return jsonw_end(&w, &e);
}

static void
issue(const struct desk *d, struct str scope, bool ours)
{
	int64_t life = d->r->life;
	struct buf token;

	buf_init_secret(&token, ISSUED_MAX);
	if (write_token(d, scope, life, &token) &&
	    answer_token(d, buf_view(&token), life))
		sandbox_issue(d->s, buf_view(&token), ours, d->r->now + life);
	else
		answer_reset(d->a, 500);
	buf_release(&token);
}

void
login_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	struct desk d = { s, r, a };
	struct str tenant = str_from(r->path, 1);
	struct form f = { 0 };
	bool ours = false;

	tenant = str_first(tenant, str_chr(tenant, '/'));
	if (!str_eq(r->method, STR("POST"))) {
		refuse(&d, WRONG_METHOD, r->method);
		return;
	}
	if (!str_ieq(tenant, s->tenant)) {
		refuse(&d, WRONG_TENANT, tenant);
		return;
	}
	if (read_form(&d, &f) && check_client(&d, &f) &&
	    check_scope(&d, f.value[SCOPE], &ours))
		issue(&d, f.value[SCOPE], ours);
}
