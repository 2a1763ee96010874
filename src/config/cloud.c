/* SPDX-License-Identifier: MIT */
#include "config/cloud.h"

#include "codec/url.h"

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

/* "TEXT" is not what it ought to be; what: up to "like EXAMPLE". */
static bool
unlike(const struct config_value *to, struct str text, const char *what,
    const char *remedy, struct err *e)
{
	if (config_is_guid(text))
		err_set(e, ERR_CONFIG, "\"%.*s\" is an example, not an ID",
		    STR_ARG(text));
	else
		err_set(e, ERR_CONFIG, "\"%.*s\"%s like %s", STR_ARG(text),
		    what, to->example);
	return err_remedy(e, "%s", remedy);
}

/* All zero: that of the sample file, and nobody's. */
static bool
cloud_is_id(struct str text)
{
	return config_is_guid(text) &&
	    !str_eq(text, STR("00000000-0000-0000-0000-000000000000"));
}

static bool
cloud_parse_guid(struct str text, const struct config_value *to, struct err *e)
{
	if (cloud_is_id(text))
		return config_keep(text, to, e);
	return unlike(to, text, " is not an application ID",
	    "copy \"Application (client) ID\" from the app's Overview page in "
	    "entra.microsoft.com",
	    e);
}

static bool
cloud_parse_managed(struct str text, const struct config_value *to,
    struct err *e)
{
	if (str_eq(text, STR("system")) || config_is_guid(text))
		return config_keep(text, to, e);
	return unlike(to, text,
	    " is neither \"system\" nor the client ID of a user-assigned "
	    "identity",
	    "portal.azure.com > Managed Identities > (the identity) > "
	    "Overview > Client ID",
	    e);
}

static bool
cloud_parse_tenant(struct str text, const struct config_value *to,
    struct err *e)
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
	if (cloud_is_id(text) || config_is_domain(text))
		return config_keep(text, to, e);
	return unlike(to, text,
	    " is neither a tenant ID nor a domain name; an ID is",
	    "copy \"Directory (tenant) ID\" from the app's Overview page in "
	    "entra.microsoft.com",
	    e);
}

static bool
cloud_parse_cloud(struct str text, const struct config_value *to, struct err *e)
{
	if (config_cloud_find(text) == NULL)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not one of global, usgov, dod, china; other "
		    "clouds: set login_url and graph_url",
		    STR_ARG(text));
	return config_keep(text, to, e);
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

static bool
cloud_parse_login(struct str text, const struct config_value *to, struct err *e)
{
	struct url url;

	if (!check_url(&text, &url, e))
		return false;
	if (url.path.n > 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\": give the host alone, like %s; the tenant has "
		    "its own key, tenant_id",
		    STR_ARG(text), to->example);
	return config_keep(text, to, e);
}

static bool
cloud_parse_graph(struct str text, const struct config_value *to, struct err *e)
{
	struct url url;

	if (!check_url(&text, &url, e))
		return false;
	if (url.path.n == 0 && !url_is_loopback(&url))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\": the version is missing, like %s", STR_ARG(text),
		    to->example);
	return config_keep(text, to, e);
}

#define KIND(parse)                                                            \
	{                                                                      \
		parse, config_print_text, NULL, sizeof(struct str), false,     \
		    NULL                                                       \
	}

/* clang-format off */
const struct config_type
    config_type_guid = KIND(cloud_parse_guid),
    config_type_managed = KIND(cloud_parse_managed),
    config_type_tenant = KIND(cloud_parse_tenant),
    config_type_cloud = KIND(cloud_parse_cloud),
    config_type_login = KIND(cloud_parse_login),
    config_type_graph = KIND(cloud_parse_graph);
/* clang-format on */
