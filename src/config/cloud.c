/* SPDX-License-Identifier: MIT */
#include "config/cloud.h"

#include "codec/url.h"

enum {
	GUID_SIZE = 36,  /* 8-4-4-4-12 hex digits */
	LABEL_MAX = 63,  /* RFC 1035 2.3.4 */
	DOMAIN_MAX = 253 /* the same in text form */
};

/* clang-format off */
static const struct config_cloud clouds[] = {
	{ "global", "https://login.microsoftonline.com",
	  "https://graph.microsoft.com/v1.0" },
	{ "usgov", "https://login.microsoftonline.us",
	  "https://graph.microsoft.us/v1.0" },
	{ "dod", "https://login.microsoftonline.us",
	  "https://dod-graph.microsoft.us/v1.0" },
	{ "china", "https://login.partner.microsoftonline.cn",
	  "https://microsoftgraph.chinacloudapi.cn/v1.0" },
};

/* Sign-in without a user needs the tenant itself: AADSTS50194 otherwise. */
static const char *const no_tenants[] = {
	"common", "organizations", "consumers"
};
/* clang-format on */

enum { CLOUDS = sizeof(clouds) / sizeof(*clouds) };

const struct config_cloud *
config_cloud_find(struct str name)
{
	for (size_t i = 0; i < CLOUDS; i++)
		if (str_eq(str_of(clouds[i].name), name))
			return &clouds[i];
	return NULL;
}

bool
config_clouds_differ(struct str login_url, struct str graph_url)
{
	bool login_known = false, graph_known = false, login, graph;

	for (size_t i = 0; i < CLOUDS; i++) {
		login = str_ieq(str_of(clouds[i].login_url), login_url);
		graph = str_ieq(str_of(clouds[i].graph_url), graph_url);
		if (login && graph)
			return false;
		login_known |= login;
		graph_known |= graph;
	}
	return login_known && graph_known;
}

bool
config_is_guid(struct str s)
{
	if (s.n != GUID_SIZE)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s.p[i] != '-')
				return false;
		} else if (ascii_hex(s.p[i]) < 0) {
			return false;
		}
	}
	return true;
}

bool
config_is_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    s.p[i] != '-')
			return false;
	return true;
}

/* A name of two labels or more. */
bool
config_is_domain(struct str s)
{
	struct str label;
	size_t labels = 0;

	if (s.n > DOMAIN_MAX)
		return false;
	for (; str_next(&s, '.', &label); labels++)
		if (!config_is_label(label))
			return false;
	return labels >= 2;
}

/* "TEXT" is not what it ought to be; what: up to "like EXAMPLE". */
static bool
unlike(const struct config_row *row, struct str text, const char *what,
    const char *remedy, struct err *e)
{
	err_set(e, ERR_CONFIG, "\"%.*s\"%s like %s", STR_ARG(text), what,
	    row->example);
	return err_remedy(e, "%s", remedy);
}

bool
config_parse_guid(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	if (config_is_guid(text))
		return config_keep(row, text, c, e);
	return unlike(row, text, " is not an application ID",
	    "copy \"Application (client) ID\" from the app's Overview page in "
	    "entra.microsoft.com",
	    e);
}

bool
config_parse_managed(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	if (str_eq(text, STR("system")) || config_is_guid(text))
		return config_keep(row, text, c, e);
	return unlike(row, text,
	    " is neither \"system\" nor the client ID of a user-assigned "
	    "identity",
	    "portal.azure.com > Managed Identities > (the identity) > "
	    "Overview > Client ID",
	    e);
}

bool
config_parse_tenant(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	for (size_t i = 0; i < sizeof(no_tenants) / sizeof(*no_tenants); i++)
		if (str_ieq(text, str_of(no_tenants[i]))) {
			err_set(e, ERR_CONFIG,
			    "\"%s\" works for the sign-in of people only; a "
			    "program signs in to one tenant",
			    no_tenants[i]);
			return err_remedy(e,
			    "give the \"Directory (tenant) ID\" of the app's "
			    "Overview page");
		}
	if (config_is_guid(text) || config_is_domain(text))
		return config_keep(row, text, c, e);
	return unlike(row, text,
	    " is neither a tenant ID nor a domain name; an ID is",
	    "copy \"Directory (tenant) ID\" from the app's Overview page in "
	    "entra.microsoft.com",
	    e);
}

bool
config_parse_cloud(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	if (config_cloud_find(text) == NULL)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not one of global, usgov, dod, china; other "
		    "clouds: set login_url and graph_url",
		    STR_ARG(text));
	return config_keep(row, text, c, e);
}

/* Takes the final slashes off and checks what both URLs must be. */
static bool
check_url(struct str *text, struct url *url, struct err *e)
{
	while (str_ends(*text, STR("/")))
		text->n--;
	if (!url_parse(*text, url, e))
		return false;
	if (!url->tls && !url_is_loopback(url))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\": http:// is for loopback addresses only, use "
		    "https://",
		    STR_ARG(*text));
	if (url->query.n > 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\": a query has no place here", STR_ARG(*text));
	return true;
}

bool
config_parse_login(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	struct url url;

	if (!check_url(&text, &url, e))
		return false;
	if (url.path.n > 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\": give the host alone, like %s; the tenant has "
		    "its own key, tenant_id",
		    STR_ARG(text), row->example);
	return config_keep(row, text, c, e);
}

bool
config_parse_graph(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	struct url url;

	if (!check_url(&text, &url, e))
		return false;
	if (url.path.n == 0 && !url_is_loopback(&url))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\": the version is missing, like %s", STR_ARG(text),
		    row->example);
	return config_keep(row, text, c, e);
}
