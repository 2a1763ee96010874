/* SPDX-License-Identifier: MIT */
#include "command/explain.h"

#include <string.h>
#include <sysexits.h>

#include "command.h"
#include "graph/fault.h"
#include "t.h"

static const struct cli_command explain = { "explain", explain_main, "[CODE]",
	"Says what an error code means.", explain_options, TEXT_NONE, NULL };

static const struct {
	const char *name;
	const char *argv[4];
	int code;
	const char *out, *err; /* pieces */
	const char *not_out;
} cases[] = {
	/* clang-format off */
	{ "number", { "AADSTS7000215" }, EX_OK,
	  "AADSTS7000215 (auth, exit status 77)\n  means The client secret",
	  "", "ErrorAccessDenied" },
	{ "JSON", { "--json", "x AADSTS7000215: y" }, EX_OK,
	  "{\"asked\":\"x AADSTS7000215: y\",\"code\":\"AADSTS7000215\","
	  "\"name\":\"AADSTS7000215\",\"kind\":\"auth\",\"exit\":77,"
	  "\"meaning\":\"The client secret is wrong.\",\"then\":\"", "",
	  "means" },
	{ "JSON, where to look", { "7000215", "--json" }, EX_OK,
	  "\"retry\":false,\"see\":\"https://login.microsoftonline.com/error?"
	  "code=7000215\"}\n", "", NULL },
	{ "JSON, status", { "HTTP", "429", "--json" }, EX_OK,
	  "{\"asked\":\"429\",\"code\":\"429\",\"name\":\"HTTP 429\","
	  "\"kind\":\"retry\",\"exit\":75,", "", "\"see\"" },
	{ "JSON, done", { "0", "--json" }, EX_OK,
	  "\"name\":\"exit status 0\",\"kind\":\"none\",\"exit\":0,", "",
	  NULL },
	{ "JSON, one unknown", { "xx", "429", "--json" }, EX_USAGE,
	  "{\"asked\":\"429\"", "unknown code \"xx\"", "xx" },
	{ "JSON, all", { "--json" }, EX_OK,
	  "\"code\":\"5.7.708\",\"name\":\"5.7.708\"", "", "{\"asked" },
	{ "where to look", { "7000215" }, EX_OK,
	  "error?code=7000215\n", "", NULL },
	{ "number alone", { "700016" }, EX_OK, "AADSTS700016 (", "", NULL },
	{ "Graph", { "erroraccessdenied" }, EX_OK,
	  "ErrorAccessDenied (auth, exit status 77)", "", "error?code" },
	{ "recipient", { "ErrorInvalidRecipients" }, EX_OK,
	  "(refused, exit status 67)", "", NULL },
	{ "status", { "503" }, EX_OK, "HTTP 503 (retry, exit status 75)", "",
	  "error?code" },
	{ "unsure", { "504" }, EX_OK, "may have been sent", "", NULL },
	{ "token error", { "invalid_client" }, EX_OK, "invalid_client (auth",
	  "", NULL },
	{ "two", { "7000222", "ErrorSendAsDenied" }, EX_OK,
	  "\n\nErrorSendAsDenied (refused", "", NULL },
	{ "pasted text", { "AADSTS90002: Tenant 'x' not found." }, EX_OK,
	  "AADSTS90002 (config, exit status 78)", "", NULL },
	{ "pasted line of a log",
	  { "x: sendMail for a@b: ErrorServerBusy, HTTP 503: y" }, EX_OK,
	  "ErrorServerBusy (retry", "", "HTTP 503" },
	{ "status in a text", { "curl: (22) HTTP 403" }, EX_OK, "HTTP 403 (",
	  "", NULL },
	{ "status as the list has it", { "HTTP", "407" }, EX_OK,
	  "HTTP 407 (config", "", NULL },
	{ "report", { "550 5.7.501" }, EX_OK,
	  "5.7.501 (refused, exit status 69)\n  means The sender is blocked",
	  "", "HTTP" },
	{ "report in a text", { "550 5.1.10 RESOLVER.ADR.RecipientNotFound" },
	  EX_OK, "5.1.10 (refused", "", NULL },
	{ "report pasted whole",
	  { "550 5.7.708 Service unavailable. Access denied, traffic not "
	    "accepted from this IP. For more information please go to "
	    "http://go.microsoft.com/fwlink/?LinkId=526653 [x.PROD.OUTLOOK.COM "
	    "2027-03-01T10:00:00.000Z 08DD]" },
	  EX_OK, "5.7.708 (refused", "", "HTTP" },
	{ "report of a range", { "550 5.7.612 Access denied, banned" }, EX_OK,
	  "5.7.606-649 (refused", "", NULL },
	{ "below the range", { "550 5.7.605" }, EX_USAGE, "",
	  "delivery report", NULL },
	{ "above the range", { "550 5.7.650" }, EX_USAGE, "",
	  "delivery report", NULL },
	{ "one of a range by itself", { "5.7.705" }, EX_OK,
	  "5.7.705 (refused", "", "5.7.700" },
	{ "one that a range holds", { "5.2.252" }, EX_OK,
	  "5.2.252 (refused", "", NULL },
	{ "Exchange's own word",
	  { "554 5.2.0 STOREDRV.Submission.Exception:"
	    "SubmissionQuotaExceededException; Failed to process message" },
	  EX_OK, "SubmissionQuotaExceededException (retry", "", "5.2.0 (" },
	{ "range as the list has it", { "5.7.606-649" }, EX_OK,
	  "5.7.606-649 (refused", "", NULL },
	{ "unknown report is no status", { "550 5.7.404" }, EX_USAGE, "",
	  "delivery report", "HTTP 404" },
	{ "an address is no report", { "5.7.50.1: HTTP 503" }, EX_OK,
	  "HTTP 503 (", "", NULL },
	{ "exit status", { "75" }, EX_OK,
	  "exit status 75 (retry, exit status 75)\n  means Not now", "",
	  "HTTP" },
	{ "exit status in words", { "exit status 77" }, EX_OK,
	  "exit status 77 (auth", "", NULL },
	{ "exit status of three", { "exit", "status", "78" }, EX_OK,
	  "exit status 78 (config", "", NULL },
	{ "unknown", { "xyzzy" }, EX_USAGE, "", "unknown code \"xyzzy\"",
	  NULL },
	{ "a letter wrong", { "ErrorAccesDenied" }, EX_USAGE, "",
	  "did you mean ErrorAccessDenied?", NULL },
	{ "a piece", { "Recipients" }, EX_USAGE, "",
	  "ErrorInvalidRecipients, ErrorMissingRecipients", NULL },
	{ "a digit wrong", { "AADSTS7000219" }, EX_USAGE, "", "7000215",
	  NULL },
	{ "known and unknown", { "xyzzy", "429" }, EX_USAGE, "HTTP 429 (",
	  "unknown code", NULL },
	{ "empty", { "" }, EX_USAGE, "", "unknown code \"\"", NULL },
	{ "option", { "--nonsense" }, EX_USAGE, "", "unknown option", NULL },
	{ "help", { "--help" }, EX_OK, "[CODE]", "", "7000215" },
	{ "all", { NULL }, EX_OK, "AADSTS7000215", "", NULL },
	{ "all, aligned", { NULL }, EX_OK,
	  "\nErrorAccessDenied               The app may not", "", NULL },
	{ "all, a long one", { NULL }, EX_OK,
	  "\nErrorAttachmentSizeShouldNotBeLessThanMinimumSize\n"
	  "                                The file", "",
	  NULL },
	/* clang-format on */
};

static bool
has(const struct buf *text, const char *piece)
{
	return *piece == '\0' ||
	    str_find(buf_view(text), str_of(piece)) < text->n;
}

static void
test_rows(void)
{
	struct command_run run = { .command = &explain };
	struct command_result r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(run.argv, 0, sizeof(run.argv));
		memcpy(run.argv, cases[i].argv, sizeof(cases[i].argv));
		command_run(&run, &r);
		T_CHECK(r.code == cases[i].code, "%s: exit %d", cases[i].name,
		    r.code);
		T_CHECK(has(&r.out, cases[i].out), "%s: %.1000s", cases[i].name,
		    r.out.p);
		T_CHECK(has(&r.err, cases[i].err), "%s: %s", cases[i].name,
		    r.err.p);
		T_CHECK(cases[i].not_out == NULL ||
			!has(&r.out, cases[i].not_out),
		    "%s: %s", cases[i].name, r.out.p);
		T_CHECK((r.err.n == 0) == (cases[i].code == EX_OK), "%s: %s",
		    cases[i].name, r.err.p);
		command_release(&r);
	}
}

/* Their texts keep within 80 columns, end their lines, and stand apart. */
static void
check_texts(const struct command_run *run, size_t n)
{
	struct command_result r;
	struct str rest, line;
	size_t texts = 1;

	command_run(run, &r);
	T_CHECK(r.code == EX_OK, "%s", run->argv[0]);
	rest = buf_view(&r.out);
	T_CHECK(str_ends(rest, STR("\n")), "%s", run->argv[0]);
	rest.n -= rest.n > 0;
	while (str_next(&rest, '\n', &line)) {
		T_CHECK(line.n < 80 && !str_ends(line, STR(" ")), "%.*s",
		    STR_ARG(line));
		texts += line.n == 0;
	}
	T_CHECK(texts == n, "%s and behind it: %zu texts of %zu codes",
	    run->argv[0], texts, n);
	command_release(&r);
}

/* Every code, as many in a call as fit: each call unpacks the texts. */
static void
test_width(void)
{
	struct command_run run = { .command = &explain };
	const struct fault *f;
	size_t n = 0;

	for (size_t i = 0; (f = fault_at(i)) != NULL; i++) {
		run.argv[n++] = f->code;
		if (n < COMMAND_ARGS_MAX - 1 && fault_at(i + 1) != NULL)
			continue;
		check_texts(&run, n);
		memset(run.argv, 0, sizeof(run.argv));
		n = 0;
	}
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "rows", test_rows },
		{ "width", test_width },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
