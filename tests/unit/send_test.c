/* SPDX-License-Identifier: MIT */
#include "graph/send.h"

#include <string.h>

#include "t.h"

#include "codec/base64.h"
#include "codec/json.h"

enum { MEMORY = 1 << 20, LIMIT = SEND_REQUEST_MAX + 1 };

#define S(lit) STR_INIT(lit)

static const struct send_options keep = { .mailbox = S("me@b.example"),
	.save_to_sent = true };
static const struct send_options no_save = { .mailbox = S("me@b.example") };

static struct addr c_d = { .name = S("C \"D\""),
	.domain = S("d"),
	.text = S("c@d") };
static struct addr a_b = { .domain = S("b"), .text = S("a@b"), .next = &c_d };
static struct addr x_y = { .domain = S("y"), .text = S("x@y") };
static struct addr me = { .name = S("Me"),
	.domain = S("b.example"),
	.text = S("ME@B.example") };
static struct addr other = { .name = S("Other"),
	.domain = S("b.example"),
	.text = S("other@b.example") };
static struct addr at_name = { .name = S("o@b"),
	.domain = S("b.example"),
	.text = S("other@b.example") };

#define X "\"toRecipients\":[{\"emailAddress\":{\"address\":\"x@y\"}}]"
#define EMPTY                                                                  \
	"\"subject\":\"\",\"body\":{\"contentType\":\"text\","                 \
	"\"content\":\"\"}"

static const struct {
	const char *name;
	const struct send_options *o;
	struct message m;
	const char *want;
} written[] = {
	/* clang-format off */
	{ "least", &keep, { .to = &x_y }, "{\"message\":{" EMPTY "," X "}}" },
	{ "not saved", &no_save, { .to = &x_y },
	  "{\"message\":{" EMPTY "," X "},\"saveToSentItems\":false}" },
	{ "text", &keep, { .to = &x_y, .subject = S("\xc3\xa4\"\\"),
	  .text = S("a\r\nb\x01") },
	  "{\"message\":{\"subject\":\"\xc3\xa4\\\"\\\\\",\"body\":{"
	  "\"contentType\":\"text\",\"content\":\"a\\r\\nb\\u0001\"}," X
	  "}}" },
	{ "HTML", &keep, { .to = &x_y, .html = S("<p>") },
	  "{\"message\":{\"subject\":\"\",\"body\":{\"contentType\":\"html\","
	  "\"content\":\"<p>\"}," X "}}" },
	{ "recipients", &keep, { .to = &a_b, .cc = &x_y, .bcc = &x_y,
	  .reply_to = &x_y },
	  "{\"message\":{" EMPTY ",\"toRecipients\":[{\"emailAddress\":{"
	  "\"address\":\"a@b\"}},{\"emailAddress\":{\"name\":\"C \\\"D\\\"\","
	  "\"address\":\"c@d\"}}],\"ccRecipients\":[{\"emailAddress\":{"
	  "\"address\":\"x@y\"}}],\"bccRecipients\":[{\"emailAddress\":{"
	  "\"address\":\"x@y\"}}],\"replyTo\":[{\"emailAddress\":{"
	  "\"address\":\"x@y\"}}]}}" },
	{ "from the mailbox", &keep, { .to = &x_y, .from = &me },
	  "{\"message\":{" EMPTY "," X "}}" },
	{ "from another", &keep, { .to = &x_y, .from = &other },
	  "{\"message\":{" EMPTY ",\"from\":{\"emailAddress\":{"
	  "\"name\":\"Other\",\"address\":\"other@b.example\"}}," X "}}" },
	{ "@ in the sender's name", &keep, { .to = &x_y, .from = &at_name },
	  "{\"message\":{" EMPTY ",\"from\":{\"emailAddress\":{"
	  "\"address\":\"other@b.example\"}}," X "}}" },
	{ "switches", &keep, { .to = &x_y, .importance = MESSAGE_HIGH,
	  .read_receipt = true, .delivery_receipt = true },
	  "{\"message\":{" EMPTY "," X ",\"importance\":\"high\","
	  "\"isReadReceiptRequested\":true,"
	  "\"isDeliveryReceiptRequested\":true}}" },
	{ "low", &keep, { .to = &x_y, .importance = MESSAGE_LOW },
	  "{\"message\":{" EMPTY "," X ",\"importance\":\"low\"}}" },
	{ "fields", &keep, { .to = &x_y, .n_fields = 2,
	  .field = { { S("X-A"), S("1") }, { S("x-b"), S("2") } } },
	  "{\"message\":{" EMPTY "," X ",\"internetMessageHeaders\":["
	  "{\"name\":\"X-A\",\"value\":\"1\"},"
	  "{\"name\":\"x-b\",\"value\":\"2\"}]}}" },
	{ "List-Unsubscribe", &keep, { .to = &x_y, .n_fields = 2,
	  .message_id = S("<i@d>"),
	  .field = { { S("list-unsubscribe"), S("<u>") },
	  { S("X-A"), S("1") } } },
	  "{\"message\":{" EMPTY "," X ",\"internetMessageHeaders\":["
	  "{\"name\":\"X-A\",\"value\":\"1\"}],"
	  "\"singleValueExtendedProperties\":"
	  "[{\"id\":\"String 0x1035\",\"value\":\"<i@d>\"},"
	  "{\"id\":\"String 0x1045\",\"value\":\"<u>\"}]}}" },
	{ "List-Unsubscribe alone", &keep, { .to = &x_y, .n_fields = 1,
	  .field = { { S("List-Unsubscribe"), S("<u>") } } },
	  "{\"message\":{" EMPTY "," X ",\"singleValueExtendedProperties\":"
	  "[{\"id\":\"String 0x1045\",\"value\":\"<u>\"}]}}" },
	{ "a thread", &keep, { .to = &x_y, .n_fields = 2,
	  .field = { { S("in-reply-to"), S("<1@x>") },
	  { S("References"), S("<0@x> <1@x>") } } },
	  "{\"message\":{" EMPTY "," X ",\"singleValueExtendedProperties\":"
	  "[{\"id\":\"String 0x1039\",\"value\":\"<0@x> <1@x>\"},"
	  "{\"id\":\"String 0x1042\",\"value\":\"<1@x>\"}]}}" },
	{ "Message-ID", &keep, { .to = &x_y, .message_id = S("<i@d>") },
	  "{\"message\":{" EMPTY "," X ",\"singleValueExtendedProperties\":"
	  "[{\"id\":\"String 0x1035\",\"value\":\"<i@d>\"}]}}" },
	/* clang-format on */
};

static void
test_written(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, LIMIT);
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		buf_reset(&out);
		T_CHECK(send_json(&written[i].m, written[i].o, &out, &e),
		    "%s: %s", written[i].name, e.msg);
		T_CHECK(str_eq(buf_view(&out), str_of(written[i].want)),
		    "%s: %.*s", written[i].name, STR_ARG(buf_view(&out)));
	}
	buf_release(&out);
}

static bool
read_pattern(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	if (self->arg != NULL && at > 0)
		return err_set(e, ERR_INPUT, "the disk is gone");
	for (size_t i = 0; i < n; i++)
		p[i] = (char)((at + i) * 7 % 251);
	return true;
}

static struct source
pattern(uint64_t size, bool fails)
{
	static const char yes;

	return (struct source){ .size = size,
		.read = read_pattern,
		.arg = fails ? &yes : NULL };
}

static struct message
with_file(uint64_t size, bool fails)
{
	return (struct message){ .to = &x_y,
		.n_files = 1,
		.file = { { .name = STR("f.bin"),
		    .type = STR("a/b"),
		    .content = pattern(size, fails) } } };
}

/* Around the size of a piece, what was read is what stands in the JSON. */
static void
test_files(void)
{
	static const uint64_t size[] = { 0, 1, 2, 3, 12287, 12288, 12289, 24576,
		100000, 2900000 };
	struct str attachment = STR("attachments");
	const struct json *tree, *file;
	struct buf out, back;
	struct arena a;
	struct message m;
	struct err e;

	buf_init(&out, LIMIT);
	buf_init(&back, LIMIT);
	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		arena_init(&a, 8 * MEMORY);
		buf_reset(&out);
		buf_reset(&back);
		m = with_file(size[i], false);
		m.file[0].cid = i % 2 == 0 ? STR("logo") : (struct str){ 0 };
		T_CHECK(send_json(&m, &keep, &out, &e), "%s", e.msg);
		T_CHECK(json_parse(&a, buf_view(&out), &tree, &e), "%s", e.msg);
		file = json_get(json_get(tree, STR("message")), attachment);
		file = file != NULL ? file->child : NULL;
		T_CHECK(base64_decode(&back,
			    json_str(json_get(file, STR("contentBytes"))),
			    &e) &&
			back.n == size[i],
		    "%zu bytes", back.n);
		for (size_t k = 0; k < back.n; k++)
			if (back.p[k] != (char)(k * 7 % 251)) {
				T_CHECK(false, "byte %zu", k);
				break;
			}
		T_CHECK(str_eq(json_str(json_get(file, STR("@odata.type"))),
			    STR("#microsoft.graph.fileAttachment")),
		    "type");
		T_CHECK(str_eq(json_str(json_get(file, STR("contentId"))),
			    i % 2 == 0 ? STR("logo") : STR("")),
		    "content id");
		T_CHECK((json_get(file, STR("isInline")) != NULL) ==
			(i % 2 == 0),
		    "inline");
		arena_release(&a);
	}
	buf_release(&out);
	buf_release(&back);
}

static struct message
with_subject(size_t n)
{
	static char text[2 * SEND_SUBJECT_MAX + 4];

	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	return (struct message){ .to = &x_y, .subject = { text, 2 * n } };
}

/* Each row makes its message; want: a piece of the error, NULL: fine. */
static void
check_one(const char *name, const struct message *m, const char *want)
{
	struct buf out;
	struct err e = { 0 };
	bool ok;

	buf_init(&out, LIMIT);
	buf_addz(&out, "before");
	ok = send_json(m, &keep, &out, &e);
	T_CHECK(ok == (want == NULL), "%s: %s", name, e.msg);
	if (!ok && want != NULL) {
		T_CHECK(e.kind == ERR_INPUT &&
			str_find(str_of(e.msg), str_of(want)) < str_of(e.msg).n,
		    "%s: %s", name, e.msg);
		T_CHECK(str_eq(buf_view(&out), STR("before")),
		    "%s: out is as it was", name);
	}
	buf_release(&out);
}

static void
test_refused(void)
{
	struct message m = { .text = STR("a") };

	check_one("no recipient", &m, "no recipient");
	m = (struct message){ .to = &x_y,
		.n_fields = 1,
		.field = { { STR("List-Id"), STR("v") } } };
	check_one("field without X-", &m, "the field List-Id cannot be sent");
	m.n_fields = 6;
	for (size_t i = 0; i < 6; i++)
		m.field[i] = (struct message_field){ STR("X-A"), STR("v") };
	check_one("six fields", &m, "6 fields that begin with X-");
	m.field[5] =
	    (struct message_field){ STR("List-Unsubscribe"), STR("<u>") };
	check_one("five fields and a property", &m, NULL);
	m.field[4] = m.field[5];
	check_one("a property twice", &m, "List-Unsubscribe cannot be sent");
	m.field[4] = m.field[0];
	m.n_fields = 5;
	check_one("five fields", &m, NULL);
	m = with_subject(255);
	check_one("255 characters", &m, NULL);
	m = with_subject(256);
	check_one("256 characters", &m, "the subject has 256 characters");
	m = with_file(SEND_FILE_MAX + 1, false);
	check_one("file too large", &m, "\"f.bin\" has 3000001 bytes");
	m = with_file(2000000, false);
	m.file[1] = m.file[0];
	m.n_files = 2;
	check_one("files too large", &m, "a request of 5333336 bytes");
	m = with_file(SEND_FILE_MAX, false);
	check_one("largest file", &m, NULL);
	m.file[1] = m.file[0];
	m.file[1].content.size = 145500;
	m.n_files = 2;
	check_one("files and JSON too large", &m, "more than 4194304 bytes");
	m = with_file(SOURCE_PIECE + 1, true);
	check_one("unreadable file", &m,
	    "attachment \"f.bin\": the disk is gone");
}

static void
test_recipients(void)
{
	static struct addr many[SEND_RECIPIENTS_MAX + 1];
	struct message m = { .to = many };

	for (size_t i = 0; i < SEND_RECIPIENTS_MAX; i++) {
		many[i] = x_y;
		many[i].next = &many[i + 1];
	}
	many[SEND_RECIPIENTS_MAX] = x_y;
	check_one("1001 recipients", &m, "1001 recipients");
	many[SEND_RECIPIENTS_MAX - 1].next = NULL;
	check_one("1000 recipients", &m, NULL);
	m.bcc = &x_y;
	check_one("1000 and one", &m, "1001 recipients");
}

/* Text that JSON makes longer is measured as it goes out. */
static void
test_escapes(void)
{
	struct message m = { .to = &x_y };
	struct buf text;

	buf_init(&text, MEMORY);
	while (text.n < 700000)
		buf_addc(&text, '\x01');
	m.text = buf_view(&text);
	check_one("4,200,000 bytes of escapes", &m, "more than 4194304");
	m.text = str_first(m.text, 690000);
	check_one("4,140,000 bytes of escapes", &m, NULL);
	buf_release(&text);
}

static void
test_path(void)
{
	struct buf out;

	buf_init(&out, 1000);
	send_path(&out, STR("a/b?c#d@e.f"));
	T_CHECK(str_eq(buf_view(&out),
		    STR("/users/a%2Fb%3Fc%23d%40e.f/sendMail")),
	    "%.*s", STR_ARG(buf_view(&out)));
	buf_release(&out);
}

/* In place of graph/call.c: what was asked, and an answer. */
static struct {
	bool fails;
	unsigned calls;
	struct graph_request r;
	char path[100], what[100], body[200];
} seen;

bool
graph_call(struct graph *g, const struct graph_request *r,
    struct graph_answer *out, struct err *e)
{
	(void)g;
	seen.calls++;
	seen.r = *r;
	memcpy(seen.path, r->path.p, r->path.n + 1);
	memcpy(seen.what, r->what.p, r->what.n + 1);
	T_CHECK(r->body.size < sizeof(seen.body) &&
		source_read(&r->body, 0, seen.body, (size_t)r->body.size, e),
	    "body");
	*out = (struct graph_answer){ .attempts = 2 };
	memcpy(out->request_id, "R-1", 4);
	memcpy(out->client_request_id, "C-2", 4);
	return !seen.fails || err_set(e, ERR_RETRY, "busy");
}

void
graph_answer_release(struct graph_answer *a)
{
	*a = (struct graph_answer){ 0 };
}

static void
test_message(void)
{
	struct message m = { .to = &x_y };
	struct send_result result;
	struct graph g = { 0 };
	struct err e;

	memset(&seen, 0, sizeof(seen));
	T_CHECK(send_message(&g, &m, &keep, &result, &e), "%s", e.msg);
	T_CHECK(str_eq(seen.r.method, STR("POST")) && seen.r.expect == 202 &&
		str_eq(seen.r.content_type, STR("application/json")),
	    "request");
	T_CHECK(strcmp(seen.path, "/users/me%40b.example/sendMail") == 0, "%s",
	    seen.path);
	T_CHECK(strcmp(seen.what, "sendMail for me@b.example") == 0, "%s",
	    seen.what);
	T_CHECK(strcmp(seen.body, "{\"message\":{" EMPTY "," X "}}") == 0, "%s",
	    seen.body);
	T_CHECK(strcmp(result.via, "json") == 0 && result.attempts == 2 &&
		strcmp(result.request_id, "R-1") == 0 &&
		strcmp(result.client_request_id, "C-2") == 0,
	    "result");
	seen.fails = true;
	T_CHECK(!send_message(&g, &m, &keep, &result, &e) &&
		e.kind == ERR_RETRY && result.attempts == 2,
	    "failed call");
	m.to = NULL;
	T_CHECK(!send_message(&g, &m, &keep, &result, &e) &&
		e.kind == ERR_INPUT && result.attempts == 0 && seen.calls == 2,
	    "nothing was asked");
}

static void
test_mime(void)
{
	struct source mime = source_of(STR("To: a@b\r\n\r\nhello\r\n"));
	struct send_result result;
	struct graph g = { 0 };
	struct err e;

	memset(&seen, 0, sizeof(seen));
	T_CHECK(send_mime(&g, &mime, &keep, &result, &e), "%s", e.msg);
	T_CHECK(str_eq(seen.r.content_type, STR("text/plain")) &&
		seen.r.expect == 202,
	    "request");
	T_CHECK(strcmp(seen.body, "VG86IGFAYg0KDQpoZWxsbw0K") == 0, "%s",
	    seen.body);
	T_CHECK(strcmp(result.via, "mime") == 0, "%s", result.via);
	seen.fails = true;
	T_CHECK(!send_mime(&g, &mime, &keep, &result, &e) &&
		e.kind == ERR_RETRY,
	    "failed call");
}

/* What the decision is told about a message. */
static void
test_facts(void)
{
	struct message m = { .to = &x_y, .text = STR("a") };
	struct route_facts f = { 0 };

	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot == NULL && f.json_loses == NULL && !f.json_fields,
	    "plain");
	m.html = STR("<p>");
	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot == NULL && f.json_loses != NULL, "two texts");
	m.n_fields = 1;
	m.field[0] = (struct message_field){ STR("X-A"), STR("v") };
	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot == NULL && f.json_fields, "x- field");
	m.field[0].name = STR("List-Unsubscribe");
	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot == NULL && f.json_fields, "List-Unsubscribe");
	m.field[0].name = STR("List-Id");
	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot != NULL && !f.json_fields, "other field");
	m = with_file(SEND_FILE_MAX - 1, false);
	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot == NULL && f.json_size >= 4000000,
	    "just under 3 MB");
	m = with_file(SEND_FILE_MAX, false);
	send_json_facts(&m, &f);
	T_CHECK(f.json_cannot != NULL, "3 MB");
}

/* The size that is told beforehand: never less than that of the request. */
static void
test_size(void)
{
	struct route_facts f = { 0 };
	struct send_options o = keep;
	struct message m;
	struct buf out;
	struct err e;

	buf_init(&out, LIMIT);
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		m = written[i].m;
		o.save_to_sent = false;
		for (size_t k = 0; k < 20; k++)
			m.file[k] = with_file(k, false).file[0];
		m.n_files = 20;
		m.file[3].name = STR("\"\\\x01");
		m.file[4].cid = STR("logo");
		send_json_facts(&m, &f);
		buf_reset(&out);
		T_CHECK(send_json(&m, &o, &out, &e), "%s", e.msg);
		T_CHECK(f.json_size >= out.n && f.json_size < out.n + 3000,
		    "%s: %llu, and it has %zu", written[i].name,
		    (unsigned long long)f.json_size, out.n);
	}
	buf_release(&out);
}

/* Encoded words are for headers: JSON has UTF-8. */
static void
test_names(void)
{
	static struct addr word = { .name = S("=?utf-8?q?J=C3=B6rg=0A?="),
		.domain = S("y"),
		.text = S("x@y") };
	static struct addr hidden = { .name = S("=?utf-8?q?a=40b?="),
		.domain = S("b.example"),
		.text = S("other@b.example") };
	struct message m = { .to = &word, .from = &hidden };
	struct buf out;
	struct err e;

	buf_init(&out, LIMIT);
	T_CHECK(send_json(&m, &keep, &out, &e), "%s", e.msg);
	T_CHECK(str_find(buf_view(&out), STR("\"J\xc3\xb6rg \"")) < out.n,
	    "decoded: %.*s", STR_ARG(buf_view(&out)));
	T_CHECK(str_find(buf_view(&out), STR("a@b")) == out.n,
	    "an address as a name: %.*s", STR_ARG(buf_view(&out)));
	buf_release(&out);
}

/* A file alone, as a rope: the same JSON, and no memory for its content. */
static void
test_file_alone(void)
{
	static const uint64_t size[] = { 0, 1, 2, 3, 100000 };
	const struct json *tree;
	struct buf text, back;
	struct message m;
	struct source all;
	struct arena a;
	struct rope rope;
	struct err e;

	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		arena_init(&a, MEMORY);
		buf_init(&text, MEMORY);
		buf_init(&back, MEMORY);
		rope_init(&rope, &a);
		m = with_file(size[i], false);
		T_CHECK(send_json_file(&m.file[0], &rope, &e), "%s", e.msg);
		all = rope_source(&rope);
		T_CHECK(source_read(&all, 0, buf_room(&text, (size_t)all.size),
			    (size_t)all.size, &e),
		    "%s", e.msg);
		buf_commit(&text, (size_t)all.size);
		T_CHECK(json_parse(&a, buf_view(&text), &tree, &e), "%s",
		    e.msg);
		T_CHECK(base64_decode(&back,
			    json_str(json_get(tree, STR("contentBytes"))),
			    &e) &&
			back.n == size[i],
		    "%zu bytes", back.n);
		T_CHECK(str_eq(json_str(json_get(tree, STR("name"))),
			    STR("f.bin")),
		    "name");
		buf_release(&back);
		buf_release(&text);
		arena_release(&a);
	}
}

static void
scenario(void)
{
	struct message m = with_file(30000, false);
	struct send_result result;
	struct graph g = { 0 };
	struct buf out;
	struct err e;

	buf_init(&out, LIMIT);
	if (!send_json(&m, &keep, &out, &e))
		T_CHECK(e.kind == ERR_RETRY && out.n == 0, "%s", e.msg);
	buf_release(&out);
	memset(&seen, 0, sizeof(seen));
	m = (struct message){ .to = &x_y };
	if (!send_message(&g, &m, &keep, &result, &e))
		T_CHECK(e.kind == ERR_RETRY && seen.calls == 0, "%s", e.msg);
}

static void
test_allocations(void)
{
	t_each_allocation_fails(scenario);
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "written", test_written },
		{ "files", test_files },
		{ "refused", test_refused },
		{ "recipients", test_recipients },
		{ "escapes", test_escapes },
		{ "path", test_path },
		{ "message", test_message },
		{ "as MIME", test_mime },
		{ "facts", test_facts },
		{ "size", test_size },
		{ "names", test_names },
		{ "a file alone", test_file_alone },
		{ "allocations", test_allocations },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
