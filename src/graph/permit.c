/* SPDX-License-Identifier: MIT */
#include "graph/permit.h"

#include "codec/jwt.h"

enum { CLAIMS_MAX = 256 * 1024 /* a token is a header field: some kB */ };

/* facts.md 4.6 */
static const struct str roles[] = { STR_INIT("Mail.ReadWrite"),
	STR_INIT("Mail.Read"), STR_INIT("Mail.ReadBasic.All"),
	STR_INIT("Mail.ReadBasic") };

/* Whether it has one of n roles. */
static enum route_may
has_any(struct graph *g, const struct str *role, size_t n)
{
	int64_t deadline = clock_mono_ms(g->source.clock) + g->timeout_ms;
	enum route_may may = ROUTE_MAY_UNKNOWN;
	const struct json *claims;
	struct arena a;
	struct err ignored; /* the attempt will say it */

	arena_init(&a, CLAIMS_MAX);
	if (token_get(&g->source, deadline, &g->token, &ignored) &&
	    jwt_claims(&a, secret_view(&g->token.bearer), &claims, &ignored)) {
		if (jwt_has(claims, STR("roles"), STR("Mail.Send")))
			may = ROUTE_MAY_NOT;
		for (size_t i = 0; i < n; i++)
			if (jwt_has(claims, STR("roles"), role[i]))
				may = ROUTE_MAY;
	}
	arena_release(&a);
	return may;
}

enum route_may
permit_write(struct graph *g)
{
	return has_any(g, roles, 1);
}

enum route_may
permit_read(struct graph *g)
{
	return has_any(g, roles, sizeof(roles) / sizeof(*roles));
}
