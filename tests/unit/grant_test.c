/* SPDX-License-Identifier: MIT */
/* Which advice fits which token. */
#include "graph/grant.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "codec/base64.h"
#include "t.h"

static const struct {
	const char *name, *claims, *code;
	enum err_kind kind;
	bool sends;
	const char *says, *not_;
} rows[] = {
	/* clang-format off */
	{ "no roles", "{\"appid\":\"x\"}", "ErrorAccessDenied", ERR_AUTH, true,
	  "Test-ServicePrincipalAuthorization", NULL },
	{ "no roles: do not add up", "{}", "ErrorAccessDenied", ERR_AUTH, true,
	  "Do not grant Mail.Send in Entra ID", NULL },
	{ "empty roles", "{\"roles\":[]}", "accessDenied", ERR_AUTH, false,
	  "Do not grant Mail.Send in Entra ID", NULL },
	{ "no permissions", "{}", "NoPermissionsInAccessToken", ERR_AUTH, true,
	  "Do not grant Mail.Send in Entra ID", NULL },
	{ "granted", "{\"roles\":[\"Mail.Send\"]}", "ErrorAccessDenied",
	  ERR_AUTH, true, "Get-ApplicationAccessPolicy", "Grant admin" },
	{ "granted, for drafts", "{\"roles\":[\"Mail.Send\"]}",
	  "ErrorAccessDenied", ERR_AUTH, false, "as it was", NULL },
	{ "other roles", "{\"roles\":[\"User.Read\"]}", "ErrorAccessDenied",
	  ERR_AUTH, true, "as it was", NULL },
	{ "another code", "{}", "ErrorServerBusy", ERR_RETRY, true,
	  "as it was", NULL },
	{ "opaque", NULL, "ErrorAccessDenied", ERR_AUTH, true, "as it was",
	  NULL },
	/* clang-format on */
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = { 0 }, ignored;
		struct token t = { 0 };
		struct buf b;

		err_set(&e, rows[i].kind, "x");
		(void)snprintf(e.code, sizeof(e.code), "%s", rows[i].code);
		err_remedy(&e, "as it was");
		buf_init(&b, 1024);
		if (rows[i].claims != NULL) {
			buf_addz(&b, "e30.");
			base64url_encode(&b, str_of(rows[i].claims));
			buf_addz(&b, ".c2ln");
		} else {
			buf_addz(&b, "EwAoA8l6BAAU");
		}
		T_CHECK(secret_set(&t.bearer, buf_view(&b), &ignored), "%s",
		    ignored.msg);
		T_CHECK(!grant_remedy(&t, rows[i].sends, &e), "%s",
		    rows[i].name);
		T_CHECK(strstr(e.remedy, rows[i].says) != NULL &&
			(rows[i].not_ == NULL ||
			    strstr(e.remedy, rows[i].not_) == NULL),
		    "%s: %s", rows[i].name, e.remedy);
		token_release(&t);
		buf_release(&b);
	}
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
