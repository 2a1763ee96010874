/* SPDX-License-Identifier: MIT */
#include "graph/draft.h"

#include <string.h>

#include "codec/json.h"
#include "graph/upload.h"
#include "mail/rope.h"

enum {
	DRAFT_MEM = 1024 * 1024, /* Graph answers with the whole message */
	ROPE_MEM = 16 * 1024,
	REMOVE_MS = 10000 /* for tidying up, when something failed already */
};

/* Ids that stay the same when the message moves to Sent Items. */
static const struct str immutable = STR_INIT("IdType=\"ImmutableId\"");

struct draft {
	struct graph *g;
	const struct outgoing *m;
	const struct outgoing_progress *progress;
	struct send_result *out;
	struct buf path;    /* "/users/x/messages/ID" once there is one */
	uint64_t done, all; /* bytes of the files */
	bool by_json;       /* the draft has none of the message's files */
};

/* One request, its ids noted in the result. */
static bool
call(struct draft *d, struct graph_request *r, struct graph_answer *a,
    struct err *e)
{
	bool ok;

	r->prefer = immutable;
	ok = graph_call(d->g, r, a, e);
	memcpy(d->out->request_id, a->request_id, sizeof(a->request_id));
	memcpy(d->out->client_request_id, a->client_request_id,
	    sizeof(a->client_request_id));
	d->out->attempts += a->attempts;
	return ok;
}

/* Makes path that of the draft which the answer describes. */
static bool
keep_id(struct draft *d, struct str body, struct err *e)
{
	const struct json *root = NULL;
	struct arena a;
	struct str id;
	bool ok;

	arena_init(&a, DRAFT_MEM);
	ok = json_parse(&a, body, &root, e);
	id = json_str(json_get(root, STR("id")));
	if (ok && id.n == 0)
		ok = err_set(e, ERR_RETRY, "the draft has no id");
	buf_addc(&d->path, '/');
	url_encode(&d->path, id);
	arena_release(&a);
	return ok && buf_ok(&d->path, e);
}

static void
folder_path(struct draft *d)
{
	buf_reset(&d->path);
	buf_addz(&d->path, "/users/");
	url_encode(&d->path, d->m->mailbox);
	buf_addz(&d->path, "/messages");
}

static bool
create(struct draft *d, struct str type, struct source body, struct err *e)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("POST"),
		.content_type = type,
		.body = body,
		.expect = 201,
		.what = STR("create a draft"),
	};
	bool ok;

	folder_path(d);
	r.path = buf_view(&d->path);
	ok = call(d, &r, &answer, e) &&
	    keep_id(d, buf_view(&answer.http.body), e);
	graph_answer_release(&answer);
	return ok;
}

static bool
create_from_mime(struct draft *d, struct err *e)
{
	struct arena mem;
	struct rope text;
	bool ok;

	arena_init(&mem, ROPE_MEM);
	rope_init(&text, &mem);
	rope_range(&text, ROPE_UNBROKEN, &d->m->rest, 0, d->m->rest.size);
	ok = rope_ok(&text, e) &&
	    create(d, STR("text/plain"), rope_source(&text), e);
	arena_release(&mem);
	return ok;
}

static bool
create_from_json(struct draft *d, struct err *e)
{
	struct buf json;
	bool ok;

	buf_init(&json, SEND_REQUEST_MAX);
	d->by_json = true;
	ok = send_json_draft(d->m->message, d->m->mailbox, &json, e) &&
	    create(d, STR("application/json"), source_of(buf_view(&json)), e);
	buf_release(&json);
	return ok;
}

/* MIME keeps the structure; where Graph does not take it, JSON may do. */
static bool
create_draft(struct draft *d, struct err *e)
{
	if (create_from_mime(d, e))
		return true;
	if (e->kind == ERR_REFUSED && d->m->message != NULL &&
	    d->m->facts.json_cannot == NULL)
		return create_from_json(d, e);
	if (e->kind == ERR_AUTH)
		err_remedy(e,
		    "A message over mime_limit goes as a draft with uploads, "
		    "which needs one more permission: entra.microsoft.com > "
		    "Entra ID > App registrations > (your app) > API "
		    "permissions > Add a permission > Microsoft Graph > "
		    "Application permissions > Mail.ReadWrite, then Grant "
		    "admin consent; or the role Application Mail.ReadWrite in "
		    "Exchange. Or send smaller messages.");
	return false;
}

static bool
post_file(struct draft *d, const struct outgoing_file *f, struct str path,
    struct err *e)
{
	struct message_file file = { .name = f->name,
		.type = f->type,
		.cid = f->cid,
		.content = f->content };
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("POST"),
		.path = path,
		.content_type = STR("application/json"),
		.expect = 201,
		.what = STR("add an attachment"),
	};
	struct buf json;
	bool ok;

	buf_init(&json, SEND_REQUEST_MAX);
	ok = send_json_file(&file, &json, e);
	r.body = source_of(buf_view(&json));
	ok = ok && call(d, &r, &answer, e);
	graph_answer_release(&answer);
	buf_release(&json);
	return ok;
}

/* What upload_file tells of one file, as a part of all. */
static void
step(void *arg, uint64_t done, uint64_t all)
{
	struct draft *d = arg;

	(void)all;
	if (d->progress != NULL && d->progress->step != NULL)
		d->progress->step(d->progress->arg, d->done + done, d->all);
}

static bool
add_file(struct draft *d, const struct outgoing_file *f, struct err *e)
{
	struct outgoing_progress progress = { step, d };
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_adds(&path, buf_view(&d->path));
	buf_addz(&path, "/attachments");
	ok = buf_ok(&path, e);
	if (ok && f->content.size < UPLOAD_LEAST)
		ok = post_file(d, f, buf_view(&path), e);
	else if (ok)
		ok = upload_file(d->g, buf_view(&path), f, &progress, e);
	buf_release(&path);
	d->done += f->content.size;
	step(d, 0, 0);
	return ok;
}

/* Of a draft made from JSON, every file; else those that were set apart. */
static bool
add_files(struct draft *d, struct err *e)
{
	const struct message *m = d->m->message;
	struct outgoing_file f;
	bool ok = true;

	for (size_t i = 0; ok && d->by_json && i < m->n_files; i++) {
		f = (struct outgoing_file){ .name = m->file[i].name,
			.type = m->file[i].type,
			.cid = m->file[i].cid,
			.content = m->file[i].content };
		ok = add_file(d, &f, e);
	}
	for (size_t i = 0; ok && !d->by_json && i < d->m->n_files; i++)
		ok = add_file(d, &d->m->file[i], e);
	return ok;
}

static bool
submit(struct draft *d, struct err *e)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("POST"),
		.expect = 202,
		.what = STR("send the draft"),
	};
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_adds(&path, buf_view(&d->path));
	buf_addz(&path, "/send");
	r.path = buf_view(&path);
	ok = buf_ok(&path, e) && call(d, &r, &answer, e);
	graph_answer_release(&answer);
	buf_release(&path);
	return ok;
}

enum fate { STILL_DRAFT, SENT, NOT_KNOWN };

/* FACTS.md 5.4 (e) */
static enum fate
ask(struct draft *d)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("GET"),
		.expect = 200,
		.what = STR("ask for the draft"),
	};
	const struct json *root = NULL, *is_draft;
	enum fate fate = NOT_KNOWN;
	struct arena a;
	struct buf path;
	struct err e;

	arena_init(&a, DRAFT_MEM);
	buf_init(&path, URL_MAX);
	buf_adds(&path, buf_view(&d->path));
	buf_addz(&path, "?$select=isDraft");
	r.path = buf_view(&path);
	if (!buf_ok(&path, &e))
		fate = NOT_KNOWN;
	else if (!call(d, &r, &answer, &e))
		fate = answer.http.status == 404 ? SENT : NOT_KNOWN;
	else if (json_parse(&a, buf_view(&answer.http.body), &root, &e)) {
		is_draft = json_get(root, STR("isDraft"));
		if (is_draft != NULL && is_draft->type == JSON_BOOL)
			fate = is_draft->is_true ? STILL_DRAFT : SENT;
	}
	graph_answer_release(&answer);
	buf_release(&path);
	arena_release(&a);
	return fate;
}

static void
remove_draft(struct draft *d)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("DELETE"),
		.path = buf_view(&d->path),
		.expect = 204,
		.what = STR("remove the draft"),
	};
	int64_t timeout_ms = d->g->timeout_ms;
	struct send_result kept = *d->out;
	struct err ignored;

	if (d->g->timeout_ms > REMOVE_MS)
		d->g->timeout_ms = REMOVE_MS;
	if (!call(d, &r, &answer, &ignored))
		log_warn(d->g->source.log,
		    "a draft stays in the mailbox's "
		    "Drafts: %s",
		    ignored.msg);
	d->g->timeout_ms = timeout_ms;
	graph_answer_release(&answer);
	*d->out = kept; /* the ids of what failed are the ones to tell */
}

/* Sends it, and finds out what became of it where the answer was lost. */
static bool
finish(struct draft *d, struct err *e)
{
	struct err again;

	if (submit(d, e))
		return true;
	if (e->kind != ERR_UNSURE) {
		remove_draft(d);
		return false;
	}
	switch (ask(d)) {
	case SENT:
		return true;
	case STILL_DRAFT:
		if (submit(d, &again) || ask(d) == SENT)
			return true;
		*e = again;
		break;
	case NOT_KNOWN:
		break;
	}
	return false;
}

bool
draft_send(struct graph *g, const struct outgoing *m,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e)
{
	struct draft d = { .g = g, .m = m, .progress = progress, .out = out };
	bool ok;

	for (size_t i = 0; i < m->n_files; i++)
		d.all += m->file[i].content.size;
	buf_init(&d.path, URL_MAX);
	ok = create_draft(&d, e);
	if (ok && !add_files(&d, e)) {
		remove_draft(&d);
		ok = false;
	}
	ok = ok && finish(&d, e);
	buf_release(&d.path);
	return ok;
}
