/* SPDX-License-Identifier: MIT */
#include "config/managed_find.h"

#include <stdlib.h>
#include <unistd.h>

#include "codec/url.h"

enum {
	SHA1_HEX = 40,
	HEADER_MAX = 8192 /* bytes of a secret in a header field */
};

static const char imds_host[] = "http://169.254.169.254";
static const char imds_path[] = "/metadata/identity/oauth2/token";
static const char arc_default[] =
    "http://127.0.0.1:40342/metadata/identity/oauth2/token";

/* One or the other, by the agent's version. */
static const char *const arc_agents[] = { "/opt/azcmagent/bin/himds",
	"/var/opt/azcmagent/bin/himds" };

/*
 * What the platforms set. A row is it if all of its variables are there;
 * the first one is.
 */
static const struct row {
	enum managed_source source;
	bool refused; /* Cloud Shell */
	const char *endpoint, *header, *more;
} rows[] = {
	/* clang-format off */
	{ MANAGED_SERVICE_FABRIC, false, "IDENTITY_ENDPOINT",
	  "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT" },
	{ MANAGED_APP_SERVICE, false, "IDENTITY_ENDPOINT", "IDENTITY_HEADER",
	  NULL },
	{ MANAGED_MACHINE_LEARNING, false, "MSI_ENDPOINT", "MSI_SECRET",
	  NULL },
	{ MANAGED_IMDS, true, "MSI_ENDPOINT", NULL, NULL },
	{ MANAGED_ARC, false, "IDENTITY_ENDPOINT", NULL, "IMDS_ENDPOINT" },
	/* clang-format on */
};

static struct str
variable(const char *name)
{
	return name == NULL ? STR("") : str_trim(str_of(getenv(name)));
}

static bool
is_set(const char *name)
{
	return name == NULL || variable(name).n > 0;
}

static const struct row *
find_row(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (is_set(rows[i].endpoint) && is_set(rows[i].header) &&
		    is_set(rows[i].more))
			return &rows[i];
	return NULL;
}

static bool
has_arc_agent(void)
{
	for (size_t i = 0; i < sizeof(arc_agents) / sizeof(*arc_agents); i++)
		if (access(arc_agents[i], F_OK) == 0)
			return true;
	return false;
}

static bool
blame(const char *name, struct err *e)
{
	err_wrap(e, "environment %s", name);
	return err_remedy(e,
	    "Azure sets this variable; it is no setting of post365's. Unset "
	    "it, or start post365 with the value that Azure gave.");
}

static bool
check_url(const char *name, struct str text, struct err *e)
{
	struct url url;

	return url_parse(text, &url, e) || blame(name, e);
}

static bool
keep_url(struct arena *a, const char *name, struct str *out, struct err *e)
{
	*out = arena_str(a, variable(name));
	return arena_ok(a, e) && check_url(name, *out, e);
}

/* The value of a field may not hold a line end; it is not told. */
static bool
keep_header(struct arena *a, const char *name, struct str *out, struct err *e)
{
	struct str text = variable(name);
	bool ok = text.n <= HEADER_MAX;

	for (size_t i = 0; i < text.n; i++)
		ok = ok && text.p[i] >= ' ' && text.p[i] <= '~';
	if (!ok) {
		err_set(e, ERR_CONFIG, "it cannot be sent in a header field");
		return blame(name, e);
	}
	*out = arena_str(a, text);
	return arena_ok(a, e);
}

/* Nothing but the certificate itself vouches for Service Fabric. */
static bool
keep_thumbprint(struct arena *a, const struct row *row, struct managed *out,
    struct err *e)
{
	struct str text = variable(row->more);
	bool ok = text.n == SHA1_HEX;

	for (size_t i = 0; i < text.n; i++)
		ok = ok && ascii_hex(text.p[i]) >= 0;
	if (!ok) {
		err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a SHA-1 thumbprint of %d hex digits",
		    STR_ARG(text), SHA1_HEX);
		return blame(row->more, e);
	}
	if (!str_istarts(out->endpoint, STR("https:"))) {
		err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not https, which Service Fabric has",
		    STR_ARG(out->endpoint));
		return blame(row->endpoint, e);
	}
	out->thumbprint = arena_str(a, text);
	return arena_ok(a, e);
}

static bool
refuse_shell(struct err *e)
{
	err_set(e, ERR_CONFIG,
	    "this is Azure's Cloud Shell (MSI_ENDPOINT without MSI_SECRET): "
	    "its identity is the person who is signed in");
	return err_remedy(e,
	    "Sign in with client_secret, client_certificate or "
	    "federated_token_file here.");
}

static bool
from_row(struct arena *a, const struct row *row, struct managed *out,
    struct err *e)
{
	if (row->refused)
		return refuse_shell(e);
	out->source = row->source;
	if (!keep_url(a, row->endpoint, &out->endpoint, e))
		return false;
	if (row->header != NULL &&
	    !keep_header(a, row->header, &out->header, e))
		return false;
	return row->source != MANAGED_SERVICE_FABRIC ||
	    keep_thumbprint(a, row, out, e);
}

/* Its host can be named otherwise, as in Azure's own libraries. */
static bool
from_imds(struct arena *a, struct managed *out, struct err *e)
{
	static const char name[] = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
	struct str host = variable(name);

	if (host.n == 0)
		host = str_of(imds_host);
	while (str_ends(host, STR("/")))
		host.n--;
	out->source = MANAGED_IMDS;
	out->endpoint = arena_fmt(a, "%.*s%s", STR_ARG(host), imds_path);
	return arena_ok(a, e) && check_url(name, out->endpoint, e);
}

bool
managed_find(struct arena *a, struct managed *out, struct err *e)
{
	const struct row *row = find_row();

	*out = (struct managed){ 0 };
	if (row != NULL)
		return from_row(a, row, out, e);
	if (!has_arc_agent())
		return from_imds(a, out, e);
	out->source = MANAGED_ARC;
	if (is_set("IDENTITY_ENDPOINT"))
		return keep_url(a, "IDENTITY_ENDPOINT", &out->endpoint, e);
	out->endpoint = str_of(arc_default);
	return true;
}
