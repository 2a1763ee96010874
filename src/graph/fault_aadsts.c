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
	{ "28002", ERR_CONFIG, 0, "The scope asked for is not valid.", scope },
	{ "28003", ERR_CONFIG, 0, "The scope asked for is empty.", scope },
	{ "50000", ERR_RETRY, 0,
	  "The service failed to issue a token.", wait },
	{ "50001", ERR_CONFIG, 0,
	  "The resource is disabled or not in this tenant.", graph_host },
	{ "50002", ERR_AUTH, 0,
	  "The network's proxy does not allow this tenant.", network },
	{ "50003", ERR_AUTH, 0,
	  "The app has no signing key.", certificate },
	{ "50012", ERR_AUTH, 0,
	  "The client assertion's signature is wrong.", certificate },
	{ "50013", ERR_AUTH, 0,
	  "The assertion is not valid, or not now.", set_clock },
	{ "50020", ERR_AUTH, 0,
	  "A user of another identity provider tried to sign in.",
	  user_flow },
	{ "50027", ERR_AUTH, 0,
	  "The assertion is malformed or meant for somebody else.",
	  "With a certificate: check cloud and login_url (its audience is the "
	  "token endpoint of the tenant's cloud) and this machine's clock. A "
	  "federated token's file must hold the token alone, of the issuer "
	  "that the app trusts." },
	{ "50032", ERR_AUTH, 0, "The certificate's RSA key is too weak.",
	  "Use a key of at least 2048 bits. " APP
	  "Certificates & secrets > Certificates > Upload certificate." },
	{ "50033", ERR_RETRY, 0, "A passing error of the directory.", wait },
	{ "50034", ERR_AUTH, 0,
	  "The user account does not exist in the tenant.", user_flow },
	{ "50048", ERR_AUTH, 0,
	  "Subject and issuer of the assertion differ.", app_ids },
	{ "50049", ERR_CONFIG, 0, "The login host is not known.",
	  "Check login_url, or set cloud and leave login_url out." },
	{ "50053", ERR_AUTH, 0, "The user account is locked.", user_flow },
	{ "50055", ERR_AUTH, 0, "The user's password expired.", user_flow },
	{ "50056", ERR_AUTH, 0, "The user has no password.", user_flow },
	{ "50057", ERR_AUTH, 0, "The user account is disabled.", user_flow },
	{ "50059", ERR_CONFIG, 0, "The request names no tenant.", tenant },
	{ "50072", ERR_AUTH, 0,
	  "The user has to enrol for a second factor.", user_flow },
	{ "50074", ERR_AUTH, 0,
	  "The user has to give a second factor.", user_flow },
	{ "50076", ERR_AUTH, 0,
	  "The user has to give a second factor.", user_flow },
	{ "50078", ERR_AUTH, 0,
	  "The user's second factor expired.", user_flow },
	{ "50079", ERR_AUTH, 0,
	  "The user has to enrol for a second factor.", user_flow },
	{ "50105", ERR_AUTH, 0,
	  "The app demands an assignment and there is none.", ENTERPRISE
	  "Properties > Assignment required: No, or assign it under Users "
	  "and groups." },
	{ "50126", ERR_AUTH, 0,
	  "User name or password of a user are wrong.", user_flow },
	{ "50128", ERR_CONFIG, 0,
	  "The tenant's domain name is not valid.", tenant },
	{ "50146", ERR_AUTH, 0,
	  "The app must have a signing key of its own.", certificate },
	{ "50158", ERR_AUTH, 0,
	  "The user has to satisfy an external check.", user_flow },
	{ "50194", ERR_CONFIG, 0,
	  "The app is for one tenant and was asked for by the common address.",
	  own_tenant },
	{ "50196", ERR_RETRY, 0,
	  "Too many equal requests: the service sees a loop.", too_many },
	{ "51005", ERR_RETRY, 0,
	  "The service redirects for the time being.", wait },
	{ "53000", ERR_AUTH, 0,
	  "Conditional Access wants a compliant device.", policy },
	{ "53001", ERR_AUTH, 0,
	  "Conditional Access wants a joined device.", policy },
	{ "53002", ERR_AUTH, 0,
	  "Conditional Access wants an approved app.", policy },
	{ "53003", ERR_AUTH, 0, "Conditional Access blocks the app.",
	  "entra.microsoft.com > Entra ID > Sign-in logs > Service principal "
	  "sign-ins names the policy (workload identities: location or risk). "
	  "Allow this machine's public IP address in it." },
	{ "53011", ERR_AUTH, 0, "The app or its home tenant is at risk.",
	  policy },
	{ "65001", ERR_AUTH, 0, "Nobody consented to the permission.",
	  consent },
	{ "65005", ERR_AUTH, 0,
	  "The permission is not among those the app asks for.",
	  permission },
	{ "70001", ERR_AUTH, 0, "The app is disabled.", enabled },
	{ "70002", ERR_AUTH, 0, "The credential is wrong.", new_secret },
	{ "70003", ERR_CONFIG, 0, "The grant type is not supported.",
	  altered },
	{ "70011", ERR_CONFIG, 0, "The scope is not valid.", scope },
	{ "70021", ERR_AUTH, 0,
	  "No federated credential matches the token.", federated },
	{ "70025", ERR_AUTH, 0, "The app has no federated credentials.",
	  APP "Certificates & secrets > Federated credentials > Add "
	  "credential." },
	{ "70052", ERR_AUTH, 0,
	  "It must be a managed identity or an app of a single tenant.",
	  account_types },
	{ "82001", ERR_AUTH, 0, "An agent may not sign in as an app.",
	  "Register an ordinary app: entra.microsoft.com > Entra ID > App "
	  "registrations > New registration." },
	{ "90002", ERR_CONFIG, 0, "The tenant was not found.", tenant },
	{ "90004", ERR_CONFIG, 0, "The request is malformed.", altered },
	{ "90006", ERR_RETRY, 0, "A passing error of the service.", wait },
	{ "90008", ERR_AUTH, 0, "Nobody consented to the permission.",
	  consent },
	{ "90012", ERR_RETRY, 0, "The request timed out.", wait },
	{ "90014", ERR_CONFIG, 0, "A parameter is missing.", altered },
	{ "90019", ERR_CONFIG, 0, "The request names no tenant.", tenant },
	{ "90023", ERR_CONFIG, 0, "The request is not valid.", altered },
	{ "90024", ERR_RETRY, 0, "A passing error of the service.", wait },
	{ "90033", ERR_RETRY, 0, "The service is not available.", wait },
	{ "90036", ERR_AUTH, 0, "A lasting error within the service.",
	  support },
	{ "90038", ERR_CONFIG, 0,
	  "The tenant belongs to another national cloud.", clouds },
	{ "90055", ERR_RETRY, 0, "The tenant asks for too many tokens.",
	  too_many },
	{ "90072", ERR_AUTH, 0,
	  "The user does not exist in this tenant.", user_flow },
	{ "90090", ERR_RETRY, 0, "A passing error of the directory.", wait },
	{ "90091", ERR_RETRY, 0, "A passing error of the directory.", wait },
	{ "90092", ERR_AUTH, 0, "A lasting error of the directory.",
	  support },
	{ "90094", ERR_AUTH, 0, "An administrator has to consent.", consent },
	{ "90100", ERR_CONFIG, 0, "A parameter is empty or not valid.",
	  altered },
	{ "90124", ERR_CONFIG, 0,
	  "The app may not use the common address.", own_tenant },
	{ "90130", ERR_CONFIG, 0,
	  "The app may not use the common address.", own_tenant },
	{ "100007", ERR_CONFIG, 0,
	  "The regional login host is not for this app.",
	  "Set login_url to the cloud's own host, or leave it out." },
	{ "500011", ERR_CONFIG, 0,
	  "The resource (Graph's address) is not known in the tenant.",
	  graph_host },
	{ "500014", ERR_AUTH, 0, "Microsoft Graph is disabled in the tenant.",
	  "entra.microsoft.com > Entra ID > Enterprise apps > Microsoft Graph "
	  "> Properties > Enabled for users to sign in: Yes." },
	{ "500021", ERR_AUTH, 0,
	  "The network's proxy does not allow this tenant.", network },
	{ "500022", ERR_AUTH, 0,
	  "The network's proxy does not allow this tenant.", network },
	{ "500133", ERR_AUTH, 0,
	  "The assertion expired, or is not valid yet.", set_clock },
	{ "500212", ERR_AUTH, 0,
	  "The tenant's cross-tenant policy denies it.", cross_tenant },
	{ "500213", ERR_AUTH, 0,
	  "The other tenant's cross-tenant policy denies it.",
	  cross_tenant },
	{ "530032", ERR_AUTH, 0, "The tenant's security policy blocks it.",
	  policy },
	{ "530035", ERR_AUTH, 0, "Security defaults block it.", policy },
	{ "650052", ERR_AUTH, 0,
	  "The tenant has no subscription to a service of the app.",
	  permission },
	{ "650054", ERR_AUTH, 0,
	  "The app asks for a resource that is gone or not available.",
	  permission },
	{ "650056", ERR_AUTH, 0,
	  "The app's permissions are not set up.", permission },
	{ "650057", ERR_AUTH, 0,
	  "Graph is not among the app's permissions.", permission },
	{ "700011", ERR_AUTH, 0, "The app was not found.", app_ids },
	{ "700016", ERR_AUTH, 0, "The app was not found in the tenant.",
	  app_ids },
	{ "700022", ERR_CONFIG, 0, "The scope names several resources.",
	  scope },
	{ "700023", ERR_CONFIG, 0, "The scope is not valid for an app.",
	  scope },
	{ "700024", ERR_AUTH, 0,
	  "The assertion is outside of its time.", set_clock },
	{ "700025", ERR_AUTH, 0,
	  "The app is public and may not use a secret.",
	  APP "Authentication > Settings > Allow public client flows: No." },
	{ "700027", ERR_AUTH, 0,
	  "The assertion's certificate is not registered, or its signature "
	  "is wrong.", certificate },
	{ "700030", ERR_AUTH, 0,
	  "The certificate's subject is not authorised.", certificate },
	{ "700211", ERR_AUTH, 0,
	  "No federated credential has the token's issuer.", federated },
	{ "700212", ERR_AUTH, 0,
	  "No federated credential has the token's audience.", audience },
	{ "700213", ERR_AUTH, 0,
	  "No federated credential has the token's subject.", federated },
	{ "700223", ERR_AUTH, 0,
	  "The tenant restricts federated credentials.", federation },
	{ "700229", ERR_AUTH, 0,
	  "Only an app's token can serve as federated credential.",
	  "Use a token of a workload, not of a user." },
	{ "700238", ERR_AUTH, 0,
	  "The tenant restricts federated credentials.", federation },
	{ "900023", ERR_CONFIG, 0,
	  "The tenant is neither an id nor a domain name.", tenant },
	{ "900144", ERR_CONFIG, 0, "A parameter is missing.", altered },
	{ "900382", ERR_CONFIG, 0,
	  "An app cannot sign in across clouds.", clouds },
	{ "900384", ERR_AUTH, 0, "The assertion's signature is wrong.",
	  certificate },
	{ "900432", ERR_CONFIG, 0,
	  "An app cannot sign in across clouds.", clouds },
	{ "900561", ERR_CONFIG, 0, "The request came as GET, not as POST.",
	  "A redirect or a proxy changed it: set login_url to the final "
	  "address." },
	{ "901002", ERR_CONFIG, 0, "The parameter resource is of old times.",
	  altered },
	{ "1000031", ERR_AUTH, 0, "The app cannot be accessed at this time.",
	  ENTERPRISE "Properties: is it there and enabled for users to sign "
	  "in? Else ask the tenant's administrator who turned it off." },
	{ "1000104", ERR_AUTH, 0,
	  "The tenant's cross-tenant policy denies it.", cross_tenant },
	{ "1002012", ERR_CONFIG, 0,
	  "An app's scope has to end in /.default.", scope },
	{ "7000112", ERR_AUTH, 0, "The app is disabled.", enabled },
	{ "7000114", ERR_AUTH, 0,
	  "The app may not act on behalf of users.", altered },
	{ "7000215", ERR_AUTH, 0, "The client secret is wrong.", new_secret },
	{ "7000216", ERR_AUTH, 0, "The request has no credential.",
	  no_credential },
	{ "7000218", ERR_AUTH, 0, "The request has no credential.",
	  no_credential },
	{ "7000222", ERR_AUTH, 0, "The client secret expired.", new_secret },
	{ "7000229", ERR_AUTH, 0,
	  "The app has no enterprise app (service principal) in the tenant.",
	  "Grant admin consent, which makes it: " APP
	  "API permissions > Grant admin consent; or run: az ad sp create "
	  "--id CLIENT_ID. Right after that wait a minute." },
	{ "9001023", ERR_CONFIG, 0,
	  "The grant type does not work at the common address.",
	  own_tenant },
	{ "9002313", ERR_CONFIG, 0, "The request is malformed.", altered },
	{ NULL, ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};

const struct fault fault_oauth[] = {
	/* clang-format off */
	{ "access_denied", ERR_AUTH, 0, "The service denies access.", policy },
	{ "consent_required", ERR_AUTH, 0,
	  "Nobody consented to the permission.", consent },
	{ "interaction_required", ERR_AUTH, 0,
	  "A policy wants a person to sign in.", policy },
	{ "invalid_client", ERR_AUTH, 0, "The app's proof is not accepted.",
	  any_proof },
	{ "invalid_grant", ERR_AUTH, 0, "The sign-in is not accepted.",
	  policy },
	{ "invalid_request", ERR_CONFIG, 0, "The request is not valid.",
	  "Check tenant_id, client_id, cloud and login_url." },
	{ "invalid_resource", ERR_CONFIG, 0,
	  "The resource (Graph's address) is not known.", graph_host },
	{ "invalid_scope", ERR_CONFIG, 0, "The scope is not valid.", scope },
	{ "login_required", ERR_AUTH, 0,
	  "A policy wants a person to sign in.", policy },
	{ "server_error", ERR_RETRY, 0, "The service failed.", wait },
	{ "temporarily_unavailable", ERR_RETRY, 0,
	  "The service is not available.", wait },
	{ "unauthorized_client", ERR_AUTH, 0,
	  "The app is unknown, disabled or not allowed.", app_ids },
	{ "unsupported_grant_type", ERR_CONFIG, 0,
	  "The login host does not know this flow.",
	  "Check login_url: is it Entra ID?" },
	{ NULL, ERR_NONE, 0, NULL, NULL }
	/* clang-format on */
};
