/* SPDX-License-Identifier: MIT */
#include "graph/identity.h"

#include "codec/url.h"
#include "graph/assertion.h"

static const char *const names[] = {
	[IDENTITY_SECRET] = "client secret",
	[IDENTITY_CERTIFICATE] = "certificate",
	[IDENTITY_FEDERATED] = "federated token",
	[IDENTITY_MANAGED] = "managed identity",
};

const char *
identity_kind_name(enum identity_kind kind)
{
	return names[kind];
}

bool
identity_endpoint(const struct identity *who, struct buf *out, struct err *e)
{
	struct str login = who->login_url;

	if (str_ends(login, STR("/")))
		login.n--;
	buf_adds(out, login);
	buf_addc(out, '/');
	url_encode(out, who->tenant);
	buf_addz(out, "/oauth2/v2.0/token");
	return buf_ok(out, e);
}

/* RFC 7523 2.2 */
static void
add_assertion(struct buf *out, struct str assertion)
{
	url_form_add(out, STR("client_assertion_type"),
	    STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
	url_form_add(out, STR("client_assertion"), assertion);
}

static bool
add_signed(const struct identity *who, int64_t now, struct buf *out,
    struct err *e)
{
	struct buf text;
	bool ok;

	buf_init_secret(&text, ASSERTION_MAX);
	ok = assertion_make(who, now, &text, e);
	if (ok)
		add_assertion(out, buf_view(&text));
	buf_release(&text);
	return ok;
}

static bool
add_proof(const struct identity *who, int64_t now, struct buf *out,
    struct err *e)
{
	switch (who->kind) {
	case IDENTITY_SECRET:
		url_form_add(out, STR("client_secret"),
		    secret_view(who->secret));
		return true;
	case IDENTITY_CERTIFICATE:
		return add_signed(who, now, out, e);
	case IDENTITY_FEDERATED:
		add_assertion(out, secret_view(who->secret));
		return true;
	case IDENTITY_MANAGED:
		break;
	}
	return err_set(e, ERR_BUG, "a managed identity has no form");
}

bool
identity_form(const struct identity *who, const struct identity_ask *ask,
    struct buf *out, struct err *e)
{
	url_form_add(out, STR("client_id"), who->client_id);
	url_form_add(out, STR("scope"), who->scope);
	if (!add_proof(who, ask->now, out, e))
		return false;
	url_form_add(out, STR("grant_type"), STR("client_credentials"));
	if (ask->claims.n > 0)
		url_form_add(out, STR("claims"), ask->claims);
	return buf_ok(out, e) || err_wrap(e, "token request");
}

/* facts.md 1.4: by the end of the login host; the first that fits. */
static const struct {
	struct str end, audience;
} audiences[] = {
	{ STR_INIT(".us"), STR_INIT("api://AzureADTokenExchangeUSGov") },
	{ STR_INIT(".cn"), STR_INIT("api://AzureADTokenExchangeChina") },
	{ STR_INIT(".com"), STR_INIT("api://AzureADTokenExchange") },
};

bool
identity_remedy(const struct identity *who, struct err *e)
{
	struct err old = *e;

	if (who->kind != IDENTITY_FEDERATED ||
	    !str_eq(str_of(e->code), STR("AADSTS700212")))
		return false;
	for (size_t i = 0; i < sizeof(audiences) / sizeof(*audiences); i++)
		if (str_iends(who->login_url, audiences[i].end))
			return err_remedy(e, "%s The audience of %.*s is %.*s.",
			    old.remedy, STR_ARG(who->login_url),
			    STR_ARG(audiences[i].audience));
	return false;
}
