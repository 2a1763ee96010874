/* SPDX-License-Identifier: MIT */
#include "sandbox/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/replace.h"
#include "codec/json.h"
#include "codec/url.h"
#include "sandbox/graph.h"
#include "sandbox/keep.h"
#include "sandbox/upload.h"
#include "t.h"

#define S        STR_INIT
#define N(table) (sizeof(table) / sizeof((table)[0]))

enum { NOW = 1795000000, SMALLEST = 3000000, TEXT_SIZE = 2048 };

/* What the requests of one row leave for those after them. */
struct world {
	struct sandbox s;
	char folder[64];
	char id[256];             /* of the draft, encoded */
	char path[TEXT_SIZE];     /* of the upload session, and its query */
	struct buf large;         /* SMALLEST bytes */
	struct str body;          /* of the last answer, in mem */
	struct arena mem;         /* of all requests */
	struct sandbox_mail mail; /* of the last request */
	int status;
	struct str code;
};

static void
start(struct world *w)
{
	struct err e;
	struct str mail;

	*w = (struct world){ .folder = "/tmp/post365-draft-XXXXXX" };
	T_CHECK(mkdtemp(w->folder) != NULL, "mkdtemp");
	w->s = (struct sandbox){
		.folder = str_of(w->folder),
		.host = STR("localhost"),
		.port = 4433,
		.mailbox = { STR("box@example.com"), STR("two@example.com") },
		.n_mailboxes = 2,
		.kept_fd = -1,
	};
	arena_init(&w->s.mem, 65536);
	arena_init(&w->mem, SANDBOX_MEMORY_MAX);
	T_CHECK(sandbox_share(&w->s, &e), "%s", e.msg);
	sandbox_issue(&w->s, STR("good"), true, NOW + 10);
	mail = arena_fmt(&w->s.mem, "%s/mail", w->folder);
	T_CHECK(os_mkdirs(mail.p, 0700, &e), "%s", e.msg);
	buf_init(&w->large, SMALLEST);
	for (size_t i = 0; i < SMALLEST; i++)
		buf_addc(&w->large, (char)(i * 7 + i / 4096));
}

static void
stop(struct world *w)
{
	struct str rm = arena_fmt(&w->s.mem, "rm -rf '%s'", w->folder);

	T_CHECK(system(rm.p) == 0, "%s", rm.p);
	mail_release(&w->mail);
	buf_release(&w->large);
	arena_release(&w->mem);
	(void)munmap(w->s.state, sizeof(*w->s.state));
	arena_release(&w->s.mem);
}

#define JSON_TYPE "application/json"
#define OCTETS    "application/octet-stream"
#define ADDRESS   "{\"address\":\"a@b.c\"}"
#define TO        "\"toRecipients\":[{\"emailAddress\":" ADDRESS "}]"
#define FILE_OF(bytes)                                                         \
	"{\"@odata.type\":\"#microsoft.graph.fileAttachment\","                \
	"\"name\":\"f.txt\",\"contentBytes\":\"" bytes "\"}"
#define SESSION(size)                                                          \
	"{\"AttachmentItem\":{\"attachmentType\":\"file\","                    \
	"\"name\":\"f.bin\",\"size\":" size "}}"
/* "From: box@example.com", and "To: a@b.c" unless it is without */
#define MIME         "RnJvbTogYm94QGV4YW1wbGUuY29tDQpUbzogYUBiLmMNCg0KaGkNCg=="
#define MIME_WITHOUT "RnJvbTogYm94QGV4YW1wbGUuY29tDQoNCmhpDQo="

/*
 * One request. path: below /messages, "*" is the draft's id; "^" is the whole
 * path of the upload session. body "#": as many bytes as the range says.
 */
struct step {
	const char *method, *path, *type, *body, *range;
	int status;
	const char *code;
	bool authorized, mutable;
};

#define STEPS 10
static const struct {
	const char *name;
	struct step step[STEPS];
} rows[] = {
	/* clang-format off */
	{ "MIME", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "GET", "/*", NULL, "", NULL, 200, "", 0, 0 },
	  { "POST", "/*/attachments", JSON_TYPE, FILE_OF("aGk="), NULL, 201,
	    "", 0, 0 },
	  { "GET", "/*/attachments", NULL, "", NULL, 200, "", 0, 0 },
	  { "POST", "/*/send", NULL, "", NULL, 202, "", 0, 0 },
	  { "GET", "/*", NULL, "", NULL, 200, "", 0, 0 },
	  { "POST", "/*/send", NULL, "", NULL, 400,
	    "ErrorInvalidItemForOperationSendItem", 0, 0 },
	  { "DELETE", "/*", NULL, "", NULL, 204, "", 0, 0 },
	  { "GET", "/*", NULL, "", NULL, 404, "ErrorItemNotFound", 0, 0 } } },
	{ "JSON", {
	  { "POST", "", JSON_TYPE, "{" TO ",\"attachments\":["
	    FILE_OF("aGk=") "]}", NULL, 201, "", 0, 0 },
	  { "POST", "/*/attachments", JSON_TYPE, FILE_OF(""), NULL, 201, "",
	    0, 0 },
	  { "POST", "/*/send", NULL, "", NULL, 202, "", 0, 0 } } },
	{ "an id that changes", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, true },
	  { "GET", "/*", NULL, "", NULL, 200, "", 0, 0 },
	  { "POST", "/*/send", NULL, "", NULL, 202, "", 0, 0 },
	  { "GET", "/*", NULL, "", NULL, 404, "ErrorItemNotFound", 0, 0 } } },
	{ "nobody to send it to", {
	  { "POST", "", "text/plain", MIME_WITHOUT, NULL, 201, "", 0, 0 },
	  { "POST", "/*/send", NULL, "", NULL, 400, "ErrorInvalidRecipients",
	    0, 0 } } },
	{ "no message", {
	  { "POST", "", "text/plain", "aGk", NULL, 400,
	    "ErrorMimeContentInvalidBase64String", 0, 0 },
	  { "POST", "", JSON_TYPE, "{\"message\":{" TO "}}", NULL, 400,
	    "RequestBodyRead", 0, 0 },
	  { "POST", "", "text/html", "x", NULL, 415, "UnsupportedMediaType",
	    0, 0 } } },
	{ "no such thing", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "PUT", "/*", NULL, "", NULL, 405, "BadRequest", 0, 0 },
	  { "POST", "/*/forward", NULL, "", NULL, 405, "BadRequest", 0, 0 },
	  { "GET", "/x", NULL, "", NULL, 400, "ErrorInvalidIdMalformed", 0,
	    0 },
	  { "POST", "/*/send", NULL, "x", NULL, 400, "BadRequest", 0, 0 },
	  { "POST", "/*/attachments", JSON_TYPE, "{\"name\":\"x\"}", NULL,
	    400, "RequestBodyRead", 0, 0 } } },
	{ "sizes of uploads", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("2999999"), NULL, 400,
	    "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("157286400"), NULL, 201, "", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("157286401"), NULL, 400,
	    "ErrorAttachmentSizeLimitExceeded", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("\"3000000\""), NULL, 400, "RequestBodyRead", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("-1"), NULL, 400, "RequestBodyRead", 0, 0 } } },
	{ "upload", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("3000000"), NULL, 201, "", 0, 0 },
	  { "PUT", "^", OCTETS, "#", "bytes 0-999999/3000000", 400,
	    "BadRequest", true, 0 },
	  { "PUT", "^", OCTETS, "#", "bytes 0-999999/3000000", 200, "", 0,
	    0 },
	  { "PUT", "^", OCTETS, "#", "bytes 0-999999/3000000", 416,
	    "fragmentOverlap", 0, 0 },
	  { "PUT", "^", OCTETS, "#", "bytes 1000001-2999999/3000000", 416,
	    "fragmentOutOfOrder", 0, 0 },
	  { "PUT", "^", OCTETS, "#", "bytes 1000000-2999999/3000000", 201, "",
	    0, 0 },
	  { "PUT", "^", OCTETS, "#", "bytes 1000000-2999999/3000000", 404,
	    "uploadSessionNotFound", 0, 0 },
	  { "POST", "/*/send", NULL, "", NULL, 202, "", 0, 0 } } },
	{ "broken ranges", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("3000000"), NULL, 201, "", 0, 0 },
	  { "PUT", "^", OCTETS, "x", "bytes 0-1/3000000", 400,
	    "fragmentLengthMismatch", 0, 0 },
	  { "PUT", "^", OCTETS, "x", "bytes 0-0/3000001", 416,
	    "invalidRange", 0, 0 },
	  { "PUT", "^", OCTETS, "x", "0-0/3000000", 416, "invalidRange", 0,
	    0 },
	  { "PUT", "^", OCTETS, "x", NULL, 416, "invalidRange", 0, 0 },
	  { "PUT", "^", OCTETS, "x", "bytes 3000000-3000000/3000000", 416,
	    "invalidRange", 0, 0 },
	  { "PUT", "^", "text/plain", "x", "bytes 0-0/3000000", 415,
	    "UnsupportedMediaType", 0, 0 },
	  { "GET", "^", OCTETS, "", NULL, 405, "MethodNotAllowed", 0, 0 } } },
	{ "an upload given up", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "POST", "/*/attachments/createUploadSession", JSON_TYPE,
	    SESSION("3000000"), NULL, 201, "", 0, 0 },
	  { "PUT", "^", OCTETS, "#", "bytes 0-999999/3000000", 200, "", 0,
	    0 },
	  { "DELETE", "^", NULL, "", NULL, 204, "", 0, 0 },
	  { "DELETE", "^", NULL, "", NULL, 404, "uploadSessionNotFound", 0,
	    0 },
	  { "PUT", "^", OCTETS, "#", "bytes 1000000-2999999/3000000", 404,
	    "uploadSessionNotFound", 0, 0 } } },
	{ "send with an object", {
	  { "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
	  { "POST", "/*/send", JSON_TYPE, "{}", NULL, 202, "", 0, 0 } } },
	/* clang-format on */
};

/* "bytes 10-19/100": those bytes of w->large. */
static struct str
body_of_range(const struct world *w, struct str range)
{
	uint64_t first = 0, last = 0;
	struct str s = str_from(range, 6);

	(void)str_u64(str_first(s, str_chr(s, '-')), UINT64_MAX, &first);
	s = str_from(s, str_chr(s, '-') + 1);
	(void)str_u64(str_first(s, str_chr(s, '/')), UINT64_MAX, &last);
	return str_first(str_from(buf_view(&w->large), (size_t)first),
	    (size_t)(last - first + 1));
}

static void
set_path(struct world *w, const struct step *step, struct sandbox_request *r)
{
	struct str below = str_of(step->path), whole = str_of(w->path);

	if (str_eq(below, STR("^"))) {
		r->path = str_first(whole, str_chr(whole, '?'));
		r->query = str_from(whole, r->path.n + 1);
		return;
	}
	r->path = arena_fmt(&w->mem,
	    "/v1.0/users/box%%40example.com/messages"
	    "%.*s%s%.*s",
	    STR_ARG(str_first(below, str_chr(below, '*'))),
	    str_chr(below, '*') < below.n ? w->id : "",
	    STR_ARG(str_from(below, str_chr(below, '*') + 1)));
}

/* What later requests want of an answer: an id, an address. */
static void
keep_names(struct world *w)
{
	const struct json *root;
	struct buf id;
	struct url url;
	struct err e;

	if (!json_parse(&w->mem, w->body, &root, &e))
		return;
	if (json_get(root, STR("isDraft")) != NULL) {
		buf_init(&id, sizeof(w->id));
		url_encode(&id, json_str(json_get(root, STR("id"))));
		(void)snprintf(w->id, sizeof(w->id), "%.*s",
		    STR_ARG(buf_view(&id)));
		buf_release(&id);
	}
	if (url_parse(json_str(json_get(root, STR("uploadUrl"))), &url, &e)) {
		T_CHECK(str_eq(url.origin, STR("https://127.0.0.1:4433")),
		    "%.*s", STR_ARG(url.origin));
		(void)snprintf(w->path, sizeof(w->path), "%.*s",
		    STR_ARG(url.target));
	}
}

static bool
ask(struct world *w, const struct step *step)
{
	struct sandbox_request r = { .now = NOW,
		.mem = &w->mem,
		.id = "request-1",
		.method = str_of(step->method),
		.content_type = str_of(step->type),
		.content_range = str_of(step->range),
		.body = str_of(step->body) };
	struct sandbox_answer a;
	bool upload = str_eq(str_of(step->path), STR("^")), taken;

	if (!upload || step->authorized)
		r.authorization = STR("Bearer good");
	if (!step->mutable)
		r.prefer = STR("IdType=\"ImmutableId\"");
	if (str_eq(r.body, STR("#")))
		r.body = body_of_range(w, r.content_range);
	set_path(w, step, &r);
	answer_init(&a);
	mail_release(&w->mail);
	taken = sandbox_graph_answer(&w->s, &r, &w->mail, &a);
	w->status = a.status;
	w->code = arena_str(&w->mem, a.code);
	w->body = arena_str(&w->mem, buf_view(&a.body));
	keep_names(w);
	answer_release(&a);
	return taken;
}

static void
check_step(struct world *w, const char *name, size_t i, const struct step *step)
{
	uint32_t number;
	bool taken = ask(w, step);
	struct err e;

	T_CHECK(w->status == step->status &&
		str_eq(w->code, str_of(step->code)),
	    "%s, request %zu: %d %.*s", name, i + 1, w->status,
	    STR_ARG(w->code));
	T_CHECK(taken == (step->status == 202), "%s: taken", name);
	if (taken)
		T_CHECK(keep_mail(&w->s, &w->mail, &number, &e), "%s", e.msg);
}

static void
test_rows(void)
{
	struct world w;

	for (size_t i = 0; i < N(rows); i++) {
		start(&w);
		for (size_t k = 0; k < STEPS; k++)
			if (rows[i].step[k].method != NULL)
				check_step(&w, rows[i].name, k,
				    &rows[i].step[k]);
		stop(&w);
	}
}

/* The bytes that were uploaded are those of the mail, and nothing stays. */
static void
test_content(void)
{
	static const struct step steps[] = {
		{ "POST", "", "text/plain", MIME, NULL, 201, "", 0, 0 },
		{ "POST", "/*/attachments/createUploadSession", JSON_TYPE,
		    SESSION("3000000"), NULL, 201, "", 0, 0 },
		{ "PUT", "^", OCTETS, "#", "bytes 0-2999998/3000000", 200, "",
		    0, 0 },
		{ "PUT", "^", OCTETS, "#", "bytes 2999999-2999999/3000000", 201,
		    "", 0, 0 },
		{ "POST", "/*/attachments", JSON_TYPE, FILE_OF("aGk="), NULL,
		    201, "", 0, 0 },
		{ "POST", "/*/send", NULL, "", NULL, 202, "", 0, 0 },
	};
	struct world w;
	struct buf got;

	start(&w);
	for (size_t i = 0; i < N(steps); i++)
		check_step(&w, "content", i, &steps[i]);
	buf_init(&got, SMALLEST);
	t_read_file(arena_fmt(&w.mem, "%s/mail/000001.att1-f.bin", w.folder).p,
	    &got);
	T_CHECK(str_eq(buf_view(&got), buf_view(&w.large)), "%zu bytes", got.n);
	buf_reset(&got);
	t_read_file(arena_fmt(&w.mem, "%s/mail/000001.att2-f.txt", w.folder).p,
	    &got);
	T_CHECK(str_eq(buf_view(&got), STR("hi")), "%zu bytes", got.n);
	buf_reset(&got);
	t_read_file(arena_fmt(&w.mem, "%s/mail/000001.meta", w.folder).p, &got);
	T_CHECK(str_find(buf_view(&got), STR("\nvia: draft\n")) < got.n, "via");
	buf_release(&got);
	stop(&w);
}

/* Who lacks a permission: for drafts, for sending. */
static void
test_roles(void)
{
	static const struct step create = { "POST", "", "text/plain", MIME,
		NULL, 201, "", 0, 0 };
	static const struct step denied = { "POST", "", "text/plain", MIME,
		NULL, 403, "ErrorAccessDenied", 0, 0 };
	static const struct step submit = { "POST", "/*/send", NULL, "", NULL,
		403, "ErrorAccessDenied", 0, 0 };
	struct world w;

	start(&w);
	w.s.no_read_write = true;
	check_step(&w, "no Mail.ReadWrite", 0, &denied);
	w.s.no_read_write = false;
	check_step(&w, "both", 0, &create);
	w.s.no_send = true;
	check_step(&w, "no Mail.Send", 0, &submit);
	stop(&w);
}

/* What a rule is for follows from method and path. */
static void
test_where(void)
{
	static const struct {
		struct str method, path;
		enum rule_where where;
	} where[] = {
		/* clang-format off */
		{ S("POST"), S("/v1.0/users/a/sendMail"), RULE_SEND },
		{ S("POST"), S("/v1.0/users/a/messages"), RULE_DRAFT },
		{ S("GET"), S("/v1.0/users/a/messages"), RULE_ANY },
		{ S("POST"), S("/v1.0/users/a/messages/i/attachments"),
		  RULE_ATTACH },
		{ S("POST"),
		  S("/v1.0/users/a/messages/i/attachments/createUploadSession"),
		  RULE_SESSION },
		{ S("PUT"), S("/upload/x/y"), RULE_RANGE },
		{ S("POST"), S("/v1.0/users/a/messages/i/send"), RULE_SUBMIT },
		{ S("GET"), S("/v1.0/users/a/messages/i"), RULE_ASK },
		{ S("DELETE"), S("/v1.0/users/a/messages/i"), RULE_REMOVE },
		{ S("GET"),
		  S("/v1.0/users/a/mailFolders/sentitems/messages"),
		  RULE_SEARCH },
		{ S("GET"), S("/v1.0/users/a/mailFolders/inbox/messages"),
		  RULE_ANY },
		{ S("POST"), S("/v1.0/users//messages"), RULE_ANY },
		{ S("POST"), S("/users/a/messages"), RULE_ANY },
		/* clang-format on */
	};

	for (size_t i = 0; i < N(where); i++)
		T_CHECK(sandbox_graph_where(where[i].method, where[i].path) ==
			where[i].where,
		    "%.*s %.*s", STR_ARG(where[i].method),
		    STR_ARG(where[i].path));
}

/* clang-format off */
static const struct {
	const char *name, *user, *query, *meta;
	bool no_read_write, read;
	int status;
	bool found;
} searches[] = {
#define FILTER "$filter=internetMessageId%20eq%20'%3Ca''b@c%3E'"
#define META   "mailbox: box@example.com\nmessage-id: <a'b@c>\nto: x@y.z\n"
	{ "found", "box", FILTER "&$select=id", META, 0, 0, 200, true },
	{ "by Mail.Read", "box", FILTER, META, true, true, 200, true },
	{ "may not", "box", FILTER, META, true, false, 403, false },
	{ "another mailbox", "two", FILTER, META, 0, 0, 200, false },
	{ "another message", "box", FILTER,
	    "mailbox: box@example.com\nmessage-id: <A'b@c>\n", 0, 0,
	    200, false },
	{ "not saved", "box", FILTER, META "save-to-sent: no\n", 0, 0,
	    200, false },
	{ "another filter", "box", "$filter=subject%20eq%20'x'", META,
	    0, 0, 400, false },
	{ "an odd quote", "box",
	    "$filter=internetMessageId%20eq%20'a'b'", META, 0, 0, 400,
	    false },
	{ "no filter", "box", "", META, 0, 0, 400, false },
};
/* clang-format on */

/* Sent Items: found by the exact Message-ID, by who may, in its mailbox. */
static void
test_sent(void)
{
	struct sandbox_answer a;
	struct world w;
	struct err e;

	for (size_t i = 0; i < N(searches); i++) {
		start(&w);
		w.s.no_read_write = searches[i].no_read_write;
		w.s.read = searches[i].read;
		T_CHECK(replace_file(arena_fmt(&w.mem, "%s/mail/000001.meta",
					 w.folder)
					 .p,
			    str_of(searches[i].meta),
			    (struct replace_how){ .mode = 0600 }, &e),
		    "%s", e.msg);
		struct sandbox_request r = { .now = NOW,
			.mem = &w.mem,
			.method = STR("GET"),
			.authorization = STR("Bearer good"),
			.query = str_of(searches[i].query),
			.path = arena_fmt(&w.mem,
			    "/v1.0/users/%s%%40example.com/mailFolders/"
			    "sentitems/messages",
			    searches[i].user) };
		answer_init(&a);
		T_CHECK(!sandbox_graph_answer(&w.s, &r, &w.mail, &a) &&
			a.status == searches[i].status,
		    "%s: %d", searches[i].name, a.status);
		T_CHECK((str_find(buf_view(&a.body),
			     STR("\"address\":\"x@y.z\"")) < a.body.n) ==
			searches[i].found,
		    "%s: %.*s", searches[i].name, STR_ARG(buf_view(&a.body)));
		answer_release(&a);
		stop(&w);
	}
}

static struct world *world_for_all; /* made before memory fails */

static void
ask_all_once(void)
{
	for (size_t k = 0; k < STEPS; k++)
		if (rows[0].step[k].method != NULL)
			(void)ask(world_for_all, &rows[0].step[k]);
}

static void
test_no_memory(void)
{
	struct world w;

	start(&w);
	world_for_all = &w;
	t_each_allocation_fails(ask_all_once);
	stop(&w);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "content", test_content },
	{ "roles", test_roles },
	{ "where", test_where },
	{ "sent", test_sent },
	{ "out of memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
