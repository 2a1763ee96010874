/* SPDX-License-Identifier: MIT */
#include "graph/upload.h"

#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "codec/jsonw.h"
#include "graph/patience.h"
#include "mail/rope.h"

enum {
	ANSWER_MEM = 1024 * 1024, /* an answer's JSON: 250 attachments */
	REQUEST_MAX = 64 * 1024,  /* createUploadSession: names, sizes */
	ROPE_MEM = 4096,
	SHOWN = 60,
	RANGE_SIZE = 96 /* "bytes 0-1/2" with three numbers of 20 digits */
};

/* What a range came to. */
enum outcome { GOES_ON, DONE, AGAIN, GONE, FAILED };

struct upload {
	const struct upload_job *job;
	uint64_t size;
	struct buf url;    /* of the session; empty: there is none */
	uint64_t next;     /* the first byte that the server lacks */
	uint64_t best;     /* the highest `next` of this session */
	unsigned sessions; /* begun */
	bool end_lost;     /* the last range may have been taken */
	struct patience patience;
};

bool
upload_next(struct str body, uint64_t *next)
{
	struct str name = STR("nextExpectedRanges"), first;
	const struct json *root, *list;
	struct arena a;
	struct err ignored;
	bool ok = false;

	arena_init(&a, ANSWER_MEM);
	if (json_parse(&a, body, &root, &ignored)) {
		list = json_iget(root, name);
		if (list == NULL) /* in an error, too */
			list = json_iget(json_iget(root, STR("error")), name);
		if (list != NULL && list->type == JSON_ARRAY) {
			first = json_str(list->child);
			/* "0-", "2097152-4000000" and "2097152" were seen */
			ok = str_u64(str_first(first, str_chr(first, '-')),
			    INT64_MAX, next);
		}
	}
	arena_release(&a);
	return ok;
}

static void
note(const struct upload *u, const char *request_id, const char *client_id,
    int status)
{
	struct send_result *out = u->job->result;

	(void)snprintf(out->request_id, sizeof(out->request_id), "%s",
	    request_id);
	(void)snprintf(out->client_request_id, sizeof(out->client_request_id),
	    "%s", client_id);
	out->status = status;
}

/* A request to Graph for what is below the draft's path. */
static bool
call(struct upload *u, const char *below, struct graph_request *r,
    struct graph_answer *out, struct err *e)
{
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_adds(&path, u->job->path);
	buf_addz(&path, below);
	r->path = buf_view(&path);
	r->prefer = UPLOAD_PREFER;
	ok = buf_ok(&path, e) && graph_call(u->job->g, r, out, e);
	note(u, out->request_id, out->client_request_id, out->http.status);
	u->job->result->attempts += out->attempts;
	buf_release(&path);
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
	return jsonw_end(&w, e);
}

/* Any host may be named; its certificate is checked as Graph's is. */
static bool
check_url(struct str text, struct err *e)
{
	struct url url;

	if (!url_parse(text, &url, e))
		return err_wrap(e, "the address of the upload session");
	return url.tls || url_is_loopback(&url) ||
	    err_set(e, ERR_CONFIG,
		"the upload session is at an address without TLS: %.*s",
		STR_ARG(url.origin));
}

static bool
keep_session(struct upload *u, struct str body, struct err *e)
{
	const struct json *root = NULL;
	struct arena a;
	bool ok;

	arena_init_secret(&a, ANSWER_MEM);
	buf_reset(&u->url);
	ok = json_parse(&a, body, &root, e);
	if (ok)
		buf_adds(&u->url, json_str(json_iget(root, STR("uploadUrl"))));
	arena_release(&a);
	if (ok && u->url.n == 0)
		ok = err_set(e, ERR_RETRY,
		    "the upload session has no uploadUrl");
	ok = ok && buf_ok(&u->url, e) && check_url(buf_view(&u->url), e);
	if (!ok)
		buf_reset(&u->url);
	u->best = u->next = 0;
	(void)upload_next(body, &u->next);
	if (u->next >= u->size) /* nonsense, of a session just begun */
		u->next = 0;
	return ok;
}

static bool
begin_session(struct upload *u, struct err *e)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("POST"),
		.content_type = STR("application/json"),
		.expect = 201,
		.what = STR("begin an upload"),
		.repeatable = true,
		.secret = true,
	};
	struct buf body;
	bool ok;

	buf_init(&body, REQUEST_MAX);
	ok = write_request(u->job->file, &body, e);
	r.body = source_of(buf_view(&body));
	ok = ok && call(u, "/attachments/createUploadSession", &r, &answer, e);
	if (ok) {
		u->sessions++;
		ok = keep_session(u, buf_view(&answer.http.body), e);
	}
	graph_answer_release(&answer);
	buf_release(&body);
	return ok;
}

/* Attachments of a list that have the file's size or more; -1: not known. */
static int
count_large(const struct upload *u, struct str body)
{
	const struct json *root = NULL, *list, *i;
	struct arena a;
	struct err ignored;
	int n = -1;
	int64_t size;

	arena_init(&a, ANSWER_MEM);
	if (json_parse(&a, body, &root, &ignored)) {
		list = json_get(root, STR("value"));
		/* of a list in pages, one page tells nothing */
		if (list != NULL && list->type == JSON_ARRAY &&
		    json_get(root, STR("@odata.nextLink")) == NULL)
			n = 0;
		for (i = n == 0 ? list->child : NULL; i != NULL; i = i->next)
			n += json_i64(json_get(i, STR("size")), &size) &&
			    size >= 0 && (uint64_t)size >= u->size;
	}
	arena_release(&a);
	return n;
}

enum there { THERE, NOT_THERE, NOT_KNOWN };

/* Whether the file is an attachment already. */
static enum there
look(struct upload *u)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("GET"),
		.expect = 200,
		.what = STR("list the attachments"),
		.repeatable = true,
	};
	struct err ignored;
	int n = -1;

	if (call(u, "/attachments?$select=id,size&$top=250", &r, &answer,
		&ignored))
		n = count_large(u, buf_view(&answer.http.body));
	graph_answer_release(&answer);
	if (n < 0)
		return NOT_KNOWN;
	if ((unsigned)n > u->job->perhaps)
		return THERE;
	return (unsigned)n <= u->job->sure ? NOT_THERE : NOT_KNOWN;
}

/* Sends n bytes from u->next on; true: there is an answer. */
static bool
put(struct upload *u, uint64_t n, struct http_answer *out, struct err *e)
{
	const struct token_source *source = &u->job->g->source;
	char range[RANGE_SIZE], id[OS_UUID_SIZE];
	struct http_field field[] = {
		{ .name = STR("Content-Type"),
		    .value = STR("application/octet-stream") },
		{ .name = STR("Content-Range") },
		{ .name = STR("client-request-id") },
	};
	struct http_request r = { .method = STR("PUT"),
		.field = field,
		.n_fields = sizeof(field) / sizeof(*field),
		.has_body = true,
		.secret_target = true,
		.deadline =
		    clock_mono_ms(source->clock) + u->job->g->timeout_ms };
	struct arena mem;
	struct rope rope;
	struct url url;
	bool ok;

	(void)snprintf(range, sizeof(range), "bytes %llu-%llu/%llu",
	    (unsigned long long)u->next, (unsigned long long)(u->next + n - 1),
	    (unsigned long long)u->size);
	os_uuid(id);
	field[1].value = str_of(range);
	field[2].value = str_of(id);
	arena_init(&mem, ROPE_MEM);
	rope_init(&rope, &mem);
	rope_range(&rope, ROPE_RAW, &u->job->file->content, u->next, n);
	r.body = rope_source(&rope);
	r.url = &url;
	ok = rope_ok(&rope, e) && url_parse(buf_view(&u->url), &url, e) &&
	    http_call(source->http, &r, out, e);
	note(u, "", id, out->status);
	u->job->result->attempts++;
	arena_release(&mem);
	return ok || err_wrap(e, "upload");
}

/* facts.md 3.2 and 4.5: the session is over, or was never known. */
static bool
is_gone(int status, const struct err *e)
{
	struct str code = str_of(e->code);

	return status == 401 || status == 404 || status == 410 ||
	    str_ieq(code, STR("uploadSessionNotFound")) ||
	    str_ieq(code, STR("uploadSessionFailed"));
}

/* A range is refused, but one of another session may do. */
static bool
is_about_order(int status, const struct err *e)
{
	static const char *const codes[] = { "fragmentOverlap",
		"fragmentOutOfOrder", "fragmentLengthMismatch", "invalidRange",
		"uploadSessionIncomplete" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (str_ieq(str_of(e->code), str_of(codes[i])))
			return true;
	return status == 416;
}

static enum outcome
judge_error(struct upload *u, const struct http_answer *a, struct err *e)
{
	int64_t now = clock_wall(u->job->g->source.clock);
	uint64_t next;

	(void)fault_graph(a, STR("upload"), now, e);
	if (is_gone(a->status, e))
		return GONE;
	if (a->status >= 500 || a->status == 429 || a->status == 408) {
		e->kind = ERR_RETRY; /* a range may be sent twice */
		return AGAIN;
	}
	if (upload_next(buf_view(&a->body), &next) && next <= u->size) {
		u->end_lost = u->end_lost || next == u->size;
		u->next = next;
		e->kind = ERR_RETRY;
		return GOES_ON;
	}
	return is_about_order(a->status, e) ? GONE : FAILED;
}

/* What an answer to a range of n bytes means. */
static enum outcome
judge(struct upload *u, uint64_t n, const struct http_answer *a, struct err *e)
{
	uint64_t next = u->next + n;

	if (a->status != 200 && a->status != 201 && a->status != 202)
		return judge_error(u, a, e);
	if (a->status == 201 && next == u->size) {
		u->next = next;
		return DONE;
	}
	(void)upload_next(buf_view(&a->body), &next);
	err_set(e, ERR_RETRY,
	    "upload: HTTP %d to the bytes up to %llu of %llu, and then %llu "
	    "are expected",
	    a->status, (unsigned long long)(u->next + n),
	    (unsigned long long)u->size, (unsigned long long)next);
	if (a->status == 201 || next > u->size)
		return GONE;
	/* All of them, and no 201: only the list of attachments can tell. */
	u->end_lost = u->end_lost || next == u->size;
	u->next = next;
	return GOES_ON;
}

static enum outcome
send_range(struct upload *u, struct err *e)
{
	uint64_t left = u->size - u->next;
	uint64_t n = left < UPLOAD_RANGE ? left : UPLOAD_RANGE;
	struct http_answer answer = { 0 };
	enum outcome outcome = FAILED;

	meter_take(&u->job->g->meter, n);
	if (put(u, n, &answer, e))
		outcome = judge(u, n, &answer, e);
	else if (e->kind == ERR_RETRY || e->kind == ERR_UNSURE)
		outcome = AGAIN;
	if (outcome == AGAIN && n == left)
		u->end_lost = true;
	http_answer_release(&answer);
	return outcome;
}

/* The session cannot be used any more. */
static enum outcome
drop_session(struct upload *u, struct err *e)
{
	buf_reset(&u->url);
	e->kind = ERR_RETRY; /* a draft, not the message, is at fault */
	if (u->sessions < UPLOAD_SESSIONS)
		return AGAIN;
	/* each address was new, and none was any good */
	if (u->job->result->status == 401)
		err_remedy(e,
		    "Nothing: it can be tried again later. An upload's "
		    "address takes no token, so no permission is missing.");
	return FAILED;
}

/* The end may have arrived: never attach it a second time. */
static enum outcome
find_end(struct upload *u, enum outcome outcome, struct err *e)
{
	switch (look(u)) {
	case THERE:
		u->next = u->size;
		return DONE;
	case NOT_THERE:
		/* Nor will it be, once its session is not used any more. */
		if (u->next == u->size && u->url.n > 0)
			outcome = drop_session(u, e);
		u->end_lost = u->url.n > 0;
		return outcome;
	case NOT_KNOWN:
		break;
	}
	if (u->url.n > 0 && u->next < u->size)
		return outcome; /* the session may still tell */
	e->kind = ERR_RETRY;
	err_wrap(e, "it cannot be found out whether the upload was completed");
	return FAILED;
}

static enum outcome
step(struct upload *u, struct err *e)
{
	enum outcome outcome;

	if (u->url.n == 0 && !begin_session(u, e))
		return e->kind == ERR_RETRY || e->kind == ERR_UNSURE ? AGAIN :
								       FAILED;
	outcome = send_range(u, e);
	if (outcome == GONE)
		outcome = drop_session(u, e);
	if (u->end_lost && outcome != DONE && outcome != FAILED)
		outcome = find_end(u, outcome, e);
	if (outcome == GOES_ON && u->next > u->best) {
		u->best = u->next;
		u->patience.failures = 0;
	} else if (outcome == GOES_ON) {
		outcome = AGAIN; /* no progress */
	}
	return outcome;
}

static bool
tell(const struct upload *u, struct err *e)
{
	const struct outgoing_progress *p = u->job->progress;

	return p == NULL || p->step == NULL ||
	    p->step(p->arg, u->next, u->size, e);
}

bool
upload_file(const struct upload_job *job, struct err *e)
{
	struct upload u = { .job = job,
		.size = job->file->content.size,
		.patience = { .source = &job->g->source } };
	enum outcome outcome = GOES_ON;

	buf_init_secret(&u.url, URL_MAX);
	while (outcome == GOES_ON || outcome == AGAIN) {
		outcome = step(&u, e);
		if (outcome == AGAIN && !patience_wait(&u.patience, e))
			outcome = FAILED;
		if (!tell(&u, e))
			outcome = FAILED;
	}
	buf_release(&u.url);
	if (outcome == DONE)
		return true;
	if (e->kind == ERR_UNSURE)
		e->kind = ERR_RETRY;
	e->away = false; /* that was another host's; Graph may be well */
	return err_wrap(e, "attachment \"%.*s\"",
	    STR_ARG(str_first(job->file->name, SHOWN)));
}
