/* SPDX-License-Identifier: MIT */
/*
 * Entra ID's error numbers and `error` values. Source: facts.md 1.7 and 2.
 *
 * The kind of a number is what its usual `error` means; of a number that
 * stands for a passing state it is ERR_RETRY.
 */
#include "graph/fault_table.h"

#define APP "entra.microsoft.com > Entra ID > App registrations > (your app) > "
#define ENTERPRISE                                                             \
	"entra.microsoft.com > Entra ID > Enterprise apps > (your app) > "

static const char new_secret[] =
    APP "Certificates & secrets > Client secrets > New client secret. Copy "
	"its Value (shown once; not the Secret ID) to client_secret.";
static const char no_credential[] =
    "post365 always sends the proof that is configured (post365 check says "
    "which: client_secret, client_certificate or federated_token_file). If a "
    "proxy alters requests, exempt the login host from it.";
static const char any_proof[] =
    APP "Certificates & secrets must have the proof that is configured, and it "
	"must be of this client_id: client_secret is a secret's Value, "
	"client_certificate has the thumbprint that stands there, or the "
	"federated credential fits. post365 check says which one was used.";
static const char federation[] =
    "The tenant's administrator restricts which issuers apps may trust: "
    "entra.microsoft.com > Entra ID > Enterprise apps > Application policies. "
    "Let this issuer be allowed, or sign in with a certificate.";
static const char app_ids[] = APP
    "Overview: compare Application (client) ID with client_id and Directory "
    "(tenant) ID with tenant_id. Is the app registered in another tenant?";
static const char tenant[] =
    APP "Overview > Directory (tenant) ID belongs into tenant_id. If it is "
	"right, the tenant is in another cloud: see the setting cloud.";
static const char clouds[] =
    "Set cloud (or login_url and graph_url together) to the cloud of the "
    "tenant: portal.azure.us is US Government, portal.azure.cn is China.";
static const char own_tenant[] =
    "Set tenant_id to the tenant's own id, not to common, organizations or "
    "consumers. " APP "Overview > Directory (tenant) ID.";
static const char certificate[] = APP
    "Certificates & secrets > Certificates > Upload certificate, and compare "
    "the thumbprint: key and certificate must belong together.";
static const char set_clock[] =
    "Set this machine's clock (NTP); five minutes off is too much. A "
    "federated token may also have expired: read its file again.";
static const char federated[] =
    APP "Certificates & secrets > Federated credentials: issuer, subject and "
	"audience must equal, letter for letter, those in the message.";
static const char audience[] =
    APP "Certificates & secrets > Federated credentials: its audience and the "
	"token's must be equal, letter for letter; api://AzureADTokenExchange, "
	"with USGov or China behind it in those clouds, if nobody chose "
	"another.";
static const char permission[] =
    APP "API permissions > Add a permission > Microsoft Graph > Application "
	"permissions > Mail.Send > Add, then Grant admin consent.";
static const char consent[] =
    APP "API permissions > Grant admin consent (needs a Privileged Role "
	"Administrator).";
static const char scope[] =
    "Leave graph_url as the cloud's own: the scope follows from it as its "
    "host with /.default, https://graph.microsoft.com/.default for most.";
static const char graph_host[] =
    "Set cloud, or graph_url, to the Graph host of the tenant's cloud: the "
    "scope follows from it.";
static const char altered[] =
    "If a proxy alters requests, exempt the login host from it. Else report "
    "this as a bug of post365, with the ids above.";
static const char policy[] =
    "The tenant's administrator has to allow this app; an app that signs in "
    "by itself can answer no prompt. entra.microsoft.com > Entra ID > "
    "Conditional Access shows which policy it was.";
static const char network[] =
    "The network's proxy restricts tenants: ask the network team to allow "
    "this tenant (header Restrict-Access-To-Tenants).";
static const char cross_tenant[] =
    "entra.microsoft.com > Entra ID > External Identities > Cross-tenant "
    "access settings: the tenant's administrator has to allow it.";
static const char user_flow[] =
    "post365 signs in as an app, never as a user. Check tenant_id, client_id "
    "and which kind of credential is set.";
static const char wait[] =
    "Nothing: post365 tries again by itself. If it lasts for hours see "
    "status.cloud.microsoft.";
static const char too_many[] =
    "Ask for fewer tokens: let token_cache be on, and let all jobs of a user "
    "share one state_dir.";
static const char support[] =
    "Open a support request at entra.microsoft.com with the correlation id "
    "and the time.";
static const char account_types[] =
    APP "Authentication > Supported account types: single tenant.";
static const char enabled[] =
    ENTERPRISE "Properties > Enabled for users to sign in: Yes.";

const struct fault fault_aadsts[] = {
	/* clang-format off */
	{ ERR_CONFIG, 0, "28002\0" "The scope asked for is not valid.", scope },
	{ ERR_CONFIG, 0, "28003\0" "The scope asked for is empty.", scope },
	{ ERR_RETRY, 0, "50000\0"
	  "The service failed to issue a token.", wait },
	{ ERR_CONFIG, 0, "50001\0"
	  "The resource is disabled or not in this tenant.", graph_host },
	{ ERR_AUTH, 0, "50002\0"
	  "The network's proxy does not allow this tenant.", network },
	{ ERR_AUTH, 0, "50003\0"
	  "The app has no signing key.", certificate },
	{ ERR_AUTH, 0, "50012\0"
	  "The client assertion's signature is wrong.", certificate },
	{ ERR_AUTH, 0, "50013\0"
	  "The assertion is not valid, or not now.", set_clock },
	{ ERR_AUTH, 0, "50020\0"
	  "A user of another identity provider tried to sign in.",
	  user_flow },
	{ ERR_AUTH, 0, "50027\0"
	  "The assertion is malformed or meant for somebody else.",
	  "With a certificate: check cloud and login_url (its audience is the "
	  "token endpoint of the tenant's cloud) and this machine's clock. A "
	  "federated token's file must hold the token alone, of the issuer "
	  "that the app trusts." },
	{ ERR_AUTH, 0, "50032\0" "The certificate's RSA key is too weak.",
	  "Use a key of at least 2048 bits. " APP
	  "Certificates & secrets > Certificates > Upload certificate." },
	{ ERR_RETRY, 0, "50033\0" "A passing error of the directory.", wait },
	{ ERR_AUTH, 0, "50034\0"
	  "The user account does not exist in the tenant.", user_flow },
	{ ERR_AUTH, 0, "50048\0"
	  "Subject and issuer of the assertion differ.", app_ids },
	{ ERR_CONFIG, 0, "50049\0" "The login host is not known.",
	  "Check login_url, or set cloud and leave login_url out." },
	{ ERR_AUTH, 0, "50053\0" "The user account is locked.", user_flow },
	{ ERR_AUTH, 0, "50055\0" "The user's password expired.", user_flow },
	{ ERR_AUTH, 0, "50056\0" "The user has no password.", user_flow },
	{ ERR_AUTH, 0, "50057\0" "The user account is disabled.", user_flow },
	{ ERR_CONFIG, 0, "50059\0" "The request names no tenant.", tenant },
	{ ERR_AUTH, 0, "50072\0"
	  "The user has to enrol for a second factor.", user_flow },
	{ ERR_AUTH, 0, "50074\0"
	  "The user has to give a second factor.", user_flow },
	{ ERR_AUTH, 0, "50076\0"
	  "The user has to give a second factor.", user_flow },
	{ ERR_AUTH, 0, "50078\0"
	  "The user's second factor expired.", user_flow },
	{ ERR_AUTH, 0, "50079\0"
	  "The user has to enrol for a second factor.", user_flow },
	{ ERR_AUTH, 0, "50105\0"
	  "The app demands an assignment and there is none.", ENTERPRISE
	  "Properties > Assignment required: No, or assign it under Users "
	  "and groups." },
	{ ERR_AUTH, 0, "50126\0"
	  "User name or password of a user are wrong.", user_flow },
	{ ERR_CONFIG, 0, "50128\0"
	  "The tenant's domain name is not valid.", tenant },
	{ ERR_AUTH, 0, "50146\0"
	  "The app must have a signing key of its own.", certificate },
	{ ERR_AUTH, 0, "50158\0"
	  "The user has to satisfy an external check.", user_flow },
	{ ERR_CONFIG, 0, "50194\0"
	  "The app is for one tenant and was asked for by the common address.",
	  own_tenant },
	{ ERR_RETRY, 0, "50196\0"
	  "Too many equal requests: the service sees a loop.", too_many },
	{ ERR_RETRY, 0, "51005\0"
	  "The service redirects for the time being.", wait },
	{ ERR_AUTH, 0, "53000\0"
	  "Conditional Access wants a compliant device.", policy },
	{ ERR_AUTH, 0, "53001\0"
	  "Conditional Access wants a joined device.", policy },
	{ ERR_AUTH, 0, "53002\0"
	  "Conditional Access wants an approved app.", policy },
	{ ERR_AUTH, 0, "53003\0" "Conditional Access blocks the app.",
	  "entra.microsoft.com > Entra ID > Sign-in logs > Service principal "
	  "sign-ins names the policy (workload identities: location or risk). "
	  "Allow this machine's public IP address in it." },
	{ ERR_AUTH, 0, "53011\0" "The app or its home tenant is at risk.",
	  policy },
	{ ERR_AUTH, 0, "65001\0" "Nobody consented to the permission.",
	  consent },
	{ ERR_AUTH, 0, "65005\0"
	  "The permission is not among those the app asks for.",
	  permission },
	{ ERR_AUTH, 0, "70001\0" "The app is disabled.", enabled },
	{ ERR_AUTH, 0, "70002\0" "The credential is wrong.", new_secret },
	{ ERR_CONFIG, 0, "70003\0" "The grant type is not supported.",
	  altered },
	{ ERR_CONFIG, 0, "70011\0" "The scope is not valid.", scope },
	{ ERR_AUTH, 0, "70021\0"
	  "No federated credential matches the token.", federated },
	{ ERR_AUTH, 0, "70025\0" "The app has no federated credentials.",
	  APP "Certificates & secrets > Federated credentials > Add "
	  "credential." },
	{ ERR_AUTH, 0, "70052\0"
	  "It must be a managed identity or an app of a single tenant.",
	  account_types },
	{ ERR_AUTH, 0, "82001\0" "An agent may not sign in as an app.",
	  "Register an ordinary app: entra.microsoft.com > Entra ID > App "
	  "registrations > New registration." },
	{ ERR_CONFIG, 0, "90002\0" "The tenant was not found.", tenant },
	{ ERR_CONFIG, 0, "90004\0" "The request is malformed.", altered },
	{ ERR_RETRY, 0, "90006\0" "A passing error of the service.", wait },
	{ ERR_AUTH, 0, "90008\0" "Nobody consented to the permission.",
	  consent },
	{ ERR_RETRY, 0, "90012\0" "The request timed out.", wait },
	{ ERR_CONFIG, 0, "90014\0" "A parameter is missing.", altered },
	{ ERR_CONFIG, 0, "90019\0" "The request names no tenant.", tenant },
	{ ERR_CONFIG, 0, "90023\0" "The request is not valid.", altered },
	{ ERR_RETRY, 0, "90024\0" "A passing error of the service.", wait },
	{ ERR_RETRY, 0, "90033\0" "The service is not available.", wait },
	{ ERR_AUTH, 0, "90036\0" "A lasting error within the service.",
	  support },
	{ ERR_CONFIG, 0, "90038\0"
	  "The tenant belongs to another national cloud.", clouds },
	{ ERR_RETRY, 0, "90055\0" "The tenant asks for too many tokens.",
	  too_many },
	{ ERR_AUTH, 0, "90072\0"
	  "The user does not exist in this tenant.", user_flow },
	{ ERR_RETRY, 0, "90090\0" "A passing error of the directory.", wait },
	{ ERR_RETRY, 0, "90091\0" "A passing error of the directory.", wait },
	{ ERR_AUTH, 0, "90092\0" "A lasting error of the directory.",
	  support },
	{ ERR_AUTH, 0, "90094\0" "An administrator has to consent.", consent },
	{ ERR_CONFIG, 0, "90100\0" "A parameter is empty or not valid.",
	  altered },
	{ ERR_CONFIG, 0, "90124\0"
	  "The app may not use the common address.", own_tenant },
	{ ERR_CONFIG, 0, "90130\0"
	  "The app may not use the common address.", own_tenant },
	{ ERR_CONFIG, 0, "100007\0"
	  "The regional login host is not for this app.",
	  "Set login_url to the cloud's own host, or leave it out." },
	{ ERR_CONFIG, 0, "500011\0"
	  "The resource (Graph's address) is not known in the tenant.",
	  graph_host },
	{ ERR_AUTH, 0, "500014\0" "Microsoft Graph is disabled in the tenant.",
	  "entra.microsoft.com > Entra ID > Enterprise apps > Microsoft Graph "
	  "> Properties > Enabled for users to sign in: Yes." },
	{ ERR_AUTH, 0, "500021\0"
	  "The network's proxy does not allow this tenant.", network },
	{ ERR_AUTH, 0, "500022\0"
	  "The network's proxy does not allow this tenant.", network },
	{ ERR_AUTH, 0, "500133\0"
	  "The assertion expired, or is not valid yet.", set_clock },
	{ ERR_AUTH, 0, "500212\0"
	  "The tenant's cross-tenant policy denies it.", cross_tenant },
	{ ERR_AUTH, 0, "500213\0"
	  "The other tenant's cross-tenant policy denies it.",
	  cross_tenant },
	{ ERR_AUTH, 0, "530032\0" "The tenant's security policy blocks it.",
	  policy },
	{ ERR_AUTH, 0, "530035\0" "Security defaults block it.", policy },
	{ ERR_AUTH, 0, "650052\0"
	  "The tenant has no subscription to a service of the app.",
	  permission },
	{ ERR_AUTH, 0, "650054\0"
	  "The app asks for a resource that is gone or not available.",
	  permission },
	{ ERR_AUTH, 0, "650056\0"
	  "The app's permissions are not set up.", permission },
	{ ERR_AUTH, 0, "650057\0"
	  "Graph is not among the app's permissions.", permission },
	{ ERR_AUTH, 0, "700011\0" "The app was not found.", app_ids },
	{ ERR_AUTH, 0, "700016\0" "The app was not found in the tenant.",
	  app_ids },
	{ ERR_CONFIG, 0, "700022\0" "The scope names several resources.",
	  scope },
	{ ERR_CONFIG, 0, "700023\0" "The scope is not valid for an app.",
	  scope },
	{ ERR_AUTH, 0, "700024\0"
	  "The assertion is outside of its time.", set_clock },
	{ ERR_AUTH, 0, "700025\0"
	  "The app is public and may not use a secret.",
	  APP "Authentication > Settings > Allow public client flows: No." },
	{ ERR_AUTH, 0, "700027\0"
	  "The assertion's certificate is not registered, or its signature "
	  "is wrong.", certificate },
	{ ERR_AUTH, 0, "700030\0"
	  "The certificate's subject is not authorised.", certificate },
	{ ERR_AUTH, 0, "700211\0"
	  "No federated credential has the token's issuer.", federated },
	{ ERR_AUTH, 0, "700212\0"
	  "No federated credential has the token's audience.", audience },
	{ ERR_AUTH, 0, "700213\0"
	  "No federated credential has the token's subject.", federated },
	{ ERR_AUTH, 0, "700223\0"
	  "The tenant restricts federated credentials.", federation },
	{ ERR_AUTH, 0, "700229\0"
	  "Only an app's token can serve as federated credential.",
	  "Use a token of a workload, not of a user." },
	{ ERR_AUTH, 0, "700238\0"
	  "The tenant restricts federated credentials.", federation },
	{ ERR_CONFIG, 0, "900023\0"
	  "The tenant is neither an id nor a domain name.", tenant },
	{ ERR_CONFIG, 0, "900144\0" "A parameter is missing.", altered },
	{ ERR_CONFIG, 0, "900382\0"
	  "An app cannot sign in across clouds.", clouds },
	{ ERR_AUTH, 0, "900384\0" "The assertion's signature is wrong.",
	  certificate },
	{ ERR_CONFIG, 0, "900432\0"
	  "An app cannot sign in across clouds.", clouds },
	{ ERR_CONFIG, 0, "900561\0" "The request came as GET, not as POST.",
	  "A redirect or a proxy changed it: set login_url to the final "
	  "address." },
	{ ERR_CONFIG, 0, "901002\0" "The parameter resource is of old times.",
	  altered },
	{ ERR_AUTH, 0, "1000031\0" "The app cannot be accessed at this time.",
	  ENTERPRISE "Properties: is it there and enabled for users to sign "
	  "in? Else ask the tenant's administrator who turned it off." },
	{ ERR_AUTH, 0, "1000104\0"
	  "The tenant's cross-tenant policy denies it.", cross_tenant },
	{ ERR_CONFIG, 0, "1002012\0"
	  "An app's scope has to end in /.default.", scope },
	{ ERR_AUTH, 0, "7000112\0" "The app is disabled.", enabled },
	{ ERR_AUTH, 0, "7000114\0"
	  "The app may not act on behalf of users.", altered },
	{ ERR_AUTH, 0, "7000215\0" "The client secret is wrong.", new_secret },
	{ ERR_AUTH, 0, "7000216\0" "The request has no credential.",
	  no_credential },
	{ ERR_AUTH, 0, "7000218\0" "The request has no credential.",
	  no_credential },
	{ ERR_AUTH, 0, "7000222\0" "The client secret expired.", new_secret },
	{ ERR_AUTH, 0, "7000229\0"
	  "The app has no enterprise app (service principal) in the tenant.",
	  "Grant admin consent, which makes it: " APP
	  "API permissions > Grant admin consent; or run: az ad sp create "
	  "--id CLIENT_ID. Right after that wait a minute." },
	{ ERR_CONFIG, 0, "9001023\0"
	  "The grant type does not work at the common address.",
	  own_tenant },
	{ ERR_CONFIG, 0, "9002313\0" "The request is malformed.", altered },
	{ ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};

const struct fault fault_oauth[] = {
	/* clang-format off */
	{ ERR_AUTH, 0, "access_denied\0" "The service denies access.", policy },
	{ ERR_AUTH, 0, "consent_required\0"
	  "Nobody consented to the permission.", consent },
	{ ERR_AUTH, 0, "interaction_required\0"
	  "A policy wants a person to sign in.", policy },
	{ ERR_AUTH, 0, "invalid_client\0" "The app's proof is not accepted.",
	  any_proof },
	{ ERR_AUTH, 0, "invalid_grant\0" "The sign-in is not accepted.",
	  policy },
	{ ERR_CONFIG, 0, "invalid_request\0" "The request is not valid.",
	  "Check tenant_id, client_id, cloud and login_url." },
	{ ERR_CONFIG, 0, "invalid_resource\0"
	  "The resource (Graph's address) is not known.", graph_host },
	{ ERR_CONFIG, 0, "invalid_scope\0" "The scope is not valid.", scope },
	{ ERR_AUTH, 0, "login_required\0"
	  "A policy wants a person to sign in.", policy },
	{ ERR_RETRY, 0, "server_error\0" "The service failed.", wait },
	{ ERR_RETRY, 0, "temporarily_unavailable\0"
	  "The service is not available.", wait },
	{ ERR_AUTH, 0, "unauthorized_client\0"
	  "The app is unknown, disabled or not allowed.", app_ids },
	{ ERR_CONFIG, 0, "unsupported_grant_type\0"
	  "The login host does not know this flow.",
	  "Check login_url: is it Entra ID?" },
	{ ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};
