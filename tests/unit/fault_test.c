/* SPDX-License-Identifier: MIT */
#include "graph/fault.h"

#include <string.h>
#include <sysexits.h>

#include "t.h"

#include "codec/utf8.h"
#include "command.h"
#include "graph/fault_table.h"

enum {
	BODY_LIMIT = 1 << 20,
	NOW = 784111777, /* 6 Nov 1994 08:49:37 */
	WORDS = 40       /* bytes of a remedy in the golden file */
};

/* The answer that a server would give with this head and body. */
static void
make_answer(struct http_answer *a, int status, const char *fields,
    struct str body)
{
	struct buf head;
	struct str in;

	memset(a, 0, sizeof(*a));
	a->status = status;
	buf_init(&head, BODY_LIMIT);
	buf_addf(&head, "HTTP/1.1 %d X\r\nContent-Length: 0\r\n%s\r\n", status,
	    fields);
	in = buf_view(&head);
	http1_init(&a->head, HTTP1_ANSWER);
	buf_init(&a->body, BODY_LIMIT);
	(void)http1_feed(&a->head, &in, &a->body);
	buf_adds(&a->body, body);
	buf_release(&head);
}

static void
drop_answer(struct http_answer *a)
{
	http1_release(&a->head);
	buf_release(&a->body);
}

static bool
has(const char *text, const char *piece)
{
	return *piece == '\0' ||
	    str_find(str_of(text), str_of(piece)) < str_of(text).n;
}

static void
check_table(const struct fault *t, bool numbers)
{
	for (const struct fault *f = t; f->code != NULL; f++) {
		struct str code = str_of(f->code),
			   meaning = str_of(fault_meaning(f));
		struct str next = str_of(f[1].code);

		T_CHECK(code.n < ERR_CODE_SIZE - 6, "%s", f->code);
		T_CHECK(f->kind != ERR_NONE && f->kind <= ERR_BUG, "%s",
		    f->code);
		T_CHECK(str_ends(meaning, STR(".")) && meaning.n < 120,
		    "%s: %s", f->code, fault_meaning(f));
		T_CHECK(str_of(f->remedy).n <= FAULT_REMEDY_MAX &&
			str_of(f->remedy).n > 10,
		    "%s: %zu", f->code, str_of(f->remedy).n);
		T_CHECK(!str_ends(str_of(f->remedy), STR(" ")) &&
			!has(f->remedy, "  "),
		    "%s: %s", f->code, f->remedy);
		T_CHECK(f->exit == 0 || f->kind == ERR_REFUSED, "%s", f->code);
		T_CHECK(fault_find(code) == f, "%s is found", f->code);
		if (next.n == 0)
			continue;
		T_CHECK(numbers ? code.n < next.n ||
			    (code.n == next.n && str_cmp(code, next) < 0) :
				  strcasecmp(f->code, f[1].code) < 0,
		    "%s is sorted", f->code);
	}
}

static void
test_tables(void)
{
	size_t n = 0;

	check_table(fault_aadsts, true);
	check_table(fault_oauth, false);
	check_table(fault_codes, false);
	check_table(fault_status, true);
	while (fault_at(n) != NULL)
		n++;
	T_CHECK(n > 240, "%zu entries", n);
	T_CHECK(fault_at(n + 1) == NULL, "behind the end");
}

/*
 * All rows as they stand: what a row means to a queue and to a script (kind
 * and exit status) is changed on purpose only. Review against facts.md 2, 3.
 */
static void
test_golden(void)
{
	struct buf text;
	struct str words;
	const struct fault *f;

	buf_init(&text, BODY_LIMIT);
	for (size_t i = 0; (f = fault_at(i)) != NULL; i++) {
		words = str_first(str_of(f->remedy), WORDS);
		/* to the end of a word */
		while (words.n > 0 && str_of(f->remedy).n > WORDS &&
		    words.p[words.n - 1] != ' ')
			words.n--;
		buf_addf(&text, "%s %s %d %.*s\n", f->code,
		    err_kind_name(f->kind), f->exit, STR_ARG(str_trim(words)));
	}
	command_golden("fault/rows.want", buf_view(&text));
	buf_release(&text);
}

static const struct {
	const char *code, *want;
} lookups[] = {
	{ "7000215", "7000215" },
	{ "AADSTS7000215", "7000215" },
	{ "aadsts7000215", "7000215" },
	{ "AADSTS", NULL },
	{ "AADSTS503", NULL },
	{ "AADSTSErrorAccessDenied", NULL },
	{ "errorACCESSdenied", "ErrorAccessDenied" },
	{ "invalid_client", "invalid_client" },
	{ "503", "503" },
	{ "99", NULL },
	{ "", NULL },
	{ "nonsense", NULL },
};

static void
test_find(void)
{
	const struct fault *f;

	for (size_t i = 0; i < sizeof(lookups) / sizeof(*lookups); i++) {
		f = fault_find(str_of(lookups[i].code));
		T_CHECK((f == NULL) == (lookups[i].want == NULL) &&
			(f == NULL || strcmp(f->code, lookups[i].want) == 0),
		    "%s: %s", lookups[i].code, f != NULL ? f->code : "none");
	}
}

#define IDS                                                                    \
	"\"trace_id\":\"T-1\",\"correlation_id\":\"C-2\","                     \
	"\"timestamp\":\"2026-11-23 10:11:12Z\""
#define TAIL                                                                   \
	"\\r\\nTrace ID: T-1\\r\\nCorrelation ID: C-2\\r\\n"                   \
	"Timestamp: 2026-11-23 10:11:12Z"

static const struct {
	const char *name;
	int status;
	const char *fields, *body;
	enum err_kind kind;
	const char *code;
	const char *msg, *remedy; /* pieces */
	int64_t retry_after_ms;
} token_cases[] = {
	/* clang-format off */
	{ "wrong secret", 401, "",
	  "{\"error\":\"invalid_client\",\"error_description\":"
	  "\"AADSTS7000215: Invalid client secret provided." TAIL "\","
	  "\"error_codes\":[7000215]," IDS "}",
	  ERR_AUTH, "AADSTS7000215",
	  "sign in at h: invalid_client: AADSTS7000215: Invalid client secret "
	  "provided. (trace id T-1, correlation id C-2, 2026-11-23 10:11:12Z)",
	  "> Certificates & secrets > Client secrets > New client secret", 0 },
	{ "link for the number", 401, "",
	  "{\"error\":\"invalid_client\",\"error_codes\":[7000215]}",
	  ERR_AUTH, "AADSTS7000215", "sign in at h: invalid_client",
	  "https://login.microsoftonline.com/error?code=7000215", 0 },
	{ "number from the text", 400, "",
	  "{\"error\":\"invalid_request\",\"error_description\":"
	  "\"AADSTS90002: Tenant 'x' not found. Trace ID: T-1 "
	  "Correlation ID: C-2\"}",
	  ERR_CONFIG, "AADSTS90002", "Tenant 'x' not found.", "tenant_id", 0 },
	{ "unknown number", 400, "",
	  "{\"error\":\"unauthorized_client\",\"error_codes\":[123456789]}",
	  ERR_AUTH, "AADSTS123456789", "unauthorized_client", "client_id", 0 },
	{ "no number", 401, "", "{\"error\":\"invalid_client\"}",
	  ERR_AUTH, "invalid_client", "invalid_client", "client_secret", 0 },
	{ "app unknown", 400, "",
	  "{\"error\":\"unauthorized_client\",\"error_codes\":[700016]}",
	  ERR_AUTH, "AADSTS700016", "", "Directory (tenant) ID", 0 },
	{ "scope", 400, "",
	  "{\"error\":\"invalid_scope\",\"error_codes\":[70011]}",
	  ERR_CONFIG, "AADSTS70011", "", "/.default", 0 },
	{ "resource", 400, "",
	  "{\"error\":\"invalid_resource\",\"error_codes\":[500011]}",
	  ERR_CONFIG, "AADSTS500011", "", "graph_url", 0 },
	{ "conditional access", 400, "",
	  "{\"error\":\"invalid_grant\",\"error_codes\":[53003]}",
	  ERR_AUTH, "AADSTS53003", "", "IP address", 0 },
	{ "loop", 400, "",
	  "{\"error\":\"invalid_grant\",\"error_codes\":[50196]}",
	  ERR_RETRY, "AADSTS50196", "", "token_cache", 0 },
	{ "passing number, definite error", 401, "",
	  "{\"error\":\"invalid_client\",\"error_codes\":[50033]}",
	  ERR_AUTH, "AADSTS50033", "", "", 0 },
	{ "temporarily unavailable", 400, "",
	  "{\"error\":\"temporarily_unavailable\",\"error_codes\":[90033]}",
	  ERR_RETRY, "AADSTS90033", "", "by itself", 0 },
	{ "lasting number, passing error", 400, "",
	  "{\"error\":\"temporarily_unavailable\",\"error_codes\":[7000215]}",
	  ERR_RETRY, "AADSTS7000215", "", "", 0 },
	{ "throttled", 429, "Retry-After: 2.128\r\n",
	  "{\"error\":\"invalid_request\",\"error_codes\":[90055]}",
	  ERR_RETRY, "AADSTS90055", "", "token_cache", 2128 },
	{ "unknown error", 400, "", "{\"error\":\"new_thing\"}",
	  ERR_AUTH, "new_thing", "new_thing", "", 0 },
	{ "server error with words", 500, "",
	  "{\"error\":\"invalid_client\"}",
	  ERR_RETRY, "invalid_client", "", "", 0 },
	{ "empty 503", 503, "Retry-After: 120\r\n", "",
	  ERR_RETRY, "503", "HTTP 503 and nothing else", "later", 120000 },
	{ "Retry-After as date", 503,
	  "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", "",
	  ERR_RETRY, "503", "", "", 60000 },
	{ "page of a proxy", 403, "",
	  "<html><head><TITLE>Access\n denied</TITLE></head>...",
	  ERR_CONFIG, "403", "\"Access  denied\"", "proxy", 0 },
	{ "not found", 404, "", "no such thing", ERR_CONFIG, "404",
	  "\"no such thing\"", "login_url", 0 },
	{ "array", 400, "", "[1]", ERR_CONFIG, "400", "", "", 0 },
	{ "error is an object", 400, "", "{\"error\":{}}", ERR_CONFIG, "400",
	  "", "", 0 },
	{ "codes are strings", 400, "",
	  "{\"error\":\"invalid_scope\",\"error_codes\":[\"7000215\"]}",
	  ERR_CONFIG, "invalid_scope", "", "", 0 },
	{ "negative number", 400, "",
	  "{\"error\":\"invalid_scope\",\"error_codes\":[-5]}",
	  ERR_CONFIG, "invalid_scope", "", "", 0 },
	{ "huge number", 400, "",
	  "{\"error\":\"invalid_scope\",\"error_codes\":[123456789012345]}",
	  ERR_CONFIG, "invalid_scope", "", "", 0 },
	{ "code with blanks", 400, "", "{\"error\":\"a b\\u001b[2J\"}",
	  ERR_AUTH, "", "a b?[2J", "", 0 },
	{ "echo of the form", 400, "",
	  "grant_type=x&client_secret=TOPSECRET", ERR_CONFIG, "400",
	  "not shown", "", 0 },
	{ "echo in the words", 400, "",
	  "{\"error\":\"invalid_request\",\"error_description\":"
	  "\"got client_secret=TOPSECRET\"}", ERR_CONFIG, "invalid_request",
	  "not shown", "", 0 },
	{ "echo in a page", 502, "",
	  "<title>x</title>Authorization: Basic VE9QU0VDUkVU", ERR_RETRY,
	  "502", "not shown", "", 0 },
	{ "parameter named, not shown", 400, "",
	  "{\"error\":\"invalid_client\","
	  "\"error_description\":\"AADSTS7000218: "
	  "must contain 'client_assertion' or 'client_secret'.\"}",
	  ERR_AUTH, "AADSTS7000218", "'client_secret'.", "", 0 },
	/* clang-format on */
};

static void
test_token(void)
{
	struct http_answer a;
	struct err e;

	for (size_t i = 0; i < sizeof(token_cases) / sizeof(*token_cases);
	     i++) {
		const char *name = token_cases[i].name;

		make_answer(&a, token_cases[i].status, token_cases[i].fields,
		    str_of(token_cases[i].body));
		T_CHECK(!fault_token(&a, STR("sign in at h"), NOW, &e), "%s",
		    name);
		T_CHECK(e.kind == token_cases[i].kind, "%s: %s", name,
		    err_kind_name(e.kind));
		T_CHECK(strcmp(e.code, token_cases[i].code) == 0, "%s: %s",
		    name, e.code);
		T_CHECK(has(e.msg, token_cases[i].msg), "%s: %s", name, e.msg);
		T_CHECK(has(e.remedy, token_cases[i].remedy), "%s: %s", name,
		    e.remedy);
		T_CHECK(e.retry_after_ms == token_cases[i].retry_after_ms,
		    "%s: %lld", name, (long long)e.retry_after_ms);
		T_CHECK(!has(e.msg, "SECRET") && !has(e.remedy, "SECRET"),
		    "%s: %s", name, e.msg);
		drop_answer(&a);
	}
}

static const struct {
	const char *name;
	int status;
	const char *fields, *body;
	enum err_kind kind;
	int exit;
	const char *code;
	const char *msg, *remedy; /* pieces */
} graph_cases[] = {
	/* clang-format off */
	{ "access denied", 403, "",
	  "{\"error\":{\"code\":\"ErrorAccessDenied\",\"message\":\"Access is "
	  "denied.\",\"innerError\":{\"date\":\"2026-11-23T10:11:12\","
	  "\"request-id\":\"R-1\",\"client-request-id\":\"C-2\"}}}",
	  ERR_AUTH, EX_NOPERM, "ErrorAccessDenied",
	  "sendMail: ErrorAccessDenied, HTTP 403: Access is denied. "
	  "(request-id R-1, client-request-id C-2, 2026-11-23T10:11:12)",
	  "> Mail.Send, then Grant admin consent" },
	{ "application access policy", 403, "",
	  "{\"error\":{\"code\":\"ErrorAccessDenied\",\"message\":\"Access to "
	  "OData is disabled: [RAOP] : Blocked by tenant configured AppOnly "
	  "AccessPolicy settings.\"}}", ERR_AUTH, EX_NOPERM,
	  "ErrorAccessDenied", "[RAOP]", "Get-ApplicationAccessPolicy" },
	{ "RAOP alone decides nothing", 503, "",
	  "{\"error\":{\"code\":\"ErrorServerBusy\",\"message\":\"[RAOP]\"}}",
	  ERR_RETRY, EX_TEMPFAIL, "ErrorServerBusy", "", "" },
	{ "ids in the head", 404,
	  "request-id: R-9\r\nclient-request-id: C-9\r\n"
	  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
	  "{\"error\":{\"code\":\"ErrorInvalidUser\",\"message\":\"m\"}}",
	  ERR_CONFIG, EX_CONFIG, "ErrorInvalidUser",
	  "(request-id R-9, client-request-id C-9, Sun, 06 Nov 1994",
	  "the setting mailbox" },
	{ "innererror, other case", 400, "",
	  "{\"Error\":{\"Code\":\"requestentitytoolarge\",\"MESSAGE\":\"m\","
	  "\"innererror\":{\"Request-Id\":\"R-1\"}}}", ERR_REFUSED,
	  EX_UNAVAILABLE, "requestentitytoolarge", "request-id R-1", "4 MB" },
	{ "the inner code is known", 429, "",
	  "{\"error\":{\"code\":\"NewThing\",\"message\":\"out\","
	  "\"innerError\":{\"code\":\"TooManyRequests\",\"message\":\"in\"}}}",
	  ERR_RETRY, EX_TEMPFAIL, "TooManyRequests", ": out", "" },
	{ "the innermost known code", 500, "",
	  "{\"error\":{\"code\":\"generalException\",\"innerError\":{"
	  "\"code\":\"ErrorMailboxMoveInProgress\",\"innerError\":{"
	  "\"code\":\"Unheard\"}}}}", ERR_RETRY, EX_TEMPFAIL,
	  "ErrorMailboxMoveInProgress", "", "" },
	{ "unknown code: the status", 403, "",
	  "{\"error\":{\"code\":\"Unheard\",\"message\":\"m\"}}", ERR_AUTH,
	  EX_NOPERM, "Unheard", "Unheard, HTTP 403: m", "Mail.Send" },
	{ "recipients", 400, "",
	  "{\"error\":{\"code\":\"ErrorInvalidRecipients\",\"message\":\"m\"}}",
	  ERR_REFUSED, EX_NOUSER, "ErrorInvalidRecipients", "", "address" },
	{ "send as", 403, "",
	  "{\"error\":{\"code\":\"ErrorSendAsDenied\",\"message\":\"m\"}}",
	  ERR_REFUSED, EX_UNAVAILABLE, "ErrorSendAsDenied", "", "Send as" },
	{ "no mailbox", 404, "",
	  "{\"error\":{\"code\":\"MailboxNotEnabledForRESTAPI\"}}", ERR_CONFIG,
	  EX_CONFIG, "MailboxNotEnabledForRESTAPI", "", "Licenses" },
	{ "our mistake", 400, "",
	  "{\"error\":{\"code\":\"ErrorMimeContentInvalidBase64String\"}}",
	  ERR_BUG, EX_SOFTWARE, "ErrorMimeContentInvalidBase64String", "",
	  "bug" },
	{ "unsure", 500, "", "{\"error\":{\"code\":\"UnknownError\"}}",
	  ERR_UNSURE, 76, "UnknownError", "", "Sent Items" },
	{ "busy behind a gateway", 504, "",
	  "{\"error\":{\"code\":\"ServiceNotAvailable\"}}", ERR_UNSURE, 76,
	  "ServiceNotAvailable", "", "" },
	{ "token refused", 401, "",
	  "{\"error\":{\"code\":\"InvalidAuthenticationToken\","
	  "\"message\":\"Lifetime validation failed.\"}}", ERR_AUTH,
	  EX_NOPERM, "InvalidAuthenticationToken", "Lifetime", "graph_url" },
	{ "challenge", 401,
	  "WWW-Authenticate: Bearer realm=\"\", error=\"insufficient_claims\", "
	  "claims=\"eyJ4\"\r\n",
	  "{\"error\":{\"code\":\"InvalidAuthenticationToken\"}}", ERR_AUTH,
	  EX_NOPERM, "insufficient_claims", "", "Sign-in logs" },
	{ "a success with an error", 200, "",
	  "{\"error\":{\"code\":\"ErrorInvalidRecipients\"}}", ERR_UNSURE, 76,
	  "ErrorInvalidRecipients", "", "" },
	{ "empty success", 200, "", "", ERR_UNSURE, 76, "200", "HTTP 200",
	  "Sent Items" },
	{ "created instead", 201, "", "", ERR_UNSURE, 76, "201", "HTTP 201",
	  "" },
	{ "page", 502, "request-id: R-3\r\n",
	  " <!DOCTYPE html><title lang=\"en\">502 Bad Gateway</title>",
	  ERR_UNSURE, 76, "502", "\"502 Bad Gateway\" (request-id R-3)",
	  "proxy" },
	{ "page without title", 403, "", "<h1>No</h1>", ERR_AUTH, EX_NOPERM,
	  "403", "a web page of some proxy or gateway: \"<h1>No</h1>\"",
	  "firewall" },
	{ "redirect", 302, "Location: http://portal.example/\r\n", "",
	  ERR_CONFIG, EX_CONFIG, "302", "http://portal.example/", "proxy" },
	{ "words only", 400, "", "{\"error\":{\"message\":\"just words\"}}",
	  ERR_RETRY, EX_TEMPFAIL, "400", "HTTP 400: just words", "gateway" },
	{ "error is a string", 400, "", "{\"error\":\"just words\"}",
	  ERR_RETRY, EX_TEMPFAIL, "400", "just words", "" },
	{ "page of a gateway", 400, "", "<title>Bad Request</title>",
	  ERR_RETRY, EX_TEMPFAIL, "400", "\"Bad Request\"", "gateway" },
	{ "compressed", 422, "", "\x1f\x8b\x08", ERR_RETRY, EX_TEMPFAIL, "422",
	  "HTTP 422", "" },
	{ "an error that was cut", 400, "",
	  "{\"error\":{\"code\":\"ErrorInvalidRecipients\",\"mess",
	  ERR_RETRY, EX_TEMPFAIL, "400", "HTTP 400", "" },
	{ "too large for a proxy", 413, "", "<title>Too Large</title>",
	  ERR_CONFIG, EX_CONFIG, "413", "\"Too Large\"", "mime_limit" },
	{ "unknown code, 400", 400, "", "{\"error\":{\"code\":\"NewThing\"}}",
	  ERR_REFUSED, EX_UNAVAILABLE, "NewThing", "", "" },
	{ "unknown code, 413", 413, "", "{\"error\":{\"code\":\"NewThing\"}}",
	  ERR_REFUSED, EX_UNAVAILABLE, "NewThing", "", "" },
	{ "unknown code, 415", 415, "", "{\"error\":{\"code\":\"NewThing\"}}",
	  ERR_BUG, EX_SOFTWARE, "NewThing", "", "" },
	{ "429 decides", 429, "",
	  "{\"error\":{\"code\":\"ErrorAccessDenied\"}}", ERR_RETRY,
	  EX_TEMPFAIL, "ErrorAccessDenied", "", "Nothing: it can be sent" },
	{ "429 and an ambiguous code", 429, "",
	  "{\"error\":{\"code\":\"UnknownError\"}}", ERR_RETRY, EX_TEMPFAIL,
	  "UnknownError", "", "" },
	{ "5xx and a code that lasts", 503, "",
	  "{\"error\":{\"code\":\"ErrorInvalidRecipients\"}}", ERR_RETRY,
	  EX_TEMPFAIL, "ErrorInvalidRecipients", "", "Nothing:" },
	{ "500, the same", 500, "",
	  "{\"error\":{\"code\":\"ErrorInvalidRequest\"}}", ERR_RETRY,
	  EX_TEMPFAIL, "ErrorInvalidRequest", "", "Nothing:" },
	{ "504, the same", 504, "",
	  "{\"error\":{\"code\":\"ErrorInvalidUser\"}}", ERR_UNSURE, 76,
	  "ErrorInvalidUser", "", "" },
	{ "an extension that is away", 503, "",
	  "{\"error\":{\"code\":\"ExtensionError\"}}", ERR_RETRY, EX_TEMPFAIL,
	  "ExtensionError", "", "Nothing:" },
	{ "no permission in the token", 401, "",
	  "{\"error\":{\"code\":\"NoPermissionsInAccessToken\"}}", ERR_AUTH,
	  EX_NOPERM, "NoPermissionsInAccessToken", "", "2 hours" },
	{ "code is a number", 404, "", "{\"error\":{\"code\":7}}", ERR_CONFIG,
	  EX_CONFIG, "404", "", "" },
	{ "endless chain", 500, "",
	  "{\"error\":{\"innerError\":{\"innerError\":{\"innerError\":{"
	  "\"innerError\":{\"innerError\":{\"innerError\":{\"innerError\":{"
	  "\"innerError\":{\"innerError\":{\"code\":\"ErrorServerBusy\"}}}}}}}"
	  "}}}}", ERR_UNSURE, 76, "500", "", "" },
	{ "terminal escapes", 400, "",
	  "{\"error\":{\"code\":\"a\\u001b[2Jb\",\"message\":\"c\\u001b[2J\"}}",
	  ERR_RETRY, EX_TEMPFAIL, "", "c?[2J", "" },
	{ "echoed token", 400, "",
	  "{\"error\":{\"code\":\"BadRequest\",\"message\":"
	  "\"bad token eyJSECRET\"}}", ERR_REFUSED, EX_UNAVAILABLE,
	  "BadRequest", "not shown", "" },
	/* clang-format on */
};

static void
test_graph(void)
{
	struct http_answer a;
	struct err e;

	for (size_t i = 0; i < sizeof(graph_cases) / sizeof(*graph_cases);
	     i++) {
		const char *name = graph_cases[i].name;

		make_answer(&a, graph_cases[i].status, graph_cases[i].fields,
		    str_of(graph_cases[i].body));
		T_CHECK(!fault_graph(&a, STR("sendMail"), NOW, &e), "%s", name);
		T_CHECK(e.kind == graph_cases[i].kind, "%s: %s", name,
		    err_kind_name(e.kind));
		T_CHECK(err_exit(&e) == graph_cases[i].exit, "%s: exit %d",
		    name, err_exit(&e));
		T_CHECK(strcmp(e.code, graph_cases[i].code) == 0, "%s: %s",
		    name, e.code);
		T_CHECK(has(e.msg, graph_cases[i].msg), "%s: %s", name, e.msg);
		T_CHECK(has(e.remedy, graph_cases[i].remedy), "%s: %s", name,
		    e.remedy);
		T_CHECK(!has(e.msg, "SECRET"), "%s: %s", name, e.msg);
		drop_answer(&a);
	}
}

/* What a few codes mean beside their kind. */
static const struct {
	const char *code;
	int status;
	unsigned tries;
	int64_t rest_ms;
	bool uncounted, alone;
} extras[] = {
	/* clang-format off */
	{ "ErrorMimeContentConversionFailed", 500, 3, 0, false, false },
	{ "ErrorContentConversionFailed", 500, 3, 0, false, false },
	{ "ErrorVirusDetected", 500, 3, 0, false, false },
	{ "ErrorVirusDetected", 400, 0, 0, false, false },
	{ "ErrorSubmissionQuotaExceeded", 500, 0, 3600000, false, false },
	{ "ErrorExceededMessageLimit", 403, 0, 3600000, false, false },
	{ "ErrorExceededMessageLimit", 429, 0, 3600000, false, false },
	{ "ErrorExceededMessageLimit", 200, 0, 0, false, false },
	{ "ErrorMailboxMoveInProgress", 503, 0, 0, true, false },
	{ "ErrorServerBusy", 503, 0, 0, false, false },
	{ "", 413, 0, 0, false, true },
	{ "RequestEntityTooLarge", 413, 0, 0, false, false },
	{ "ErrorAccessDenied", 403, 0, 0, false, false },
	/* clang-format on */
};

#define GRAPH_BUSY "{\"error\":{\"code\":\"ErrorServerBusy\"}}"

/* Whose word counts for how long: a page that is no answer may be a proxy's. */
static void
test_waits(void)
{
	static const struct {
		const char *name, *fields, *body;
		int64_t graph_ms, token_ms;
	} rows[] = {
		{ "Graph's, a day", "Retry-After: 86400\r\n", GRAPH_BUSY,
		    86400000, 900000 },
		{ "Entra's, a day", "Retry-After: 86400\r\n",
		    "{\"error\":\"temporarily_unavailable\"}", 900000,
		    86400000 },
		{ "Graph's id alone",
		    "request-id: R-1\r\nRetry-After: 86400\r\n", "", 86400000,
		    900000 },
		{ "a page, a day", "Retry-After: 86400\r\n",
		    "<title>Busy</title>", 900000, 900000 },
		{ "a page, 15 min", "Retry-After: 900\r\n",
		    "<title>Busy</title>", 900000, 900000 },
		{ "a page, a second less", "Retry-After: 899\r\n", "", 899000,
		    899000 },
		{ "a page without", "", "<title>Busy</title>", 0, 0 },
	};
	struct http_answer a;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make_answer(&a, 503, rows[i].fields, str_of(rows[i].body));
		(void)fault_graph(&a, STR("x"), NOW, &e);
		T_CHECK(e.retry_after_ms == rows[i].graph_ms, "%s: %lld",
		    rows[i].name, (long long)e.retry_after_ms);
		(void)fault_token(&a, STR("x"), NOW, &e);
		T_CHECK(e.retry_after_ms == rows[i].token_ms, "%s: %lld",
		    rows[i].name, (long long)e.retry_after_ms);
		drop_answer(&a);
	}
}

static void
test_extras(void)
{
	struct http_answer a;
	struct buf body;
	struct err e;

	for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++) {
		buf_init(&body, BODY_LIMIT);
		if (extras[i].code[0] != '\0')
			buf_addf(&body, "{\"error\":{\"code\":\"%s\"}}",
			    extras[i].code);
		make_answer(&a, extras[i].status, "", buf_view(&body));
		(void)fault_graph(&a, STR("x"), NOW, &e);
		T_CHECK(e.tries == extras[i].tries &&
			e.rest_ms == extras[i].rest_ms &&
			e.uncounted == extras[i].uncounted &&
			e.alone == extras[i].alone,
		    "%s %d: %u tries, rests %lld, %d, %d", extras[i].code,
		    extras[i].status, e.tries, (long long)e.rest_ms,
		    e.uncounted, e.alone);
		T_CHECK(extras[i].tries == 0 || e.kind == ERR_RETRY, "%s",
		    extras[i].code);
		drop_answer(&a);
		buf_release(&body);
	}
}

/* What each status means where nothing else is known. */
static const struct {
	int first, last;
	enum err_kind graph, token;
} statuses[] = {
	/* clang-format off */
	{ 200, 299, ERR_UNSURE, ERR_CONFIG },
	{ 300, 399, ERR_CONFIG, ERR_CONFIG },
	{ 400, 400, ERR_RETRY, ERR_CONFIG },
	{ 401, 401, ERR_AUTH, ERR_AUTH },
	{ 402, 402, ERR_CONFIG, ERR_CONFIG },
	{ 403, 403, ERR_AUTH, ERR_CONFIG },
	{ 404, 404, ERR_CONFIG, ERR_CONFIG },
	{ 405, 406, ERR_RETRY, ERR_CONFIG },
	{ 407, 407, ERR_CONFIG, ERR_CONFIG },
	{ 408, 408, ERR_RETRY, ERR_RETRY },
	{ 409, 409, ERR_RETRY, ERR_CONFIG },
	{ 411, 411, ERR_RETRY, ERR_CONFIG },
	{ 413, 413, ERR_CONFIG, ERR_CONFIG },
	{ 415, 418, ERR_RETRY, ERR_CONFIG },
	{ 424, 424, ERR_UNSURE, ERR_CONFIG },
	{ 425, 425, ERR_RETRY, ERR_RETRY },
	{ 429, 429, ERR_RETRY, ERR_RETRY },
	{ 500, 500, ERR_UNSURE, ERR_RETRY },
	{ 502, 502, ERR_UNSURE, ERR_RETRY },
	{ 503, 503, ERR_RETRY, ERR_RETRY },
	{ 504, 506, ERR_UNSURE, ERR_RETRY },
	{ 507, 507, ERR_RETRY, ERR_RETRY },
	{ 509, 509, ERR_RETRY, ERR_RETRY },
	{ 599, 599, ERR_UNSURE, ERR_RETRY },
	/* clang-format on */
};

static void
test_statuses(void)
{
	struct http_answer a;
	struct err e;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		for (int s = statuses[i].first; s <= statuses[i].last; s++) {
			make_answer(&a, s, "", STR(""));
			(void)fault_graph(&a, STR("x"), NOW, &e);
			T_CHECK(e.kind == statuses[i].graph, "%d: %s", s,
			    err_kind_name(e.kind));
			T_CHECK(e.remedy[0] != '\0', "%d", s);
			(void)fault_token(&a, STR("x"), NOW, &e);
			T_CHECK(e.kind == statuses[i].token, "%d: token %s", s,
			    err_kind_name(e.kind));
			drop_answer(&a);
		}
}

/* A body that came and could not be kept is not nothing. */
static void
test_cut(void)
{
	struct http_answer a;
	struct err e;

	make_answer(&a, 400, "", STR(""));
	a.cut = true;
	err_set(&a.why, ERR_RETRY, "h: its answer is compressed");
	(void)fault_graph(&a, STR("x"), NOW, &e);
	T_CHECK(e.kind == ERR_RETRY &&
		has(e.msg, "x: HTTP 400: h: its answer is compressed"),
	    "%s", e.msg);
	drop_answer(&a);
}

/* Whatever comes, the whole error fits and its ids are not cut off. */
static void
test_long_texts(void)
{
	struct http_answer a;
	struct buf body;
	struct err e;

	buf_init(&body, BODY_LIMIT);
	buf_addz(&body,
	    "{\"error\":{\"code\":\"ErrorAccessDenied\","
	    "\"innerError\":{\"request-id\":\"R-1\"},"
	    "\"message\":\"");
	for (size_t i = 0; i < 2000; i++)
		buf_addz(&body, "\xe2\x82\xac");
	buf_addz(&body, " [RAOP]\"}}");
	make_answer(&a, 403, "", buf_view(&body));
	(void)fault_graph(&a, buf_view(&body), NOW, &e);
	T_CHECK(has(e.msg, "(request-id R-1)"), "%s", e.msg);
	T_CHECK(utf8_is_valid(str_of(e.msg)), "%s", e.msg);
	T_CHECK(has(e.remedy, "2 hours."), "%s", e.remedy);
	drop_answer(&a);
	buf_release(&body);
}

static void
scenario(void)
{
	struct http_answer a;
	struct err e;

	make_answer(&a, 400, "",
	    STR("{\"error\":{\"code\":\"ErrorQuotaExceeded\"}}"));
	(void)fault_graph(&a, STR("x"), NOW, &e);
	/* Never given up, only because memory was short. */
	T_CHECK(e.kind == ERR_CONFIG || e.kind == ERR_RETRY || a.body.n == 0,
	    "%s", e.msg);
	(void)fault_token(&a, STR("x"), NOW, &e);
	drop_answer(&a);
}

static void
test_allocations(void)
{
	t_each_allocation_fails(scenario);
}

/* Each body as an answer of either service: an error with a safe text. */
static void
check_hostile(const char *path, void *arg)
{
	static const int status[] = { 200, 400, 401, 403, 429, 500 };
	struct http_answer a;
	struct buf body;
	struct err e;

	(void)arg;
	if (!str_ends(str_of(path), STR(".json")))
		return;
	buf_init(&body, BODY_LIMIT);
	t_read_file(path, &body);
	for (size_t i = 0; i < sizeof(status) / sizeof(*status); i++) {
		make_answer(&a, status[i], "", buf_view(&body));
		T_CHECK(!fault_token(&a, STR("x"), NOW, &e), "%s", path);
		T_CHECK(!has(e.msg, "\033") && !has(e.msg, "access_token"),
		    "%s: %s", path, e.msg);
		T_CHECK(!fault_graph(&a, STR("x"), NOW, &e), "%s", path);
		T_CHECK(!has(e.msg, "\033") && !has(e.msg, "access_token"),
		    "%s: %s", path, e.msg);
		T_CHECK(status[i] != 200 || e.kind == ERR_UNSURE, "%s", path);
		drop_answer(&a);
	}
	buf_release(&body);
}

static void
test_hostile(void)
{
	const char *shared = t_shared();
	struct buf path;

	if (shared == NULL) {
		t_skip("no shared folder");
		return;
	}
	buf_init(&path, 4096);
	buf_addf(&path, "%s/corpora/json-graph-hostile", shared);
	T_CHECK(t_each_file(path.p, check_hostile, NULL) > 20, "%s", path.p);
	buf_release(&path);
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "tables", test_tables },
		{ "all rows", test_golden },
		{ "find", test_find },
		{ "token", test_token },
		{ "graph", test_graph },
		{ "waits", test_waits },
		{ "extras", test_extras },
		{ "statuses", test_statuses },
		{ "long texts", test_long_texts },
		{ "cut", test_cut },
		{ "allocations", test_allocations },
		{ "hostile corpus", test_hostile },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
