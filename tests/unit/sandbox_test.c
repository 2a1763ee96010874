/* SPDX-License-Identifier: MIT */
#include "command/sandbox.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/base64.h"
#include "sandbox/graph.h"
#include "sandbox/keep.h"
#include "sandbox/login.h"
#include "sandbox/serve.h"
#include "t.h"

#define S        STR_INIT
#define N(table) (sizeof(table) / sizeof((table)[0]))

enum { NOW = 1795000000 };

/* --- the services ------------------------------------------------------ */

static const char tenant[] = "11111111-2222-4333-8444-555555555555";
#define TOKEN_PATH "/11111111-2222-4333-8444-555555555555/oauth2/v2.0/token"
#define FORM       "application/x-www-form-urlencoded"
#define GOOD_FORM                                                              \
	"client_id=the-client&grant_type=client_credentials&"                  \
	"client_secret=a%2Bb%20c&scope=https%3A%2F%2Flocalhost%3A4433%2F"      \
	".default"

static struct sandbox
make_sandbox(void)
{
	struct sandbox s = {
		.tenant = str_of(tenant),
		.client = STR("the-client"),
		.host = STR("localhost"),
		.port = 4433,
		.mailbox = { STR("box@example.com") },
		.n_mailboxes = 1,
		.kept_fd = -1,
	};
	struct err e;

	arena_init(&s.mem, 65536);
	T_CHECK(sandbox_share(&s, &e), "%s", e.msg);
	T_CHECK(secret_set(&s.secret, STR("a+b c"), &e), "%s", e.msg);
	return s;
}

static void
drop_sandbox(struct sandbox *s)
{
	(void)munmap(s->state, sizeof(*s->state));
	secret_release(&s->secret);
	arena_release(&s->mem);
}

static const struct {
	const char *name;
	struct str method, path, type, form;
	int status;
	struct str code;
} login_rows[] = {
	{ "good", S("POST"), S(TOKEN_PATH), S(FORM), S(GOOD_FORM), 200, S("") },
	{ "charset", S("POST"), S(TOKEN_PATH), S(FORM "; charset=utf-8"),
	    S(GOOD_FORM), 200, S("") },
	{ "method", S("GET"), S(TOKEN_PATH), S(FORM), S(GOOD_FORM), 405,
	    S("AADSTS900561") },
	{ "tenant", S("POST"), S("/x/oauth2/v2.0/token"), S(FORM), S(GOOD_FORM),
	    400, S("AADSTS90002") },
	{ "type", S("POST"), S(TOKEN_PATH), S("application/json"), S(GOOD_FORM),
	    400, S("AADSTS9002313") },
	{ "empty", S("POST"), S(TOKEN_PATH), S(FORM), S(""), 400,
	    S("AADSTS900144") },
	{ "twice", S("POST"), S(TOKEN_PATH), S(FORM),
	    S(GOOD_FORM "&client_id=the-client"), 400, S("AADSTS9002313") },
	{ "unknown", S("POST"), S(TOKEN_PATH), S(FORM),
	    S(GOOD_FORM "&resource=x"), 400, S("AADSTS9002313") },
	{ "percent", S("POST"), S(TOKEN_PATH), S(FORM), S("client_id=%zz"), 400,
	    S("AADSTS9002313") },
	{ "grant", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=password&scope=x"), 400,
	    S("AADSTS70003") },
	{ "client", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=other&grant_type=client_credentials&scope=x&"
	      "client_secret=y"),
	    400, S("AADSTS700016") },
	{ "no secret", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=client_credentials&scope=x"),
	    401, S("AADSTS7000216") },
	{ "secret not encoded", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=client_credentials&scope=x&"
	      "client_secret=a+b+c"),
	    401, S("AADSTS7000215") },
	{ "no default", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=client_credentials&"
	      "client_secret=a%2Bb+c&scope=https://localhost:4433/Mail.Send"),
	    400, S("AADSTS1002012") },
	{ "two scopes", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=client_credentials&"
	      "client_secret=a%2Bb+c&scope=a/.default+b/.default"),
	    400, S("AADSTS70011") },
	{ "unknown resource", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=client_credentials&"
	      "client_secret=a%2Bb+c&scope=https://example.com/.default"),
	    400, S("AADSTS500011") },
	{ "name of a test", S("POST"), S(TOKEN_PATH), S(FORM),
	    S("client_id=the-client&grant_type=client_credentials&"
	      "client_secret=a%2Bb+c&scope=https://graph.test:1/.default"),
	    200, S("") },
};

static void
ask_login(const struct sandbox *s, struct arena *mem, size_t i,
    struct sandbox_answer *a)
{
	struct sandbox_request r = { .now = NOW,
		.life = 3599,
		.mem = mem,
		.id = "request-1" };

	r.method = login_rows[i].method;
	r.path = login_rows[i].path;
	r.content_type = login_rows[i].type;
	r.body = login_rows[i].form;
	login_answer(s, &r, a);
}

static void
check_login(const struct sandbox *s, size_t i)
{
	struct sandbox_answer a;
	struct arena mem;

	arena_init(&mem, SANDBOX_MEMORY_MAX);
	answer_init(&a);
	ask_login(s, &mem, i, &a);
	T_CHECK(a.status == login_rows[i].status, "%s: %d", login_rows[i].name,
	    a.status);
	T_CHECK(str_eq(a.code, login_rows[i].code), "%s: %.*s",
	    login_rows[i].name, STR_ARG(a.code));
	T_CHECK(str_find(buf_view(&a.body), login_rows[i].code) < a.body.n,
	    "%s: the body lacks the code", login_rows[i].name);
	T_CHECK(str_find(buf_view(&a.body), STR("a+b c")) == a.body.n,
	    "%s: the body shows the secret", login_rows[i].name);
	answer_release(&a);
	arena_release(&mem);
}

static void
test_login(void)
{
	struct sandbox s = make_sandbox();

	T_CHECK(login_is_path(STR(TOKEN_PATH)), "the path");
	T_CHECK(!login_is_path(STR("/a/b/oauth2/v2.0/token")), "two parts");
	T_CHECK(!login_is_path(STR("/oauth2/v2.0/token")), "no tenant");
	for (size_t i = 0; i < N(login_rows); i++)
		check_login(&s, i);
	drop_sandbox(&s);
}

static void
test_tokens(void)
{
	struct sandbox s = make_sandbox();
	char name[] = "token-000000";

	sandbox_issue(&s, STR("mine"), true, NOW + 10);
	sandbox_issue(&s, STR("theirs"), false, NOW + 10);
	T_CHECK(sandbox_judge(&s, STR("mine"), NOW + 9) == SANDBOX_TOKEN_GOOD,
	    "good");
	T_CHECK(sandbox_judge(&s, STR("mine"), NOW + 10) ==
		SANDBOX_TOKEN_EXPIRED,
	    "expired");
	T_CHECK(sandbox_judge(&s, STR("theirs"), NOW) == SANDBOX_TOKEN_FOREIGN,
	    "foreign");
	T_CHECK(sandbox_judge(&s, STR("min"), NOW) == SANDBOX_TOKEN_UNKNOWN,
	    "unknown");
	T_CHECK(sandbox_judge(&s, STR(""), NOW) == SANDBOX_TOKEN_UNKNOWN,
	    "empty");
	for (int i = 0; i < SANDBOX_TOKENS; i++) {
		name[11] = (char)('0' + i % 10);
		sandbox_issue(&s, str_of(name), true, NOW + 10);
	}
	T_CHECK(sandbox_judge(&s, STR("mine"), NOW) == SANDBOX_TOKEN_UNKNOWN,
	    "the oldest goes");
	drop_sandbox(&s);
}

#define ADDRESS       "{\"address\":\"a@b.c\"}"
#define TO            "\"toRecipients\":[{\"emailAddress\":" ADDRESS "}]"
#define MESSAGE(more) "{\"message\":{" TO more "}}"
#define FILE_OF(name, bytes)                                                   \
	",\"attachments\":[{\"@odata.type\":\"#microsoft.graph."               \
	"fileAttachment\",\"name\":\"" name "\",\"contentBytes\":\"" bytes     \
	"\"}]"
#define HEADER(name)  "{\"name\":\"" name "\",\"value\":\"v\"}"
#define HEADERS(list) ",\"internetMessageHeaders\":[" list "]"
#define FROM(a)       ",\"from\":{\"emailAddress\":{\"address\":\"" a "\"}}"
#define TIME(zone)                                                             \
	"{\"dateTime\":\"2026-12-01T00:00:00\",\"timeZone\":\"" zone "\"}"
#define BAD_TO(a)                                                              \
	"{\"message\":{\"toRecipients\":[{\"emailAddress\":"                   \
	"{\"address\":\"" a "\"}}]}}"

static const struct {
	const char *name;
	struct str body;
	int status;
	struct str code;
} json_rows[] = {
	{ "least", S(MESSAGE("")), 202, S("") },
	{ "any case", S("{\"Message\":{" TO "},\"SaveToSentItems\":false}"),
	    202, S("") },
	{ "bcc alone",
	    S("{\"message\":{\"bccRecipients\":[{\"emailAddress\":"
	      "{\"name\":\"N\",\"address\":\"a@b.c\"}}]}}"),
	    202, S("") },
	{ "body",
	    S(MESSAGE(",\"body\":{\"contentType\":\"HTML\","
		      "\"content\":\"<p>\"}")),
	    202, S("") },
	{ "file", S(MESSAGE(FILE_OF("x", "aGk="))), 202, S("") },
	{ "header", S(MESSAGE(HEADERS(HEADER("X-a")))), 202, S("") },
	{ "five headers",
	    S(MESSAGE(HEADERS(HEADER("x-a") "," HEADER("x-b") "," HEADER(
		"x-c") "," HEADER("x-d") "," HEADER("x-e")))),
	    202, S("") },
	{ "own from", S(MESSAGE(FROM("BOX@example.com"))), 202, S("") },
	{ "message id",
	    S(MESSAGE(",\"singleValueExtendedProperties\":[{"
		      "\"id\":\"String 0x1035\",\"value\":\"<a@b>\"}]")),
	    202, S("") },

	{ "no JSON", S("{"), 400, S("BadRequest") },
	{ "no object", S("[]"), 400, S("BadRequest") },
	{ "no message", S("{}"), 400, S("RequestBodyRead") },
	{ "unknown parameter", S("{\"message\":{" TO "},\"x\":1}"), 400,
	    S("RequestBodyRead") },
	{ "unknown property", S(MESSAGE(",\"Subject\":\"x\"")), 400,
	    S("RequestBodyRead") },
	{ "twice", S("{\"message\":{" TO "," TO "}}"), 400,
	    S("RequestBodyRead") },
	{ "read-only is ignored", S(MESSAGE(",\"isDraft\":false")), 202,
	    S("") },
	{ "no recipients", S("{\"message\":{\"subject\":\"x\"}}"), 400,
	    S("ErrorInvalidRecipients") },
	{ "reply-to only",
	    S("{\"message\":{\"replyTo\":[{\"emailAddress\":"
	      "{\"address\":\"a@b.c\"}}]}}"),
	    400, S("ErrorInvalidRecipients") },
	{ "empty list", S("{\"message\":{\"toRecipients\":[]}}"), 400,
	    S("ErrorInvalidRecipients") },
	{ "list as string", S("{\"message\":{\"toRecipients\":\"a@b.c\"}}"),
	    400, S("RequestBodyRead") },
	{ "bare string", S("{\"message\":{\"toRecipients\":[\"a@b.c\"]}}"), 400,
	    S("RequestBodyRead") },
	{ "no address",
	    S("{\"message\":{\"toRecipients\":[{\"emailAddress\":{}}]}}"), 400,
	    S("ErrorInvalidRecipients") },
	{ "no at", S(BAD_TO("ab.c")), 400, S("ErrorInvalidRecipients") },
	{ "blank", S(BAD_TO("a b@c.d")), 400, S("ErrorInvalidRecipients") },
	{ "line end in address", S(BAD_TO("a@b.c\\r\\n")), 400,
	    S("ErrorInvalidProperty") },
	{ "name in address", S(BAD_TO("A <a@b.c>")), 400,
	    S("ErrorInvalidRecipients") },
	{ "line end in subject", S(MESSAGE(",\"subject\":\"a\\r\\nBcc: x\"")),
	    400, S("ErrorInvalidProperty") },
	{ "null",
	    S(MESSAGE(",\"subject\":null,\"from\":null,\"flag\":null,"
		      "\"attachments\":null,\"importance\":null")),
	    202, S("") },
	{ "null where it is required", S("{\"message\":null}"), 400,
	    S("RequestBodyRead") },
	{ "item",
	    S(MESSAGE(",\"attachments\":[{\"@odata.type\":"
		      "\"#microsoft.graph.itemAttachment\",\"name\":\"x\","
		      "\"item\":{\"@odata.type\":\"microsoft.graph.message\","
		      "\"subject\":\"in\"}}]")),
	    202, S("") },
	{ "item without one",
	    S(MESSAGE(",\"attachments\":[{\"@odata.type\":"
		      "\"#microsoft.graph.itemAttachment\",\"name\":\"x\"}]")),
	    400, S("RequestBodyRead") },
	{ "flag with an end alone",
	    S(MESSAGE(",\"flag\":{\"dueDateTime\":" TIME("UTC") "}")), 400,
	    S("ErrorInvalidProperty") },
	{ "flag",
	    S(MESSAGE(",\"flag\":{\"flagStatus\":\"flagged\","
		      "\"startDateTime\":" TIME(
			  "UTC") ","
				 "\"dueDateTime\":" TIME(
				     "Pacific Standard Time") "}")),
	    202, S("") },
	{ "flag of another world",
	    S(MESSAGE(",\"flag\":{\"startDateTime\":" TIME("Mars") "}")), 400,
	    S("ErrorInvalidProperty") },
	{ "flag of no day",
	    S(MESSAGE(",\"flag\":{\"startDateTime\":{\"dateTime\":"
		      "\"tomorrow\",\"timeZone\":\"UTC\"}}")),
	    400, S("ErrorInvalidProperty") },
	{ "importance", S(MESSAGE(",\"importance\":\"urgent\"")), 400,
	    S("RequestBodyRead") },
	{ "yes as string", S(MESSAGE(",\"isReadReceiptRequested\":\"yes\"")),
	    400, S("RequestBodyRead") },
	{ "body type",
	    S(MESSAGE(",\"body\":{\"contentType\":\"text/html\","
		      "\"content\":\"x\"}")),
	    400, S("RequestBodyRead") },
	{ "body without content",
	    S(MESSAGE(",\"body\":{\"contentType\":\"text\"}")), 202, S("") },
	{ "body without type", S(MESSAGE(",\"body\":{\"content\":\"text\"}")),
	    202, S("") },
	{ "header without x-", S(MESSAGE(HEADERS(HEADER("List-Id")))), 400,
	    S("InvalidInternetMessageHeader") },
	{ "header with colon", S(MESSAGE(HEADERS(HEADER("x-a:b")))), 400,
	    S("InvalidInternetMessageHeader") },
	{ "six headers",
	    S(MESSAGE(HEADERS(HEADER("x-a") "," HEADER("x-b") "," HEADER(
		"x-c") "," HEADER("x-d") "," HEADER("x-e") "," HEADER("x-f")))),
	    400, S("InvalidInternetMessageHeaderCollection") },
	{ "broken base64", S(MESSAGE(FILE_OF("x", "aGk"))), 400,
	    S("RequestBodyRead") },
	{ "wrapped base64", S(MESSAGE(FILE_OF("x", "aGk=\\r\\n"))), 400,
	    S("ErrorInvalidProperty") },
	{ "file without type",
	    S(MESSAGE(",\"attachments\":[{\"name\":\"x\","
		      "\"contentBytes\":\"\"}]")),
	    400, S("RequestBodyRead") },
	{ "other from", S(MESSAGE(FROM("boss@example.com"))), 403,
	    S("ErrorSendAsDenied") },
};

/* An answer of Graph to a request with a good token. */
static bool
ask_graph(const struct sandbox *s, struct arena *mem, const char *type,
    struct str body, struct sandbox_mail *m)
{
	struct sandbox_request r = { .now = NOW,
		.mem = mem,
		.id = "request-1",
		.method = STR("POST"),
		.path = STR("/v1.0/users/box%40example.com/sendMail"),
		.authorization = STR("Bearer good"),
		.body = body,
		.content_type = str_of(type) };
	struct sandbox_answer a;
	bool taken;

	answer_init(&a);
	taken = sandbox_graph_answer(s, &r, m, &a);
	T_CHECK(taken == (a.status == 202), "taken, but %d", a.status);
	mail_note(m, STR("answer"),
	    arena_fmt(mem, "%d %.*s", a.status, STR_ARG(a.code)));
	answer_release(&a);
	return taken;
}

/* The line of meta that begins with key. */
static struct str
noted(const struct sandbox_mail *m, struct str key)
{
	struct str rest = buf_view(&m->meta), line;

	while (str_next(&rest, '\n', &line))
		if (str_starts(line, key) && line.n > key.n &&
		    line.p[key.n] == ':')
			return str_trim(str_from(line, key.n + 1));
	return STR("");
}

static void
check_mail(const char *name, const char *type, struct str body, int status,
    struct str code)
{
	struct sandbox s = make_sandbox();
	struct sandbox_mail m;
	struct arena mem;
	struct str want;

	sandbox_issue(&s, STR("good"), true, NOW + 10);
	arena_init(&mem, SANDBOX_MEMORY_MAX);
	(void)ask_graph(&s, &mem, type, body, &m);
	want = arena_fmt(&mem, "%d %.*s", status, STR_ARG(code));
	T_CHECK(str_eq(noted(&m, STR("answer")), str_trim(want)), "%s: %.*s",
	    name, STR_ARG(noted(&m, STR("answer"))));
	mail_release(&m);
	arena_release(&mem);
	drop_sandbox(&s);
}

static void
test_json(void)
{
	for (size_t i = 0; i < N(json_rows); i++)
		check_mail(json_rows[i].name, "application/json",
		    json_rows[i].body, json_rows[i].status, json_rows[i].code);
	check_mail("type", "application/xml", STR("<a/>"), 415,
	    STR("UnsupportedMediaType"));
}

/* Bodies that no C literal holds. */
static void
test_json_sizes(void)
{
	struct buf b;

	buf_init(&b, 8 * 1024 * 1024);
	buf_addz(&b, "{\"message\":{" TO ",\"subject\":\"");
	for (int i = 0; i < 255; i++)
		buf_addz(&b, "\xc3\xa9");
	buf_addz(&b, "\"}}");
	check_mail("255 characters", "application/json", buf_view(&b), 202,
	    STR(""));
	buf_rewind(&b, b.n - 3);
	buf_addz(&b, "x\"}}");
	check_mail("256 characters", "application/json", buf_view(&b), 400,
	    STR("ErrorInvalidProperty"));
	buf_reset(&b);
	buf_addz(&b, "{\"message\":{" TO FILE_OF("x", ""));
	buf_rewind(&b, b.n - 3);
	for (int i = 0; i < 1000000 - 1; i++)
		buf_addz(&b, "AAAA");
	buf_addz(&b, "AAA=\"}]}}");
	check_mail("under 3 MB", "application/json", buf_view(&b), 202,
	    STR(""));
	buf_rewind(&b, b.n - 9);
	buf_addz(&b, "AAAA\"}]}}");
	check_mail("3 MB", "application/json", buf_view(&b), 400,
	    STR("ErrorAttachmentSizeLimitExceeded"));
	buf_release(&b);
}

#define HEAD "From: box@example.com\r\nTo: a@b.c\r\n"
static const struct {
	const char *name;
	struct str mime; /* encoded by the test, unless raw */
	bool raw;
	int status;
	struct str code;
} mime_rows[] = {
	{ "good", S(HEAD "Subject: x\r\n\r\nhi\r\n"), false, 202, S("") },
	{ "bcc only", S("From: box@example.com\r\nBcc: a@b.c\r\n\r\n"), false,
	    202, S("") },
	{ "group and name",
	    S("From: B <box@example.com>\r\nTo: g: \"A, B\" "
	      "<a@b.c>, d@e.f;\r\n\r\n"),
	    false, 202, S("") },
	{ "no base64", S("From: x"), true, 400,
	    S("ErrorMimeContentInvalidBase64String") },
	{ "padding", S("aGk"), true, 400,
	    S("ErrorMimeContentInvalidBase64String") },
	{ "blank in it", S("aG k="), true, 400,
	    S("ErrorMimeContentInvalidBase64String") },
	{ "empty", S(""), true, 400, S("ErrorMimeContentInvalid") },
	{ "no head", S("\r\nhi"), false, 400, S("ErrorMimeContentInvalid") },
	{ "no from", S("To: a@b.c\r\n\r\n"), false, 400,
	    S("ErrorMimeContentInvalid") },
	{ "other from", S("From: x@example.com\r\nTo: a@b.c\r\n\r\n"), false,
	    403, S("ErrorSendAsDenied") },
	{ "nobody",
	    S("From: box@example.com\r\nTo: undisclosed-recipients:;"
	      "\r\n\r\n"),
	    false, 400, S("ErrorInvalidRecipients") },
	{ "broken address", S("From: box@example.com\r\nTo: a@@b\r\n\r\n"),
	    false, 400, S("ErrorInvalidRecipients") },
	{ "to twice", S(HEAD "To: d@e.f\r\n\r\n"), false, 400,
	    S("ErrorMimeContentInvalid") },
	{ "NUL", S(HEAD "\r\na\0b"), false, 400, S("ErrorMimeContentInvalid") },
};

static void
test_mime(void)
{
	struct str encoded;
	struct buf b;

	for (size_t i = 0; i < N(mime_rows); i++) {
		buf_init(&b, 4096);
		if (mime_rows[i].raw)
			buf_adds(&b, mime_rows[i].mime);
		else
			base64_encode(&b, mime_rows[i].mime);
		encoded = b.n > 0 ? buf_view(&b) : STR("");
		check_mail(mime_rows[i].name, "text/plain", encoded,
		    mime_rows[i].status, mime_rows[i].code);
		buf_release(&b);
	}
}

/* Line ends are fine wherever they stand, and nothing else changes. */
static void
test_mime_wrapped(void)
{
	static const char *const ends[] = { "\n", "\r\n" };
	struct buf flat, b;

	buf_init(&flat, 4096);
	base64_encode(&flat, STR(HEAD "\r\nhi\r\n"));
	for (size_t cut = 0; cut <= flat.n; cut++) {
		buf_init(&b, 4096);
		buf_adds(&b, str_first(buf_view(&flat), cut));
		buf_addz(&b, ends[cut % 2]);
		buf_adds(&b, str_from(buf_view(&flat), cut));
		buf_addz(&b, ends[cut % 2]);
		check_mail("wrapped", "text/plain", buf_view(&b), 202, STR(""));
		buf_release(&b);
	}
	buf_release(&flat);
}

/* Where a message may be sent, and by whom. */
static const struct {
	const char *name;
	struct str method, path, authorization;
	int status;
	struct str code;
} door_rows[] = {
	{ "good", S("POST"), S("/v1.0/users/box@example.com/sendMail"),
	    S("Bearer good"), 202, S("") },
	{ "scheme in any case", S("POST"),
	    S("/v1.0/users/Box@Example.com/sendMail"), S("bearer good"), 202,
	    S("") },
	{ "no token", S("POST"), S("/v1.0/users/box@example.com/sendMail"),
	    S(""), 401, S("InvalidAuthenticationToken") },
	{ "wrong token", S("POST"), S("/v1.0/users/box@example.com/sendMail"),
	    S("Bearer bad"), 401, S("InvalidAuthenticationToken") },
	{ "basic", S("POST"), S("/v1.0/users/box@example.com/sendMail"),
	    S("Basic good"), 401, S("InvalidAuthenticationToken") },
	{ "old token", S("POST"), S("/v1.0/users/box@example.com/sendMail"),
	    S("Bearer old"), 401, S("InvalidAuthenticationToken") },
	{ "foreign token", S("POST"), S("/v1.0/users/box@example.com/sendMail"),
	    S("Bearer foreign"), 401, S("InvalidAuthenticationToken") },
	{ "unknown mailbox", S("POST"), S("/v1.0/users/x@example.com/sendMail"),
	    S("Bearer good"), 404, S("ErrorInvalidUser") },
	{ "broken encoding", S("POST"), S("/v1.0/users/%4/sendMail"),
	    S("Bearer good"), 404, S("ErrorInvalidUser") },
	{ "no version", S("POST"), S("/users/box@example.com/sendMail"),
	    S("Bearer good"), 404, S("ResourceNotFound") },
	{ "no user", S("POST"), S("/v1.0/users/sendMail"), S("Bearer good"),
	    404, S("ResourceNotFound") },
	{ "method", S("PUT"), S("/v1.0/users/box@example.com/sendMail"),
	    S("Bearer good"), 405, S("BadRequest") },
};

static void
check_door(const struct sandbox *s, size_t i)
{
	struct sandbox_request r = { .now = NOW,
		.id = "request-1",
		.body = STR(MESSAGE("")),
		.content_type = STR("application/json") };
	struct sandbox_answer a;
	struct sandbox_mail m;
	struct arena mem;

	arena_init(&mem, SANDBOX_MEMORY_MAX);
	answer_init(&a);
	r.mem = &mem;
	r.method = door_rows[i].method;
	r.path = door_rows[i].path;
	r.authorization = door_rows[i].authorization;
	(void)sandbox_graph_answer(s, &r, &m, &a);
	T_CHECK(a.status == door_rows[i].status, "%s: %d", door_rows[i].name,
	    a.status);
	T_CHECK(str_eq(a.code, door_rows[i].code), "%s: %.*s",
	    door_rows[i].name, STR_ARG(a.code));
	T_CHECK((str_find(buf_view(&a.fields), STR("WWW-Authenticate")) <
		    a.fields.n) == (a.status == 401),
	    "%s: challenge", door_rows[i].name);
	mail_release(&m);
	answer_release(&a);
	arena_release(&mem);
}

static void
test_door(void)
{
	struct sandbox s = make_sandbox();

	sandbox_issue(&s, STR("good"), true, NOW + 10);
	sandbox_issue(&s, STR("old"), true, NOW);
	sandbox_issue(&s, STR("foreign"), false, NOW + 10);
	for (size_t i = 0; i < N(door_rows); i++)
		check_door(&s, i);
	drop_sandbox(&s);
}

/* --- a connection ------------------------------------------------------ */

static const char good_call[] =
    "POST /v1.0/users/box@example.com/sendMail HTTP/1.1\r\nHost: h\r\n"
    "Authorization: Bearer good\r\nContent-Type: application/json\r\n"
    "Content-Length: 67\r\n\r\n" MESSAGE("");
_Static_assert(sizeof(MESSAGE("")) - 1 == 67, "Content-Length above");

/* Sends a and b one after the other; gives what comes back. */
static void
talk(const struct sandbox *s, struct str a, struct str b, struct buf *out)
{
	struct err e;
	int end[2];

	T_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) == 0,
	    "socketpair");
	if (fork() == 0) { /* so that the pieces come apart */
		(void)close(end[1]);
		if (!os_write_fd(end[0], "a", a, &e))
			_exit(1);
		(void)usleep(b.n > 0 ? 200 : 0);
		_exit(os_write_fd(end[0], "b", b, &e) &&
			    shutdown(end[0], SHUT_WR) == 0 ?
			0 :
			1);
	}
	sandbox_serve(s, end[1]);
	T_CHECK(os_read_fd(end[0], "socket", out, &e), "%s", e.msg);
	(void)close(end[0]);
}

static const struct {
	const char *name;
	struct str in;
	struct str want; /* how the answer begins */
	uint32_t kept;
} talk_rows[] = {
	{ "version", S("POST / HTTP/1.0\r\nHost: h\r\n\r\n"),
	    S("HTTP/1.1 400 "), 0 },
	{ "no host", S("GET / HTTP/1.1\r\n\r\n"), S("HTTP/1.1 400 "), 0 },
	{ "two hosts", S("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"),
	    S("HTTP/1.1 400 "), 0 },
	{ "no http", S("EHLO example.com\r\n"), S("HTTP/1.1 400 "), 0 },
	{ "half a request", S("GET / HTT"), S("HTTP/1.1 400 "), 0 },
	{ "too large",
	    S("POST /v1.0/users/box@example.com/sendMail HTTP/1.1"
	      "\r\nHost: h\r\nContent-Length: 4194305\r\n\r\n"),
	    S("HTTP/1.1 413 "), 0 },
	{ "expects",
	    S("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
	      "\r\n"),
	    S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 "), 0 },
	{ "nothing", S(""), S(""), 0 },
};

/* A sandbox without TLS, on a folder of its own. */
static struct sandbox
make_plain(char *folder)
{
	struct sandbox s = make_sandbox();
	struct err e;
	struct str mail;

	T_CHECK(mkdtemp(folder) != NULL, "mkdtemp");
	s.folder = str_of(folder);
	s.plain = true;
	mail = arena_fmt(&s.mem, "%s/mail", folder);
	T_CHECK(os_mkdirs(mail.p, 0700, &e), "%s", e.msg);
	sandbox_issue(&s, STR("good"), true, INT64_MAX);
	return s;
}

static void
drop_plain(struct sandbox *s)
{
	struct str rm = arena_fmt(&s->mem, "rm -rf '%.*s'", STR_ARG(s->folder));

	T_CHECK(system(rm.p) == 0, "%s", rm.p);
	drop_sandbox(s);
}

static void
test_talk(void)
{
	char folder[] = "/tmp/post365-sandbox-XXXXXX";
	struct sandbox s = make_plain(folder);
	struct buf out;

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < N(talk_rows); i++) {
		buf_init(&out, 65536);
		talk(&s, talk_rows[i].in, STR(""), &out);
		T_CHECK(str_starts(buf_view(&out), talk_rows[i].want) &&
			(out.n == 0) == (talk_rows[i].want.n == 0),
		    "%s: %.*s", talk_rows[i].name, (int)out.n, out.p);
		T_CHECK(s.state->messages == talk_rows[i].kept, "%s: kept %u",
		    talk_rows[i].name, s.state->messages);
		buf_release(&out);
	}
	drop_plain(&s);
}

/* The same two calls on one connection, cut at every place. */
static void
test_talk_split(void)
{
	char folder[] = "/tmp/post365-sandbox-XXXXXX";
	struct sandbox s = make_plain(folder);
	struct str both = str_of(good_call);
	struct buf twice, out;
	size_t at;

	buf_init(&twice, 4096);
	buf_adds(&twice, both);
	buf_adds(&twice, both);
	both = buf_view(&twice);
	for (size_t cut = 0; cut < both.n; cut += cut < both.n / 2 ? 1 : 37) {
		buf_init(&out, 65536);
		talk(&s, str_first(both, cut), str_from(both, cut), &out);
		at = str_find(buf_view(&out), STR("\r\n\r\nHTTP/1.1 202 "));
		T_CHECK(str_starts(buf_view(&out), STR("HTTP/1.1 202 ")) &&
			at < out.n,
		    "cut %zu: %.*s", cut, (int)out.n, out.p);
		buf_release(&out);
	}
	T_CHECK(keep_last(s.folder) == s.state->messages &&
		s.state->messages > 400,
	    "%u kept, the last is %u", s.state->messages, keep_last(s.folder));
	buf_release(&twice);
	drop_plain(&s);
}

/* --- memory ------------------------------------------------------------ */

static struct sandbox *sandbox_for_all; /* made before memory fails */

static void
ask_all_once(void)
{
	const struct sandbox *s = sandbox_for_all;
	struct sandbox_mail m;
	struct sandbox_answer a;
	struct rule rule;
	struct arena mem;
	struct err e;

	arena_init(&mem, SANDBOX_MEMORY_MAX);
	answer_init(&a);
	ask_login(s, &mem, 0, &a);
	answer_release(&a);
	(void)ask_graph(s, &mem, "application/json",
	    STR(MESSAGE(FILE_OF("x", "aGk="))), &m);
	mail_release(&m);
	(void)ask_graph(s, &mem, "text/plain", STR("VG86IGFAYi5jDQo="), &m);
	mail_release(&m);
	if (!rule_parse(&mem, STR("send status 429 code=x"), &rule, &e))
		T_CHECK(e.msg[0] != '\0', "a failure without a word");
	arena_release(&mem);
}

static void
test_no_memory(void)
{
	struct sandbox s = make_sandbox();

	sandbox_issue(&s, STR("good"), true, NOW + 10);
	sandbox_for_all = &s;
	t_each_allocation_fails(ask_all_once);
	drop_sandbox(&s);
}

static const struct t_test tests[] = {
	{ "token endpoint", test_login },
	{ "issued tokens", test_tokens },
	{ "sendMail JSON", test_json },
	{ "sendMail JSON sizes", test_json_sizes },
	{ "sendMail MIME", test_mime },
	{ "sendMail MIME wrapped", test_mime_wrapped },
	{ "who may send where", test_door },
	{ "connection", test_talk },
	{ "connection, every cut", test_talk_split },
	{ "out of memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
