/* SPDX-License-Identifier: MIT */
#include "graph/upload.h"

#include <stdio.h>

#include "codec/json.h"
#include "codec/jsonw.h"
#include "mail/rope.h"

enum {
	UPLOAD_MEM = 256 * 1024, /* an answer's JSON */
	REQUEST_MAX = 64 * 1024, /* createUploadSession: names, sizes */
	ROPE_MEM = 4096,
	BACKOFF_MS = 500
};

struct upload {
	struct graph *g;
	struct str path; /* of the draft's attachments */
	const struct outgoing_file *f;
	const struct outgoing_progress *progress;
	struct buf url; /* of the session; empty: there is none */
	uint64_t next;  /* the first byte that the server lacks */
	unsigned failures, sessions;
	bool done, gone; /* gone: the session was, and a new one may do */
	bool end_lost;   /* the answer to the last range was */
};

bool
upload_next(struct str body, uint64_t *next)
{
	const struct json *root, *list;
	struct arena a;
	struct str first = { 0 };
	struct err ignored;
	bool ok = false;

	arena_init(&a, UPLOAD_MEM);
	if (json_parse(&a, body, &root, &ignored)) {
		list = json_iget(root, STR("nextExpectedRanges"));
		if (list == NULL) /* in an error, too */
			list = json_iget(json_iget(root, STR("error")),
			    STR("nextExpectedRanges"));
		if (list != NULL && list->type == JSON_ARRAY)
			first = json_str(list->child);
		/* "0-", "2097152-4000000" and "2097152" were all seen */
		ok = str_u64(str_first(first, str_chr(first, '-')), INT64_MAX,
		    next);
	}
	arena_release(&a);
	return ok;
}

/* Graph, createUploadSession: its body. */
static bool
write_request(const struct outgoing_file *f, struct buf *out, struct err *e)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_open(&w, '{');
	jsonw_key(&w, STR("AttachmentItem"));
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("attachmentType"), STR("file"));
	jsonw_member(&w, STR("name"), f->name);
	jsonw_key(&w, STR("size"));
	jsonw_i64(&w, (int64_t)f->content.size);
	jsonw_member(&w, STR("contentType"), f->type);
	if (f->cid.p != NULL) {
		jsonw_key(&w, STR("isInline"));
		jsonw_bool(&w, true);
		jsonw_member(&w, STR("contentId"), f->cid);
	}
	jsonw_close(&w, '}');
	jsonw_close(&w, '}');
	return jsonw_end(&w, e) || err_wrap(e, "upload request");
}

static bool
keep_url(struct upload *u, struct str body, struct err *e)
{
	const struct json *root;
	struct str url = { 0 };
	struct arena a;

	arena_init_secret(&a, UPLOAD_MEM);
	if (json_parse(&a, body, &root, e))
		url = json_str(json_iget(root, STR("uploadUrl")));
	buf_reset(&u->url);
	buf_adds(&u->url, url);
	arena_release(&a);
	if (!buf_ok(&u->url, e))
		return false;
	return u->url.n > 0 ||
	    err_set(e, ERR_RETRY, "the upload session has no uploadUrl");
}

static bool
begin_session(struct upload *u, struct err *e)
{
	struct graph_answer answer = { 0 };
	struct buf path, body;
	struct graph_request r = {
		.method = STR("POST"),
		.content_type = STR("application/json"),
		.expect = 201,
		.what = STR("begin an upload"),
	};
	bool ok;

	buf_init(&path, URL_MAX);
	buf_init(&body, REQUEST_MAX);
	buf_adds(&path, u->path);
	buf_addz(&path, "/createUploadSession");
	r.path = buf_view(&path);
	ok = buf_ok(&path, e) && write_request(u->f, &body, e);
	r.body = source_of(buf_view(&body));
	ok = ok && graph_call(u->g, &r, &answer, e) &&
	    keep_url(u, buf_view(&answer.http.body), e);
	graph_answer_release(&answer);
	buf_release(&path);
	buf_release(&body);
	u->next = 0;
	u->sessions++;
	return ok;
}

/* Sends the range that begins at u->next; true: there is an answer. */
static bool
put(struct upload *u, uint64_t n, struct http_answer *out, struct err *e)
{
	char range[96];
	struct http_field field[] = {
		{ .name = STR("Content-Type"),
		    .value = STR("application/octet-stream") },
		{ .name = STR("Content-Range") },
	};
	struct http_request r = { .method = STR("PUT"),
		.field = field,
		.n_fields = 2,
		.has_body = true,
		.repeatable = true };
	struct arena mem;
	struct rope rope;
	struct url url;
	bool ok;

	(void)snprintf(range, sizeof(range), "bytes %llu-%llu/%llu",
	    (unsigned long long)u->next, (unsigned long long)(u->next + n - 1),
	    (unsigned long long)u->f->content.size);
	field[1].value = str_of(range);
	arena_init(&mem, ROPE_MEM);
	rope_init(&rope, &mem);
	rope_range(&rope, ROPE_RAW, &u->f->content, u->next, n);
	r.body = rope_source(&rope);
	r.url = &url;
	r.deadline = clock_mono_ms(u->g->source.clock) + u->g->timeout_ms;
	ok = rope_ok(&rope, e) && url_parse(buf_view(&u->url), &url, e) &&
	    http_call(u->g->source.http, &r, out, e);
	arena_release(&mem);
	return ok;
}

/* The session is gone, or was never ours: FACTS.md 3.1 and 4.5. */
static bool
is_gone(const struct http_answer *a, const struct err *e)
{
	return a->status == 401 || a->status == 404 || a->status == 410 ||
	    str_ieq(str_of(e->code), STR("uploadSessionNotFound")) ||
	    str_ieq(str_of(e->code), STR("uploadSessionFailed"));
}

/* What an answer to a range means. False: *e says why it did not do. */
static bool
judge(struct upload *u, uint64_t n, const struct http_answer *a, struct err *e)
{
	uint64_t next;
	bool named = upload_next(buf_view(&a->body), &next) &&
	    next <= u->f->content.size;

	if (a->status == 201) {
		u->done = true;
		u->next = u->f->content.size;
		return true;
	}
	if (a->status == 200 || a->status == 202) {
		u->next = named ? next : u->next + n;
		return true;
	}
	(void)fault_graph(a, STR("upload"), clock_wall(u->g->source.clock), e);
	if (named && next != u->next) {
		u->next = next; /* where the server says it is */
		return true;
	}
	if (!is_gone(a, e))
		return false;
	/*
	 * A session is also gone once its file is complete. Where that may be
	 * so, a new session would attach the file twice: give the draft up.
	 */
	if (u->end_lost) {
		u->failures = UPLOAD_FAILURES;
		return err_set(e, ERR_RETRY,
		    "nobody knows whether the upload was completed");
	}
	u->gone = true;
	buf_reset(&u->url);
	return false;
}

/* After a failure: is it worth another try, and after which wait? */
static bool
again(struct upload *u, const struct err *e)
{
	int64_t pause = BACKOFF_MS << u->failures;

	u->failures++;
	if (!u->gone && e->kind != ERR_RETRY && e->kind != ERR_UNSURE)
		return false;
	u->gone = false;
	if (e->retry_after_ms > 0)
		pause = e->retry_after_ms;
	if (u->failures >= UPLOAD_FAILURES || pause > UPLOAD_WAIT_MS ||
	    (u->url.n == 0 && u->sessions >= UPLOAD_SESSIONS))
		return false;
	clock_sleep_until(u->g->source.clock,
	    clock_mono_ms(u->g->source.clock) + pause);
	return true;
}

static bool
send_range(struct upload *u, struct err *e)
{
	uint64_t left = u->f->content.size - u->next, before = u->next;
	uint64_t n = left < UPLOAD_RANGE ? left : UPLOAD_RANGE;
	struct http_answer answer = { 0 };
	bool ok;

	if (n == 0) /* all is there, and still no 201 */
		return err_set(e, ERR_RETRY,
		    "the upload does not end: all bytes were taken");
	ok = put(u, n, &answer, e);
	if (!ok && n == left)
		u->end_lost = true;
	ok = ok && judge(u, n, &answer, e);
	http_answer_release(&answer);
	if (ok && u->next > before)
		u->failures = 0;
	else if (ok && !u->done && ++u->failures >= UPLOAD_FAILURES)
		ok = err_set(e, ERR_RETRY, "the upload makes no progress");
	return ok;
}

static void
tell(const struct upload *u)
{
	if (u->progress != NULL && u->progress->step != NULL)
		u->progress->step(u->progress->arg, u->next,
		    u->f->content.size);
}

bool
upload_file(struct graph *g, struct str path, const struct outgoing_file *f,
    const struct outgoing_progress *progress, struct err *e)
{
	struct upload u = { .g = g,
		.path = path,
		.f = f,
		.progress = progress };
	bool ok = true;

	buf_init_secret(&u.url, URL_MAX);
	while (ok && !u.done) {
		if (u.url.n == 0)
			ok = begin_session(&u, e);
		ok = ok && send_range(&u, e);
		if (!ok)
			ok = again(&u, e);
		tell(&u);
	}
	buf_release(&u.url);
	return ok || err_wrap(e, "attachment \"%.*s\"", STR_ARG(f->name));
}
