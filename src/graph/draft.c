/* SPDX-License-Identifier: MIT */
#include "graph/draft.h"

#include <string.h>

#include "codec/json.h"
#include "graph/patience.h"
#include "graph/sent.h"
#include "graph/upload.h"
#include "mail/rope.h"

enum {
	ANSWER_MEM = 1024 * 1024, /* Graph answers with the whole message */
	ROPE_MEM = 80 * 1024,     /* a file's names, and the rope's pieces */
	SHOWN = 60
};

/* The remedy where the app may send and may not make drafts. */
static const char draft_permission[] =
    "A message over mime_limit goes as a draft with uploads, which needs one "
    "more permission: entra.microsoft.com > Entra ID > App registrations > "
    "(your app) > API permissions > Add a permission > Microsoft Graph > "
    "Application permissions > Mail.ReadWrite, then Grant admin consent; or "
    "the role Application Mail.ReadWrite in Exchange. Or send smaller "
    "messages.";

struct draft {
	struct graph *g;
	const struct outgoing *m;
	const struct outgoing_progress *progress;
	struct send_result *out;
	struct draft_kept kept; /* but for its id */
	struct buf path;        /* "/users/x/messages/ID" once there is one */
	uint64_t done, all;     /* bytes of the files */
	bool by_json;           /* the draft has none of the message's files */
};

/* One request for what is below the draft's path; the result notes its ids. */
static bool
call(struct draft *d, const char *below, struct graph_request *r,
    struct graph_answer *a, struct err *e)
{
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_adds(&path, buf_view(&d->path));
	buf_addz(&path, below);
	r->path = buf_view(&path);
	r->prefer = UPLOAD_PREFER;
	ok = buf_ok(&d->path, e) && buf_ok(&path, e) &&
	    graph_call(d->g, r, a, e);
	memcpy(d->out->request_id, a->request_id, sizeof(a->request_id));
	memcpy(d->out->client_request_id, a->client_request_id,
	    sizeof(a->client_request_id));
	d->out->attempts += a->attempts;
	if (!str_eq(r->method, STR("GET")))
		d->out->status = a->http.status;
	buf_release(&path);
	return ok;
}

/* What went wrong before the draft was sent: no mail is out. */
static bool
not_sent(int status, struct err *e)
{
	if (e->kind == ERR_UNSURE) {
		e->kind = ERR_RETRY;
		err_remedy(e,
		    "Nothing: no mail has left, and it can be tried again.");
	}
	if (status == 403 && e->kind == ERR_AUTH) {
		e->alone = true;
		err_remedy(e, "%s", draft_permission);
	}
	return false;
}

/* Creating it */

static void
mailbox_path(struct draft *d, struct str mailbox)
{
	buf_reset(&d->path);
	buf_addz(&d->path, "/users/");
	url_encode(&d->path, mailbox);
	buf_addz(&d->path, "/messages");
}

/* Makes path that of the draft which the answer describes. */
static bool
keep_id(struct draft *d, struct str body, struct err *e)
{
	const struct json *root = NULL;
	struct arena a;
	struct str id;
	bool ok;

	arena_init(&a, ANSWER_MEM);
	ok = json_parse(&a, body, &root, e);
	id = json_str(json_get(root, STR("id")));
	if (!ok || id.n == 0)
		ok = err_set(e, ERR_RETRY,
		    "create a draft: the answer names no id");
	buf_addc(&d->path, '/');
	url_encode(&d->path, id);
	arena_release(&a);
	return ok && buf_ok(&d->path, e);
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

	mailbox_path(d, d->m->mailbox);
	ok = (call(d, "", &r, &answer, e) &&
		 keep_id(d, buf_view(&answer.http.body), e)) ||
	    not_sent(answer.http.status, e);
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
	const struct message *m = d->m->message;
	struct buf json;
	bool ok;

	buf_init(&json, SEND_REQUEST_MAX);
	ok = send_json_draft(m, d->m->mailbox, &json, e);
	if (ok && m->text.p != NULL && m->html.p != NULL)
		log_warn(d->g->source.log,
		    "Graph does not take the message as MIME; as JSON it loses "
		    "the plain text beside the HTML");
	ok = ok &&
	    create(d, STR("application/json"), source_of(buf_view(&json)), e);
	buf_release(&json);
	return ok;
}

/* MIME keeps the structure; where Graph does not take it, JSON may do. */
static bool
create_draft(struct draft *d, struct err *e)
{
	struct err by_json;

	if (create_from_mime(d, e))
		return true;
	if (d->m->message == NULL ||
	    (e->kind != ERR_REFUSED && e->kind != ERR_BUG))
		return false;
	d->by_json = create_from_json(d, &by_json);
	/* What JSON cannot carry is not what is wrong with the message. */
	if (!d->by_json && by_json.kind != ERR_INPUT)
		*e = by_json;
	return d->by_json;
}

/* Its files */

/* Of a draft made from JSON every file; else those that were set apart. */
static size_t
count_files(const struct draft *d)
{
	return d->by_json ? d->m->message->n_files : d->m->n_files;
}

static struct outgoing_file
file_at(const struct draft *d, size_t i)
{
	const struct message_file *f;

	if (!d->by_json)
		return d->m->file[i];
	f = &d->m->message->file[i];
	return (struct outgoing_file){ f->name, f->type, f->cid, f->content };
}

static bool
post_once(struct draft *d, const struct source *body, struct err *e)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("POST"),
		.content_type = STR("application/json"),
		.body = *body,
		.expect = 201,
		.what = STR("add an attachment"),
	};
	bool ok = call(d, "/attachments", &r, &answer, e);

	/* A 503 is a refusal; after any other 5xx it may be there already. */
	if (!ok && answer.http.status >= 500 && answer.http.status != 503)
		e->kind = ERR_UNSURE;
	if (!ok && answer.http.status == 403)
		(void)not_sent(403, e);
	graph_answer_release(&answer);
	return ok;
}

/* A small file. One that is perhaps there is not added again. */
static bool
post_file(struct draft *d, const struct outgoing_file *f, struct err *e)
{
	struct message_file file = { f->name, f->type, f->cid, f->content };
	struct patience patience = { .source = &d->g->source };
	struct source body;
	struct arena mem;
	struct rope json;
	bool ok;

	arena_init(&mem, ROPE_MEM);
	rope_init(&json, &mem);
	ok = send_json_file(&file, &json, e);
	body = rope_source(&json);
	while (ok && !post_once(d, &body, e))
		ok = e->kind == ERR_RETRY && patience_wait(&patience, e);
	arena_release(&mem);
	return ok ||
	    err_wrap(e, "attachment \"%.*s\"",
		STR_ARG(str_first(f->name, SHOWN)));
}

/* What upload_file tells of one file, as a part of all. */
static bool
step(void *arg, uint64_t done, uint64_t all, struct err *e)
{
	const struct draft *d = arg;

	(void)all;
	return d->progress == NULL || d->progress->step == NULL ||
	    d->progress->step(d->progress->arg, d->done + done, d->all, e);
}

static bool
upload(struct draft *d, size_t at, const struct outgoing_file *f, struct err *e)
{
	struct outgoing_progress progress = { .step = step, .arg = d };
	struct upload_job job = {
		.g = d->g,
		.path = buf_view(&d->path),
		.file = f,
		.progress = &progress,
		.result = d->out,
	};
	uint64_t size;

	for (size_t i = 0; i < at; i++) {
		size = file_at(d, i).content.size;
		job.sure += size >= f->content.size;
		job.perhaps += size + UPLOAD_OVERHEAD >= f->content.size;
	}
	return upload_file(&job, e);
}

static bool
add_files(struct draft *d, struct err *e)
{
	struct outgoing_file f;
	bool ok = true;

	for (size_t i = 0; ok && i < count_files(d); i++) {
		f = file_at(d, i);
		ok = f.content.size < UPLOAD_LEAST ? post_file(d, &f, e) :
						     upload(d, i, &f, e);
		if (ok) {
			d->done += f.content.size;
			ok = step(d, 0, 0, e);
		}
	}
	return ok || not_sent(d->out->status, e);
}

static void
remove_draft(struct draft *d)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("DELETE"),
		.expect = 204,
		.what = STR("remove the draft"),
		.repeatable = true,
		.timeout_ms = DRAFT_REMOVE_MS,
	};
	struct send_result kept = *d->out;
	struct err why;

	if (d->g->timeout_ms < DRAFT_REMOVE_MS)
		r.timeout_ms = d->g->timeout_ms;
	if (!call(d, "", &r, &answer, &why) && answer.http.status != 404)
		log_warn(d->g->source.log,
		    "an unfinished draft stays in the mailbox's Drafts: %s",
		    why.msg);
	graph_answer_release(&answer);
	*d->out = kept; /* the ids of what failed are the ones to tell */
}

/* Keeping its id */

static bool
tell_keeper(struct draft *d, struct str id, struct err *e)
{
	return d->progress == NULL || d->progress->keep == NULL ||
	    d->progress->keep(d->progress->arg, id, e);
}

/* As it stands in the path. */
static bool
keep_draft(struct draft *d, struct err *e)
{
	struct str path = buf_view(&d->path);
	size_t at = path.n;

	d->kept.since = clock_wall(d->g->source.clock);
	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return tell_keeper(d, str_from(path, at), e);
}

/*
 * A draft whose id was kept is not removed before that is undone: one that is
 * asked for and is gone passes for sent.
 */
static void
discard_draft(struct draft *d)
{
	struct err why;

	if (tell_keeper(d, STR(""), &why))
		remove_draft(d);
	else
		log_warn(d->g->source.log,
		    "a draft that was not sent stays in the mailbox's Drafts: "
		    "%s",
		    why.msg);
}

/* Sending it */

static bool
submit(struct draft *d, int *status, struct err *e)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("POST"),
		.expect = 202,
		.what = STR("send the draft"),
	};
	bool ok = call(d, "/send", &r, &answer, e);

	*status = answer.http.status;
	graph_answer_release(&answer);
	return ok;
}

enum fate { STILL_DRAFT, SENT, MISSING, LOST, NOT_KNOWN };

/* facts.md 5.4: a 404 can be the mailbox's, or a page's on the way. */
static bool
draft_is_gone(int status, const struct err *e)
{
	return status == 404 && strcmp(e->code, "ErrorItemNotFound") == 0;
}

static enum fate
read_fate(struct str body)
{
	const struct json *root = NULL, *v;
	enum fate fate = NOT_KNOWN;
	struct err ignored;
	struct arena a;

	arena_init(&a, ANSWER_MEM);
	if (json_parse(&a, body, &root, &ignored)) {
		v = json_get(root, STR("isDraft"));
		if (v != NULL && v->type == JSON_BOOL)
			fate = v->is_true ? STILL_DRAFT : SENT;
	}
	arena_release(&a);
	return fate;
}

static enum fate
ask(struct draft *d, struct err *why)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("GET"),
		.expect = 200,
		.what = STR("ask for the draft"),
		.repeatable = true,
	};
	enum fate fate = NOT_KNOWN;

	if (call(d, "?$select=isDraft", &r, &answer, why)) {
		fate = read_fate(buf_view(&answer.http.body));
		if (fate == NOT_KNOWN)
			err_set(why, ERR_RETRY,
			    "ask for the draft: the answer does not say what "
			    "it is");
	} else if (draft_is_gone(answer.http.status, why)) {
		fate = MISSING;
	}
	graph_answer_release(&answer);
	return fate;
}

/*
 * facts.md 5.4 (e). Exchange takes its time to make a sent message of a
 * draft, and to show it (4.5): the last of several answers counts, unless one
 * says that it is sent. busy: it said that it took nothing, so that a draft
 * is believed at once.
 */
static enum fate
ask_patiently(struct draft *d, bool busy)
{
	const struct clock *clock = d->g->source.clock;
	int64_t pause = DRAFT_ASK_MS;
	enum fate fate = NOT_KNOWN, now;
	struct err ignored;

	for (unsigned i = 0; i < DRAFT_ASK_MOST; i++, pause *= 2) {
		clock_sleep_until(clock, clock_mono_ms(clock) + pause);
		now = ask(d, &ignored);
		if (now == SENT || (now == STILL_DRAFT && busy))
			return now;
		if (now != NOT_KNOWN)
			fate = now;
	}
	return fate;
}

/*
 * It has left Drafts, which is no proof that it was sent (facts.md 4.5): only
 * Sent Items can tell.
 */
static enum fate
confirm(struct draft *d, struct err *e)
{
	const struct sent_ask ask = { d->kept.mailbox, d->kept.message_id,
		d->kept.rcpt, d->kept.since };
	struct err why;

	switch (sent_find(d->g, &ask, d->out, &why)) {
	case SENT_FOUND:
		d->out->inferred =
		    "its draft is gone and its copy is in Sent Items, so it "
		    "was sent";
		return SENT;
	case SENT_NOT_NOW:
		*e = why;
		return NOT_KNOWN;
	case SENT_CANNOT:
	case SENT_NOT_FOUND:
		break;
	}
	err_set(e, ERR_UNSURE, "the draft is gone, and %s", why.msg);
	return LOST;
}

/* One try and what is known after it. */
enum sending { IS_SENT, TRY_AGAIN, GIVEN_UP, UNSURE };

static enum sending
send_once(struct draft *d, bool *perhaps, struct err *e)
{
	enum fate fate = STILL_DRAFT;
	int status;

	if (submit(d, &status, e))
		return IS_SENT;
	/* 404 says that there was nothing to send */
	*perhaps = *perhaps || (e->kind == ERR_UNSURE && status != 404) ||
	    status >= 500;
	if (*perhaps)
		fate = ask_patiently(d, e->kind == ERR_RETRY);
	if (fate == SENT)
		d->out->inferred = "its draft was found to be sent";
	if (fate == MISSING)
		fate = confirm(d, e);
	if (fate == SENT)
		return IS_SENT;
	if (fate == NOT_KNOWN || fate == LOST) {
		e->kind = ERR_UNSURE;
		return UNSURE;
	}
	if (!*perhaps)
		(void)not_sent(0, e);
	return e->kind == ERR_RETRY || e->kind == ERR_UNSURE ? TRY_AGAIN :
							       GIVEN_UP;
}

/*
 * What could be sent twice is sent once more and no further; it stays where
 * a person finds it.
 */
static bool
send_draft(struct draft *d, struct err *e)
{
	struct patience patience = { .source = &d->g->source };
	enum sending state = TRY_AGAIN;
	bool perhaps = false;
	unsigned lost = 0;

	while (state == TRY_AGAIN) {
		state = send_once(d, &perhaps, e);
		if (state != TRY_AGAIN)
			break;
		if (e->kind == ERR_UNSURE && ++lost > 1)
			state = UNSURE;
		else if (!patience_wait(&patience, e))
			state = e->kind == ERR_UNSURE ? UNSURE : GIVEN_UP;
	}
	if (state == UNSURE)
		err_remedy(e,
		    "Look into the mailbox's Drafts and Sent Items: a draft "
		    "that is still there can be sent by hand.");
	else if (state == GIVEN_UP)
		discard_draft(d);
	return state == IS_SENT;
}

/* All at once */

static bool
check_sizes(const struct outgoing *m, struct err *e)
{
	for (size_t i = 0; i < m->n_files; i++) {
		const struct outgoing_file *f = &m->file[i];

		if (f->content.size <= UPLOAD_MOST)
			continue;
		err_set(e, ERR_INPUT,
		    "attachment \"%.*s\" has %llu bytes, Exchange takes at "
		    "most %d",
		    STR_ARG(str_first(f->name, SHOWN)),
		    (unsigned long long)f->content.size, UPLOAD_MOST);
		return err_remedy(e,
		    "Put it where it can be linked, or compress or split it.");
	}
	return true;
}

bool
draft_send(struct graph *g, const struct outgoing *m,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e)
{
	struct draft d = { .g = g, .m = m, .progress = progress, .out = out };
	bool ok;

	d.kept = (struct draft_kept){ .mailbox = m->mailbox,
		.message_id = m->message_id,
		.rcpt = m->rcpt };
	*out = (struct send_result){ .via = route_name(ROUTE_DRAFT) };
	if (!check_sizes(m, e))
		return false;
	buf_init(&d.path, URL_MAX);
	ok = create_draft(&d, e);
	for (size_t i = 0; ok && i < count_files(&d); i++)
		d.all += file_at(&d, i).content.size;
	if (ok && !add_files(&d, e)) {
		remove_draft(&d);
		ok = false;
	}
	if (ok && !keep_draft(&d, e)) {
		discard_draft(&d);
		ok = false;
	}
	ok = ok && send_draft(&d, e);
	buf_release(&d.path);
	return ok;
}

bool
draft_resume(struct graph *g, const struct draft_kept *kept,
    struct send_result *out, enum draft_found *found, struct err *e)
{
	struct draft d = { .g = g,
		.kept = *kept,
		.progress = kept->progress,
		.out = out };
	enum fate fate;
	bool ok = true;

	*out = (struct send_result){ .via = route_name(ROUTE_DRAFT) };
	buf_init(&d.path, URL_MAX);
	mailbox_path(&d, kept->mailbox);
	buf_addc(&d.path, '/');
	buf_adds(&d.path, kept->id);
	fate = ask(&d, e);
	if (fate == SENT)
		out->inferred = "its draft was found to be sent";
	if (fate == MISSING)
		fate = confirm(&d, e);
	switch (fate) {
	case SENT:
		*found = DRAFT_SENT;
		break;
	case MISSING: /* confirm tells more */
	case LOST:
		*found = DRAFT_LOST;
		ok = false;
		break;
	case STILL_DRAFT:
		*found = DRAFT_UNSENT;
		ok = send_draft(&d, e);
		break;
	case NOT_KNOWN:
		*found = DRAFT_NOT_ASKED;
		/* to ask again does no harm */
		if (e->kind == ERR_UNSURE || e->kind == ERR_REFUSED)
			e->kind = ERR_RETRY;
		ok = false;
		break;
	}
	buf_release(&d.path);
	return ok;
}
