/* SPDX-License-Identifier: MIT */
#include "graph/identity.h"

#include <stdio.h>

#include "t.h"

/* want: at the end of the remedy; NULL: it stays as it was */
static const struct {
	const char *name;
	enum identity_kind kind;
	const char *login, *code, *want;
} rows[] = {
	/* clang-format off */
	{ "global", IDENTITY_FEDERATED, "https://login.microsoftonline.com",
	  "AADSTS700212", "is api://AzureADTokenExchange." },
	{ "US Government", IDENTITY_FEDERATED,
	  "https://login.microsoftonline.us", "AADSTS700212",
	  "is api://AzureADTokenExchangeUSGov." },
	{ "China", IDENTITY_FEDERATED,
	  "https://login.partner.microsoftonline.cn", "AADSTS700212",
	  "is api://AzureADTokenExchangeChina." },
	{ "a new cloud", IDENTITY_FEDERATED,
	  "https://login.sovcloud-identity.fr", "AADSTS700212", NULL },
	{ "issuer", IDENTITY_FEDERATED, "https://login.microsoftonline.com",
	  "AADSTS700211", NULL },
	{ "certificate", IDENTITY_CERTIFICATE,
	  "https://login.microsoftonline.com", "AADSTS700212", NULL },
	/* clang-format on */
};

static void
test_remedy(void)
{
	struct identity who;
	struct err e = { 0 };
	struct str got, want;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		who = (struct identity){ .kind = rows[i].kind,
			.login_url = str_of(rows[i].login) };
		(void)snprintf(e.code, sizeof(e.code), "%s", rows[i].code);
		err_remedy(&e, "Before.");
		T_CHECK(!identity_remedy(&who, &e), "%s", rows[i].name);
		got = str_of(e.remedy);
		want = str_of(rows[i].want);
		T_CHECK(str_starts(got, STR("Before.")) &&
			str_ends(got, want) &&
			(want.n > 0 || str_eq(got, STR("Before."))),
		    "%s: %s", rows[i].name, e.remedy);
	}
}

static const struct t_test tests[] = {
	{ "remedy", test_remedy },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
