/* SPDX-License-Identifier: MIT */
/*
 * draft and upload against a model of Graph: this program has a graph_call
 * and an http_call of its own, which keep drafts, attachments and sessions as
 * facts.md 4.5 describes them, and go wrong where a row says so.
 */
#include "graph/draft.h"

#include <stdio.h>
#include <string.h>

#include "graph/sent.h"
#include "graph/upload.h"
#include "t.h"

enum { FILES = 3, FAULTS = 8, MB = 1000000 };

enum where {
	NOWHERE,
	CREATE,
	ATTACH,
	SESSION,
	RANGE,
	LIST,
	SEARCH,
	SUBMIT,
	ASK,
	REMOVE
};
enum what {
	FAILS,    /* the connection does; nothing is done */
	LOST,     /* it is done, and the answer gets lost */
	BUSY,     /* 503; nothing is done */
	REFUSED,  /* 400 */
	DENIED,   /* 403 */
	MISSES,   /* 404, ErrorItemNotFound; nothing is done */
	ABSENT,   /* 404, of the mailbox or of a page; nothing is done */
	BROKEN,   /* 500; nothing is done */
	TAKEN,    /* 500, and yet it is done */
	LIES,     /* 503, and yet it is done */
	GONE,     /* of a range: the session is, 404 */
	STRANGER, /* of a range: 401 */
	SLIPPED,  /* of a range: done; then the offset is told with a 416 */
	SHORT,    /* of a range: 201, though there is more to come */
	ENDLESS,  /* of a range: done; 200 where 201 belongs */
	SLOW,     /* of a range: 408; nothing is done */
	PAGED     /* of the list: its first page, which has nothing yet */
};

struct mishap {
	enum where where;
	enum what what;
	unsigned from, to; /* the n-th such requests, from 1 */
};

static struct model {
	const struct mishap *fault;
	unsigned seen[REMOVE + 1];
	unsigned drafts, removed, sent;
	bool quoted; /* the search doubled the quote in the Message-ID */
	struct {
		uint64_t size, have; /* bytes */
		bool whole;
	} file[FILES];
	size_t n_files;
	bool session, by_json, authorized;
	uint64_t told, all; /* by progress */
	uint64_t end_at;    /* bytes told; 0: never */
} now;

static char
content(uint64_t at)
{
	return (char)(at * 7 + at / 4096);
}

static bool
read_content(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	(void)self;
	(void)e;
	for (size_t i = 0; i < n; i++)
		p[i] = content(at + i);
	return true;
}

/* What goes wrong with this request; -1: nothing. */
static int
mishap_of(enum where where)
{
	unsigned n = ++now.seen[where];

	for (size_t i = 0; i < FAULTS; i++)
		if (now.fault[i].where == where && n >= now.fault[i].from &&
		    n <= now.fault[i].to)
			return (int)now.fault[i].what;
	return -1;
}

static void
answer(struct http_answer *a, int status, const char *body)
{
	*a = (struct http_answer){ .status = status };
	buf_init(&a->body, 4096);
	buf_addz(&a->body, body);
}

/* What a fault of Graph itself looks like to its caller. */
static bool
fails(int fault, struct http_answer *a, struct err *e)
{
	switch (fault) {
	case LOST:
		return err_set(e, ERR_UNSURE, "lost");
	case MISSES:
		a->status = 404;
		err_set(e, ERR_UNSURE, "not found");
		memcpy(e->code, "ErrorItemNotFound", 18);
		return false;
	case ABSENT:
		a->status = 404;
		return err_set(e, ERR_CONFIG, "no mailbox");
	case BROKEN:
	case TAKEN:
		a->status = 500;
		return err_set(e, ERR_UNSURE, "broken");
	case REFUSED:
		return err_set(e, ERR_REFUSED, "refused");
	case DENIED:
		a->status = 403;
		return err_set(e, ERR_AUTH, "denied");
	case BUSY:
	case LIES:
		a->status = 503;
		return err_set(e, ERR_RETRY, "busy");
	default:
		return err_set(e, ERR_RETRY, "no connection");
	}
}

static enum where
where_of(const struct graph_request *r)
{
	if (str_find(r->path, STR("/attachments?")) < r->path.n)
		return LIST;
	if (str_find(r->path, STR("/sentitems/")) < r->path.n)
		return SEARCH;
	if (str_eq(r->method, STR("GET")))
		return ASK;
	if (str_eq(r->method, STR("DELETE")))
		return REMOVE;
	if (str_ends(r->path, STR("/messages")))
		return CREATE;
	if (str_ends(r->path, STR("/attachments")))
		return ATTACH;
	if (str_ends(r->path, STR("/createUploadSession")))
		return SESSION;
	return SUBMIT;
}

static uint64_t
size_in(struct str json)
{
	struct str rest = str_from(json, str_find(json, STR("\"size\":")) + 7);
	uint64_t size = 0;

	T_CHECK(str_u64(str_first(rest, str_chr(rest, ',')), UINT64_MAX, &size),
	    "a size");
	return size;
}

static void
add_file(uint64_t size, bool whole)
{
	if (now.n_files > 0 && !now.file[now.n_files - 1].whole)
		now.n_files--; /* a new session for the same file */
	now.file[now.n_files].size = size;
	now.file[now.n_files].have = 0;
	now.file[now.n_files++].whole = whole;
	now.session = !whole;
}

/* GET attachments: each with some bytes more than it has. */
static void
list_files(struct http_answer *a)
{
	char text[64];

	answer(a, 200, "{\"value\":[");
	for (size_t i = 0; i < now.n_files; i++) {
		if (!now.file[i].whole)
			continue;
		(void)snprintf(text, sizeof(text), "%s{\"size\":%llu}",
		    a->body.p[a->body.n - 1] == '[' ? "" : ",",
		    (unsigned long long)now.file[i].size + 168);
		buf_addz(&a->body, text);
	}
	buf_addz(&a->body, "]}");
}

static void
act(enum where where, const struct graph_request *r, struct http_answer *a)
{
	switch (where) {
	case CREATE:
		now.drafts++;
		now.by_json = str_eq(r->content_type, STR("application/json"));
		answer(a, 201, "{\"id\":\"AA+/=b\",\"isDraft\":true}");
		break;
	case ATTACH:
		add_file(r->body.size / 4 * 3, true); /* or some more */
		answer(a, 201, "{}");
		break;
	case SESSION:
		add_file(size_in(r->body.bytes), false);
		answer(a, 201,
		    "{\"uploadUrl\":\"https://up.example/x?t=1\","
		    "\"nextExpectedRanges\":[\"0-\"]}");
		break;
	case SUBMIT:
		now.sent++;
		answer(a, 202, "");
		break;
	case LIST:
		list_files(a);
		break;
	case SEARCH:
		answer(a, 200,
		    now.sent > 0 ?
			"{\"value\":[{\"internetMessageId\":\"<1@x>\","
			"\"ccRecipients\":[{\"emailAddress\":{\"address\":"
			"\"a@x\"}}]}]}" :
			"{\"value\":[]}");
		break;
	case ASK:
		answer(a, 200,
		    now.sent > 0 ? "{\"isDraft\":false}" :
				   "{\"isDraft\":true}");
		break;
	case REMOVE:
		now.removed++;
		answer(a, 204, "");
		break;
	case RANGE:
	case NOWHERE:
		break;
	}
}

bool
graph_call(struct graph *g, const struct graph_request *r,
    struct graph_answer *out, struct err *e)
{
	enum where where = where_of(r);
	int fault = mishap_of(where);

	(void)g;
	*out = (struct graph_answer){ .attempts = 1 };
	if (where == SEARCH)
		now.quoted = str_find(r->path,
				 STR("%27%3Co%27%27neil%40x%3E"
				     "%27")) < r->path.n;
	if (where != SEARCH)
		T_CHECK(str_eq(r->prefer, STR("IdType=\"ImmutableId\"")),
		    "ids that stay");
	if (where != CREATE && where != SEARCH)
		T_CHECK(str_find(r->path, STR("/AA%2B%2F%3Db")) < r->path.n,
		    "id: %.*s", STR_ARG(r->path));
	if (fault == PAGED) {
		answer(&out->http, 200,
		    "{\"value\":[],\"@odata.nextLink\":\"https://x/2\"}");
		return true;
	}
	if (fault < 0 || fault == LOST || fault == TAKEN || fault == LIES)
		act(where, r, &out->http);
	if (fault >= 0)
		http_answer_release(&out->http);
	return fault < 0 || fails(fault, &out->http, e);
}

void
graph_answer_release(struct graph_answer *a)
{
	http_answer_release(&a->http);
}

void
http_answer_release(struct http_answer *a)
{
	buf_release(&a->body);
	*a = (struct http_answer){ 0 };
}

/* "bytes 0-9/100" */
static bool
range_of(const struct http_request *r, uint64_t *from, uint64_t *to)
{
	struct str s = str_from(r->field[1].value, 6);

	return str_eq(r->field[1].name, STR("Content-Range")) &&
	    str_u64(str_first(s, str_chr(s, '-')), UINT64_MAX, from) &&
	    str_u64(str_from(str_first(s, str_chr(s, '/')),
			str_chr(s, '-') + 1),
		UINT64_MAX, to);
}

static void
told(struct http_answer *a, int status, uint64_t next)
{
	char body[128];

	(void)snprintf(body, sizeof(body),
	    status < 300 ? "{\"NextExpectedRanges\":[\"%llu\"]}" :
			   "{\"error\":{\"code\":\"invalidRange\","
			   "\"nextExpectedRanges\":[\"%llu-\"]}}",
	    (unsigned long long)next);
	answer(a, status, body);
}

/* Takes the bytes of a range, each compared. */
static void
take(const struct http_request *r, uint64_t from)
{
	char piece[4096];
	size_t n;
	struct err e;

	for (uint64_t at = 0; at < r->body.size; at += n) {
		n = r->body.size - at < sizeof(piece) ?
		    (size_t)(r->body.size - at) :
		    sizeof(piece);
		T_CHECK(source_read(&r->body, at, piece, n, &e), "%s", e.msg);
		for (size_t i = 0; i < n; i += 97)
			T_CHECK(piece[i] == content(from + at + i), "byte");
	}
}

bool
http_call(struct http *h, const struct http_request *r, struct http_answer *out,
    struct err *e)
{
	int fault = mishap_of(RANGE);
	uint64_t from = 0, to = 0, *have = &now.file[now.n_files - 1].have;
	uint64_t size = now.file[now.n_files - 1].size;

	(void)h;
	for (size_t i = 0; i < r->n_fields; i++)
		now.authorized = now.authorized ||
		    str_ieq(r->field[i].name, STR("Authorization"));
	T_CHECK(range_of(r, &from, &to) && to + 1 - from == r->body.size &&
		r->body.size <= UPLOAD_RANGE,
	    "range");
	if (fault == FAILS)
		return err_set(e, ERR_RETRY, "connection");
	if (fault == GONE || !now.session) {
		now.session = false;
		answer(out, 404,
		    "{\"error\":{\"code\":"
		    "\"uploadSessionNotFound\"}}");
		return true;
	}
	if (fault == BUSY || fault == DENIED || fault == SLOW ||
	    fault == STRANGER) {
		now.session = fault != STRANGER;
		answer(out,
		    fault == BUSY         ? 503 :
			fault == SLOW     ? 408 :
			fault == STRANGER ? 401 :
					    403,
		    "");
		return true;
	}
	if (from != *have) {
		told(out, 416, *have);
		return true;
	}
	take(r, from);
	*have = to + 1;
	now.file[now.n_files - 1].whole = *have == size;
	if (now.file[now.n_files - 1].whole)
		now.session = false;
	if (fault == LOST)
		return err_set(e, ERR_UNSURE, "lost");
	if ((*have == size && fault != ENDLESS) || fault == SHORT)
		answer(out, 201, "");
	else
		told(out, fault == SLIPPED ? 416 : 200, *have);
	return true;
}

static const struct {
	const char *name;
	uint64_t size[FILES];
	struct mishap fault[FAULTS];
	enum err_kind kind; /* ERR_NONE: sent */
	unsigned sent, removed;
} rows[] = {
	/* clang-format off */
	{ "no file", { 0 }, { { 0 } }, ERR_NONE, 1, 0 },
	{ "small file", { 10 }, { { 0 } }, ERR_NONE, 1, 0 },
	{ "largest small file", { UPLOAD_LEAST - 1 }, { { 0 } }, ERR_NONE, 1,
	  0 },
	{ "smallest upload", { UPLOAD_LEAST }, { { 0 } }, ERR_NONE, 1, 0 },
	{ "one range to the byte", { UPLOAD_RANGE }, { { 0 } }, ERR_NONE, 1,
	  0 },
	{ "one byte more", { UPLOAD_RANGE + 1 }, { { 0 } }, ERR_NONE, 1, 0 },
	{ "three files", { 12 * MB, 5, 4 * MB }, { { 0 } }, ERR_NONE, 1, 0 },
	{ "creating fails", { 10 }, { { CREATE, FAILS, 1, 1 } }, ERR_RETRY, 0,
	  0 },
	{ "an upload's address denied, once", { 12 * MB },
	  { { RANGE, STRANGER, 2, 2 } }, ERR_NONE, 1, 0 },
	{ "an upload's address denied", { 12 * MB },
	  { { RANGE, STRANGER, 1, 99 } }, ERR_RETRY, 0, 1 },
	{ "a session denied", { 12 * MB }, { { SESSION, DENIED, 1, 1 } },
	  ERR_AUTH, 0, 1 },
	{ "an attachment denied", { 10 }, { { ATTACH, DENIED, 1, 1 } },
	  ERR_AUTH, 0, 1 },
	{ "creating denied", { 10 }, { { CREATE, DENIED, 1, 1 } }, ERR_AUTH,
	  0, 0 },
	{ "MIME refused, JSON taken", { 0 }, { { CREATE, REFUSED, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "both refused", { 0 }, { { CREATE, REFUSED, 1, 2 } }, ERR_REFUSED,
	  0, 0 },
	{ "attachment refused", { 10 }, { { ATTACH, REFUSED, 1, 1 } },
	  ERR_REFUSED, 0, 1 },
	{ "attachment lost", { 10 }, { { ATTACH, LOST, 1, 1 } }, ERR_RETRY,
	  0, 1 },
	{ "attachment taken, 500", { 10 }, { { ATTACH, TAKEN, 1, 1 } },
	  ERR_RETRY, 0, 1 },
	{ "attachment busy", { 10 }, { { ATTACH, BUSY, 1, 2 } }, ERR_NONE, 1,
	  0 },
	{ "creating lost", { 10 }, { { CREATE, LOST, 1, 1 } }, ERR_RETRY, 0,
	  0 },
	{ "session refused", { 5 * MB }, { { SESSION, REFUSED, 1, 1 } },
	  ERR_REFUSED, 0, 1 },
	{ "session busy once", { 5 * MB }, { { SESSION, BUSY, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "first range lost", { 12 * MB }, { { RANGE, LOST, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "last range lost", { 12 * MB }, { { RANGE, LOST, 4, 4 } },
	  ERR_NONE, 1, 0 },
	{ "only range lost", { 3 * MB }, { { RANGE, LOST, 1, 1 } }, ERR_NONE,
	  1, 0 },
	{ "only range lost, of the second of two that are alike",
	  { 3 * MB, 3 * MB }, { { RANGE, LOST, 2, 2 } }, ERR_NONE, 1, 0 },
	{ "last range lost, no list at once", { 12 * MB },
	  { { RANGE, LOST, 4, 4 }, { LIST, FAILS, 1, 1 } }, ERR_NONE, 1, 0 },
	{ "last range lost, no list ever", { 12 * MB },
	  { { RANGE, LOST, 4, 4 }, { LIST, FAILS, 1, 99 } }, ERR_RETRY, 0,
	  1 },
	{ "last range lost, and of the list one page came", { 12 * MB },
	  { { RANGE, LOST, 4, 4 }, { LIST, PAGED, 1, 99 } }, ERR_RETRY, 0,
	  1 },
	{ "last range lost, beside a file that is nearly as large",
	  { 3 * MB - 1, 3 * MB }, { { RANGE, LOST, 1, 1 } }, ERR_NONE, 1, 0 },
	{ "last range fails", { 12 * MB }, { { RANGE, FAILS, 4, 4 } },
	  ERR_NONE, 1, 0 },
	{ "201 too early", { 12 * MB }, { { RANGE, SHORT, 2, 2 } }, ERR_NONE,
	  1, 0 },
	{ "200 at the end", { 12 * MB }, { { RANGE, ENDLESS, 4, 4 } },
	  ERR_NONE, 1, 0 },
	{ "range denied", { 12 * MB }, { { RANGE, DENIED, 2, 2 } }, ERR_AUTH,
	  0, 1 },
	{ "ranges fail now and then", { 12 * MB },
	  { { RANGE, FAILS, 1, 2 }, { RANGE, BUSY, 4, 5 } }, ERR_NONE, 1, 0 },
	{ "a range takes too long", { 12 * MB }, { { RANGE, SLOW, 2, 2 } },
	  ERR_NONE, 1, 0 },
	{ "a range fails for ever", { 12 * MB }, { { RANGE, BUSY, 2, 99 } },
	  ERR_RETRY, 0, 1 },
	{ "last range lost, and then the session gone", { 12 * MB },
	  { { RANGE, LOST, 4, 4 }, { LIST, FAILS, 1, 1 },
	    { RANGE, GONE, 5, 5 } }, ERR_NONE, 1, 0 },
	{ "told to go on elsewhere", { 12 * MB }, { { RANGE, SLIPPED, 2, 2 } },
	  ERR_NONE, 1, 0 },
	{ "session gone", { 12 * MB }, { { RANGE, GONE, 3, 3 } }, ERR_NONE, 1,
	  0 },
	{ "a range fails as often as it may", { 12 * MB },
	  { { RANGE, BUSY, 2, 5 } }, ERR_NONE, 1, 0 },
	{ "after progress again", { 12 * MB },
	  { { RANGE, BUSY, 2, 5 }, { RANGE, BUSY, 7, 8 } }, ERR_NONE, 1, 0 },
	{ "in a second session again", { 12 * MB },
	  { { RANGE, GONE, 3, 3 }, { RANGE, BUSY, 5, 8 } }, ERR_NONE, 1, 0 },
	{ "and once more", { 12 * MB }, { { RANGE, BUSY, 2, 6 } }, ERR_RETRY,
	  0, 1 },
	{ "each session gone after its first range", { 12 * MB },
	  { { RANGE, GONE, 2, 2 }, { RANGE, GONE, 4, 4 },
	    { RANGE, GONE, 6, 6 }, { RANGE, GONE, 8, 8 } }, ERR_RETRY, 0, 1 },
	{ "session gone for ever", { 12 * MB }, { { RANGE, GONE, 1, 99 } },
	  ERR_RETRY, 0, 1 },
	{ "sending refused", { 10 }, { { SUBMIT, REFUSED, 1, 1 } },
	  ERR_REFUSED, 0, 1 },
	{ "sending busy", { 10 }, { { SUBMIT, BUSY, 1, 2 } }, ERR_NONE, 1,
	  0 },
	{ "sending busy, and it was sent", { 10 }, { { SUBMIT, LIES, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "sending busy for ever", { 10 }, { { SUBMIT, BUSY, 1, 99 } },
	  ERR_RETRY, 0, 1 },
	{ "sending not reached", { 10 }, { { SUBMIT, FAILS, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "sending denied", { 10 }, { { SUBMIT, DENIED, 1, 1 } }, ERR_AUTH, 0,
	  1 },
	{ "answer lost", { 10 }, { { SUBMIT, LOST, 1, 1 } }, ERR_NONE, 1, 0 },
	{ "answer lost, asked with failures", { 10 },
	  { { SUBMIT, LOST, 1, 1 }, { ASK, FAILS, 1, 2 } }, ERR_NONE, 1, 0 },
	{ "answer lost, nobody knows", { 10 },
	  { { SUBMIT, LOST, 1, 1 }, { ASK, FAILS, 1, 99 } }, ERR_UNSURE, 1,
	  0 },
	{ "answer lost, the message is not found", { 10 },
	  { { SUBMIT, LOST, 1, 1 }, { ASK, MISSES, 1, 99 } }, ERR_NONE, 1,
	  0 },
	{ "the same, and no copy either", { 10 },
	  { { SUBMIT, BROKEN, 1, 1 }, { ASK, MISSES, 1, 99 } }, ERR_UNSURE,
	  0, 0 },
	{ "the same, and copies cannot be searched now", { 10 },
	  { { SUBMIT, LOST, 1, 1 }, { ASK, MISSES, 1, 99 },
	    { SEARCH, BUSY, 1, 99 } }, ERR_UNSURE, 1, 0 },
	{ "the same, and copies may not be searched", { 10 },
	  { { SUBMIT, LOST, 1, 1 }, { ASK, MISSES, 1, 99 },
	    { SEARCH, DENIED, 1, 99 } }, ERR_UNSURE, 1, 0 },
	{ "answer lost, and then the mailbox is not found", { 10 },
	  { { SUBMIT, FAILS, 1, 1 }, { SUBMIT, LOST, 2, 2 },
	    { ASK, ABSENT, 1, 99 } }, ERR_UNSURE, 1, 0 },
	{ "broken, and then the mailbox is not found", { 10 },
	  { { SUBMIT, BROKEN, 1, 1 }, { ASK, ABSENT, 1, 99 } }, ERR_UNSURE,
	    0, 0 },
	{ "sending, no mailbox", { 10 }, { { SUBMIT, ABSENT, 1, 99 } },
	  ERR_CONFIG, 0, 1 },
	{ "500, and a draft still", { 10 }, { { SUBMIT, BROKEN, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "500 twice, and a draft still", { 10 },
	  { { SUBMIT, BROKEN, 1, 2 } }, ERR_UNSURE, 0, 0 },
	{ "500, and it was sent", { 10 }, { { SUBMIT, TAKEN, 1, 1 } },
	  ERR_NONE, 1, 0 },
	{ "the draft is not found at all", { 10 },
	  { { SUBMIT, MISSES, 1, 99 } }, ERR_RETRY, 0, 1 },
	/* clang-format on */
};

static int64_t
no_time(void *arg)
{
	(void)arg;
	return 0;
}

static void
no_sleep(void *arg, int64_t deadline)
{
	(void)arg;
	(void)deadline;
}

static const struct clock stopped = { .wall = no_time,
	.mono_ms = no_time,
	.sleep_until = no_sleep };

static bool
progress(void *arg, uint64_t done, uint64_t all, struct err *e)
{
	(void)arg;
	T_CHECK(done <= all, "%llu of %llu", (unsigned long long)done,
	    (unsigned long long)all);
	now.told = done;
	now.all = all;
	return now.end_at == 0 || done < now.end_at ||
	    err_set(e, ERR_REFUSED, "ended");
}

static struct addr to = { .local = STR_INIT("a"),
	.domain = STR_INIT("x"),
	.text = STR_INIT("a@x") };

static void
set_up(size_t i, struct outgoing *m, struct message *parts)
{
	static struct outgoing_file files[FILES + 1];

	now = (struct model){ .fault = rows[i].fault };
	*parts = (struct message){ .to = &to, .text = STR("hi") };
	m->mailbox = STR("me@x");
	m->message_id = STR("<1@x>");
	m->rcpt = &to;
	m->rest = source_of(STR("To: a@x\r\n\r\nhi\r\n"));
	m->message = parts;
	m->file = files;
	m->n_files = 0;
	for (size_t f = 0; f < FILES && rows[i].size[f] > 0; f++)
		m->file[m->n_files++] =
		    (struct outgoing_file){ .name = STR("f"),
			    .type = STR("a/b"),
			    .content = { .size = rows[i].size[f],
				.read = read_content } };
}

/* What must hold of the model, whatever the row is. */
static void
check_model(size_t i, const struct outgoing *m, bool ok)
{
	uint64_t all = 0;

	T_CHECK(!now.authorized, "%s: Authorization at the upload's host",
	    rows[i].name);
	for (size_t f = 0; f < now.n_files; f++)
		T_CHECK(now.sent == 0 || now.file[f].whole,
		    "%s: sent without file %zu", rows[i].name, f);
	T_CHECK(now.sent == 0 || now.n_files == m->n_files, "%s: %zu files",
	    rows[i].name, now.n_files);
	for (size_t f = 0; f < m->n_files; f++)
		all += m->file[f].content.size;
	if (ok && all > 0)
		T_CHECK(now.told == all && now.all == all, "%s: progress",
		    rows[i].name);
}

static void
test_rows(void)
{
	static struct outgoing m;
	static struct message parts;
	struct graph g = { .source = { .clock = &stopped },
		.timeout_ms = 1000 };
	struct send_result result;
	struct log silent = { 0 };
	struct err e;
	bool ok;

	g.source.log = &silent;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		set_up(i, &m, &parts);
		e = (struct err){ 0 };
		ok = outgoing_send(&g, &m, ROUTE_DRAFT,
		    &(struct outgoing_progress){ .step = progress }, &result,
		    &e);
		T_CHECK(ok == (rows[i].kind == ERR_NONE) &&
			(ok || e.kind == rows[i].kind),
		    "%s: %s: %s", rows[i].name, err_kind_name(e.kind), e.msg);
		T_CHECK(now.sent == rows[i].sent, "%s: sent %u times",
		    rows[i].name, now.sent);
		T_CHECK(now.removed == rows[i].removed, "%s: removed %u",
		    rows[i].name, now.removed);
		T_CHECK(strcmp(result.via, "draft") == 0, "via");
		/* other mail goes on, unless it is about sending */
		T_CHECK(ok || e.kind != ERR_AUTH ||
			e.alone == (now.seen[SUBMIT] == 0),
		    "%s: alone", rows[i].name);
		T_CHECK(!e.alone || strstr(e.remedy, "Mail.ReadWrite"),
		    "%s: %s", rows[i].name, e.remedy);
		T_CHECK(ok || rows[i].fault[0].what != STRANGER ||
			strstr(e.remedy, "no permission is missing"),
		    "%s: %s", rows[i].name, e.remedy);
		check_model(i, &m, ok);
	}
}

/* Who ends it in the middle, or after the last byte, leaves no draft. */
static void
test_ended(void)
{
	static const uint64_t ends[] = { 1, 4 * MB, 12 * MB + 5, 16 * MB + 5 };
	static struct outgoing m;
	static struct message parts;
	struct graph g = { .source = { .clock = &stopped },
		.timeout_ms = 1000 };
	struct send_result result;
	struct log silent = { 0 };
	struct err e;
	size_t row = 0;

	g.source.log = &silent;
	while (strcmp(rows[row].name, "three files") != 0)
		row++;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		set_up(row, &m, &parts);
		now.end_at = ends[i];
		e = (struct err){ 0 };
		T_CHECK(!outgoing_send(&g, &m, ROUTE_DRAFT,
			    &(struct outgoing_progress){ .step = progress },
			    &result, &e) &&
			e.kind == ERR_REFUSED,
		    "%zu: %s", i, e.msg);
		T_CHECK(now.sent == 0 && now.removed == 1,
		    "%zu: sent %u, removed %u", i, now.sent, now.removed);
	}
}

/* Of a draft that was kept: what is known after asking it. */
/* clang-format off */
static const struct {
	const char *name;
	struct mishap fault[FAULTS];
	unsigned sent; /* before */
	enum { KEPT, NO_ID, NO_WORD } keeper; /* fails with: the id; any */
	enum draft_found found;
	enum err_kind kind;
	unsigned sent_after, removed;
} kept[] = {
	{ "still a draft", { { NOWHERE, FAILS, 0, 0 } }, 0, KEPT,
	  DRAFT_UNSENT, ERR_NONE, 1, 0 },
	{ "sent", { { NOWHERE, FAILS, 0, 0 } }, 1, KEPT, DRAFT_SENT,
	  ERR_NONE, 1, 0 },
	{ "gone", { { ASK, MISSES, 1, 9 } }, 1, KEPT, DRAFT_SENT,
	  ERR_NONE, 1, 0 },
	{ "gone, and copies may not be searched", { { ASK, MISSES, 1, 9 },
	  { SEARCH, DENIED, 1, 9 } }, 1, KEPT, DRAFT_LOST, ERR_UNSURE, 1,
	  0 },
	{ "no mailbox", { { ASK, ABSENT, 1, 9 } }, 0, KEPT, DRAFT_NOT_ASKED,
	  ERR_CONFIG, 0, 0 },
	{ "gone, and copies cannot be searched now", { { ASK, MISSES, 1, 9 },
	  { SEARCH, FAILS, 1, 9 } }, 1, KEPT, DRAFT_NOT_ASKED, ERR_RETRY, 1,
	  0 },
	{ "gone, and no copy", { { ASK, MISSES, 1, 9 } }, 0, KEPT,
	  DRAFT_LOST, ERR_UNSURE, 0, 0 },
	{ "cannot be asked", { { ASK, FAILS, 1, 9 } }, 0, KEPT,
	  DRAFT_NOT_ASKED, ERR_RETRY, 0, 0 },
	{ "its answer is lost", { { ASK, LOST, 1, 9 } }, 0, KEPT,
	  DRAFT_NOT_ASKED, ERR_RETRY, 0, 0 },
	{ "may not be asked", { { ASK, DENIED, 1, 9 } }, 0, KEPT,
	  DRAFT_NOT_ASKED, ERR_AUTH, 0, 0 },
	{ "a draft that is refused", { { SUBMIT, REFUSED, 1, 9 } }, 0, KEPT,
	  DRAFT_UNSENT, ERR_REFUSED, 0, 1 },
	{ "not kept", { { NOWHERE, FAILS, 0, 0 } }, 0, NO_ID, DRAFT_NOT_ASKED,
	  ERR_RETRY, 0, 1 },
	{ "refused, and not forgotten", { { SUBMIT, REFUSED, 1, 9 } }, 0,
	  NO_WORD, DRAFT_UNSENT, ERR_REFUSED, 0, 0 },
};
/* clang-format on */

static bool
keep(void *arg, struct str id, struct err *e)
{
	const unsigned *keeper = arg;

	T_CHECK((id.n == 0 || str_eq(id, STR("AA%2B%2F%3Db"))) &&
		now.sent == 0 && now.drafts == 1,
	    "kept before it is sent or removed: %.*s", STR_ARG(id));
	if (*keeper == NO_WORD || (*keeper == NO_ID && id.n > 0))
		return err_set(e, ERR_RETRY, "no space");
	return true;
}

/* The hook, then asking: a worker that died is between the two. */
static void
check_kept(size_t i)
{
	static struct outgoing m;
	static struct message parts;
	unsigned keeper = kept[i].keeper;
	const struct outgoing_progress progress = { .keep = keep,
		.arg = &keeper };
	const struct draft_kept ask = { .mailbox = STR("me@x"),
		.message_id = STR("<1@x>"),
		.rcpt = &to,
		.id = STR("AA%2B%2F%3Db"),
		.progress = &progress };
	struct log silent = { 0 };
	struct graph g = { .source = { .clock = &stopped, .log = &silent },
		.timeout_ms = 1000 };
	bool ok;
	enum draft_found found = DRAFT_NOT_ASKED;
	struct send_result result;
	struct err e = { 0 };

	set_up(0, &m, &parts);
	now.fault = kept[i].fault;
	if (keeper == NO_ID) {
		ok = outgoing_send(&g, &m, ROUTE_DRAFT, &progress, &result, &e);
	} else {
		now.drafts = 1;
		now.sent = kept[i].sent;
		ok = draft_resume(&g, &ask, &result, &found, &e);
	}
	T_CHECK(ok == (kept[i].kind == ERR_NONE) && found == kept[i].found &&
		(ok || e.kind == kept[i].kind),
	    "%s: %d, %s: %s", kept[i].name, found, err_kind_name(e.kind),
	    e.msg);
	T_CHECK(now.sent == kept[i].sent_after &&
		now.removed == kept[i].removed,
	    "%s: sent %u, removed %u", kept[i].name, now.sent, now.removed);
}

static void
test_kept(void)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		check_kept(i);
}

/* OData 5.1.1.6.1: a quote in a text of $filter is written twice. */
static void
test_quote(void)
{
	const struct sent_ask ask = { .mailbox = STR("me@x"),
		.message_id = STR("<o'neil@x>"),
		.rcpt = &to };
	struct log silent = { 0 };
	struct graph g = { .source = { .clock = &stopped, .log = &silent },
		.timeout_ms = 1000 };
	struct send_result result = { 0 };
	struct err why = { 0 };

	now = (struct model){ .fault = rows[0].fault };
	T_CHECK(sent_find(&g, &ask, &result, &why) == SENT_NOT_FOUND &&
		now.quoted,
	    "%s", why.msg);
}

/* Whatever allocation fails: never a mail without its file, never two. */
static void
scenario(void)
{
	static struct outgoing m;
	static struct message parts;
	struct log silent = { 0 };
	struct graph g = { .source = { .clock = &stopped, .log = &silent },
		.timeout_ms = 1000 };
	struct send_result result;
	struct err e = { 0 };
	bool ok;

	set_up(2, &m, &parts); /* the largest small file */
	m.file[m.n_files] = m.file[0];
	m.file[m.n_files++].content.size = 5 * MB;
	ok = outgoing_send(&g, &m, ROUTE_DRAFT, NULL, &result, &e);
	T_CHECK(ok == (now.sent == 1) && now.sent < 2, "sent %u: %s", now.sent,
	    e.msg);
	check_model(2, &m, false);
}

static void
test_allocations(void)
{
	t_each_allocation_fails(scenario);
}

static void
test_next(void)
{
	static const struct {
		struct str body;
		bool ok;
		uint64_t next;
	} next[] = {
		/* clang-format off */
		{ STR_INIT("{\"nextExpectedRanges\":[\"0-\"]}"), true, 0 },
		{ STR_INIT("{\"NextExpectedRanges\":[\"12-34\"]}"), true, 12 },
		{ STR_INIT("{\"nextExpectedRanges\":[\"2097152\"]}"), true,
		  2097152 },
		{ STR_INIT("{\"error\":{\"nextExpectedRanges\":[\"5-\"]}}"),
		  true, 5 },
		{ STR_INIT("{\"nextExpectedRanges\":[]}"), false, 0 },
		{ STR_INIT("{\"nextExpectedRanges\":[\"x\"]}"), false, 0 },
		{ STR_INIT("{}"), false, 0 },
		{ STR_INIT("<html>"), false, 0 },
		{ STR_INIT(""), false, 0 },
		/* clang-format on */
	};
	uint64_t got;

	for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++) {
		got = 0;
		T_CHECK(upload_next(next[i].body, &got) == next[i].ok &&
			got == next[i].next,
		    "%.*s", STR_ARG(next[i].body));
	}
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "ended", test_ended },
	{ "kept", test_kept },
	{ "quote in a Message-ID", test_quote },
	{ "allocations", test_allocations },
	{ "next expected ranges", test_next },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
