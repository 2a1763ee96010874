/* SPDX-License-Identifier: MIT */
#include "config/proxy.h"

#include <stdlib.h>

#include "codec/url.h"
#include "config/file.h"

/* In curl's order. */
static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY",
	"all_proxy", "ALL_PROXY", NULL };
static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };

/* The first that is not empty; *origin says which. */
static bool
find(struct access *c, const char *const *name, struct str *value,
    struct config_origin *origin, struct err *e)
{
	*value = (struct str){ 0 };
	for (; *name != NULL && value->n == 0; name++) {
		*value = str_trim(str_of(getenv(*name)));
		if (value->n == 0)
			continue;
		if (!config_text_check(*value, e))
			return err_wrap(e, "environment %s", *name);
		*origin =
		    (struct config_origin){ CONFIG_ENVIRONMENT, 0, *name };
	}
	return arena_ok(&c->mem, e);
}

bool
config_proxy_derive(struct access *c, struct err *e)
{
	struct str value;

	if (c->origin[CONFIG_PROXY].name == NULL) {
		if (!find(c, proxies, &value, &c->origin[CONFIG_PROXY], e))
			return false;
		if (value.n > 0 && !secret_set(&c->proxy, value, e))
			return false;
	}
	if (c->origin[CONFIG_NO_PROXY].name != NULL)
		return true;
	if (!find(c, exceptions, &value, &c->origin[CONFIG_NO_PROXY], e))
		return false;
	c->no_proxy = arena_str(&c->mem, value);
	return arena_ok(&c->mem, e);
}

static bool
is_here(struct str text)
{
	struct url u;
	struct err bad;

	return url_parse(text, &u, &bad) && url_is_loopback(&u);
}

bool
config_proxy_open(struct access *c, struct proxy *out, struct err *e)
{
	struct str text = secret_view(&c->proxy);
	const struct config_origin *origin = &c->origin[CONFIG_PROXY];
	struct config_origin_text from;

	(void)config_origin(origin, &from);
	*out = (struct proxy){ 0 };
	if (text.n == 0 || str_eq(text, STR("none")) ||
	    (is_here(c->login_url) && is_here(c->graph_url)))
		return true;
	if (!proxy_parse(text, out, e)) {
		err_wrap(e, "proxy (%s)", from.s);
		if (origin->place == CONFIG_ENVIRONMENT)
			err_remedy(e,
			    "Set proxy = http://host:port in the settings, or "
			    "proxy = none for a direct connection: both go "
			    "before the environment.");
		return false;
	}
	out->origin = arena_str(&c->mem, str_of(from.s));
	out->direct = c->no_proxy;
	return arena_ok(&c->mem, e);
}

static void
describe_direct(const struct access *c, const struct proxy *p, struct str text,
    struct buf *out)
{
	struct config_origin_text from;
	struct str why = { 0 };
	struct url u;
	struct err bad;

	if (!url_parse(text, &u, &bad) || proxy_for(p, &u, &why) != NULL)
		return;
	buf_addf(out, "; %.*s without it: %.*s", STR_ARG(u.host), STR_ARG(why));
	if (!url_is_loopback(&u))
		buf_addf(out, " in no_proxy, %s",
		    config_origin(&c->origin[CONFIG_NO_PROXY], &from));
}

void
config_proxy_describe(const struct access *c, const struct proxy *p,
    struct buf *out)
{
	struct config_origin_text from;

	if (p->url.host.n == 0)
		return;
	buf_addz(out, "; proxy = ");
	proxy_mask(secret_view(&c->proxy), out);
	buf_addf(out, ", %s", config_origin(&c->origin[CONFIG_PROXY], &from));
	describe_direct(c, p, c->login_url, out);
	describe_direct(c, p, c->graph_url, out);
}
