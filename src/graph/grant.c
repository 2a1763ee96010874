/* SPDX-License-Identifier: MIT */
#include "graph/grant.h"

#include "base/arena.h"
#include "codec/jwt.h"

enum { TREE_MAX = 1024 * 1024 };

static const struct str codes[] = { STR_INIT("ErrorAccessDenied"),
	STR_INIT("accessDenied"), STR_INIT("NoPermissionsInAccessToken") };

static const char by_exchange[] =
    "The token has no permission of Entra ID, so Exchange decides (RBAC for "
    "Applications). In Exchange Online PowerShell, "
    "Test-ServicePrincipalAuthorization CLIENT_ID -Resource MAILBOX says "
    "whether the app's role and its scope include the mailbox; changes take "
    "30 minutes to 2 hours. Do not grant Mail.Send in Entra ID as well: the "
    "two add up, and the app could send from every mailbox. If every mailbox "
    "is what you want: Entra ID > App registrations > (your app) > API "
    "permissions > Mail.Send, Grant admin consent (a managed identity: by "
    "PowerShell, New-MgServicePrincipalAppRoleAssignment).";
static const char by_policy[] =
    "Entra ID grants Mail.Send (it is in the token), so Exchange excludes this "
    "mailbox: an application access policy, most likely. Exchange Online "
    "PowerShell: Test-ApplicationAccessPolicy -Identity MAILBOX -AppId "
    "CLIENT_ID; Get-ApplicationAccessPolicy names the group that the mailbox "
    "has to be in. Changes take 30 minutes and more.";

static bool
is_about_grant(const struct err *e)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (str_ieq(str_of(e->code), codes[i]))
			return e->kind == ERR_AUTH;
	return false;
}

bool
grant_remedy(const struct token *t, bool sends, struct err *e)
{
	const struct json *claims, *roles;
	struct err ignored;
	struct arena mem;

	if (!is_about_grant(e))
		return false;
	arena_init_secret(&mem, TREE_MAX);
	/* an opaque token says nothing: the remedy stays */
	if (jwt_claims(&mem, secret_view(&t->bearer), &claims, &ignored)) {
		roles = json_get(claims, STR("roles"));
		if (roles == NULL || roles->child == NULL)
			err_remedy(e, "%s", by_exchange);
		else if (sends &&
		    jwt_has(claims, STR("roles"), STR("Mail.Send")))
			err_remedy(e, "%s", by_policy);
	}
	arena_release(&mem);
	return false;
}
