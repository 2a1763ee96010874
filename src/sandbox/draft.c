/* SPDX-License-Identifier: MIT */
#include "sandbox/draft.h"

#include "base/os.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "sandbox/body.h"
#include "sandbox/drafts.h"
#include "sandbox/json.h"
#include "sandbox/upload.h"

static const struct str users = STR_INIT("/v1.0/users/");

enum {
	ID_MAX = 256,
	OVERHEAD = 168 /* bytes that Exchange adds to an attachment's size */
};

/* One request on its way. */
struct desk {
	const struct sandbox *s;
	const struct sandbox_request *r;
	struct sandbox_answer *a;
	struct sandbox_mail *m;
	struct draft_folder d; /* unless a draft is to be made */
};

/* A path below "/users/MAILBOX/messages": "/ID/tail", ID still encoded. */
struct place {
	struct str id, tail;
};

static bool
find_place(struct str path, struct place *out)
{
	struct str rest = str_from(path, users.n), part;

	*out = (struct place){ { 0 }, { 0 } };
	if (!str_starts(path, users) || !str_next(&rest, '/', &part) ||
	    part.n == 0 || !str_next(&rest, '/', &part) ||
	    !str_eq(part, STR("messages")))
		return false;
	if (str_next(&rest, '/', &out->id))
		out->tail = rest;
	return true;
}

bool
draft_is_path(struct str path)
{
	struct place ignored;

	return find_place(path, &ignored);
}

/* An answer in JSON, up to the first member. */
static struct jsonw
open_answer(struct desk *k, int status)
{
	struct jsonw w;

	answer_reset(k->a, status);
	answer_graph_fields(k->a, k->r);
	k->a->type = "application/json; charset=utf-8";
	w = jsonw_begin(&k->a->body);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("@odata.context"),
	    STR("https://graph.microsoft.com/v1.0/$metadata"));
	return w;
}

static bool
close_answer(struct jsonw *w, struct err *e)
{
	jsonw_close(w, '}');
	return jsonw_end(w, e);
}

/* One of the preferences (RFC 7240), its value in any case. */
static bool
wants_immutable(const struct sandbox_request *r)
{
	struct str rest = r->prefer, one;

	while (str_next(&rest, ',', &one))
		if (str_ieq(str_trim(one), STR("IdType=\"ImmutableId\"")))
			return true;
	return false;
}

static bool
put_message(struct desk *k, int status, bool is_draft, struct err *e)
{
	struct jsonw w = open_answer(k, status);

	jsonw_member(&w, STR("id"), drafts_id(&k->d));
	jsonw_member(&w, STR("internetMessageId"),
	    drafts_get(k->d.info, STR("message-id")));
	jsonw_key(&w, STR("isDraft"));
	jsonw_bool(&w, is_draft);
	return close_answer(&w, e);
}

static bool
create(struct desk *k, struct err *e)
{
	const struct sandbox_request *r = k->r;
	struct str id, info;

	k->m->draft = true;
	if (!sandbox_body_read(k->m, r->content_type, r->body, e))
		return false;
	id = drafts_get(buf_view(&k->m->meta), STR("message-id"));
	if (id.n == 0)
		id = drafts_get(buf_view(&k->m->meta),
		    STR("property: String 0x1035"));
	if (id.n == 0)
		id = arena_fmt(r->mem, "<%s@sandbox.example>", r->id);
	info = arena_fmt(r->mem,
	    "mailbox: %.*s\ncontent-type: %.*s\nimmutable: %s\n"
	    "message-id: %.*s\n",
	    STR_ARG(k->m->mailbox), STR_ARG(r->content_type),
	    wants_immutable(r) ? "yes" : "no", STR_ARG(id));
	return drafts_make(&k->d, k->s, r->mem, info, e) &&
	    drafts_write(&k->d, STR("raw"), r->body, e) &&
	    put_message(k, 201, true, e);
}

static bool
put_item(struct jsonw *w, const struct desk *k, struct str file,
    const struct sandbox_item *item)
{
	jsonw_member(w, STR("@odata.type"),
	    STR("#microsoft.graph.fileAttachment"));
	jsonw_member(w, STR("id"),
	    arena_fmt(k->r->mem, "%.*s-%.*s=", STR_ARG(drafts_id(&k->d)),
		STR_ARG(file)));
	jsonw_member(w, STR("name"), item->name);
	jsonw_key(w, STR("size"));
	jsonw_i64(w, (int64_t)item->size + OVERHEAD);
	return true;
}

static bool
attach(struct desk *k, struct err *e)
{
	struct arena *mem = k->r->mem;
	struct sandbox_item item;
	struct str bytes, file;
	struct jsonw w;

	if (!sandbox_json_file(mem, k->r->body, &item, &bytes, e) ||
	    !drafts_next(&k->d, &file, e) ||
	    !drafts_write(&k->d, file, bytes, e) ||
	    !drafts_write(&k->d, arena_fmt(mem, "%.*s.info", STR_ARG(file)),
		drafts_item_info(mem, &item), e))
		return false;
	w = open_answer(k, 201);
	put_item(&w, k, file, &item);
	return close_answer(&w, e);
}

/* GET attachments: those that came by themselves. */
static bool
list(struct desk *k, struct err *e)
{
	struct jsonw w = open_answer(k, 200);
	struct sandbox_item item;
	struct str info, file = drafts_file(&k->d, 1, &info);

	jsonw_key(&w, STR("value"));
	jsonw_open(&w, '[');
	for (unsigned n = 2; file.p != NULL; n++) {
		item = drafts_item(info);
		jsonw_open(&w, '{');
		put_item(&w, k, file, &item);
		jsonw_close(&w, '}');
		file = drafts_file(&k->d, n, &info);
	}
	jsonw_close(&w, ']');
	return close_answer(&w, e);
}

static bool
begin_upload(struct desk *k, struct err *e)
{
	struct sandbox_item item;
	struct upload_offer offer;
	struct jsonw w;

	if (!sandbox_json_item(k->r->mem, k->r->body, &item, e) ||
	    !upload_begin(k->s, &k->d, k->r, &item, &offer, e))
		return false;
	w = open_answer(k, 201);
	jsonw_member(&w, STR("uploadUrl"), offer.url);
	jsonw_member(&w, STR("expirationDateTime"), offer.expires);
	jsonw_key(&w, STR("nextExpectedRanges"));
	jsonw_open(&w, '[');
	jsonw_str(&w, STR("0-"));
	jsonw_close(&w, ']');
	return close_answer(&w, e);
}

static bool
ask(struct desk *k, struct err *e)
{
	return put_message(k, 200, !k->d.sent, e);
}

static bool
remove_draft(struct desk *k, struct err *e)
{
	(void)e;
	drafts_remove(&k->d);
	answer_reset(k->a, 204);
	answer_graph_fields(k->a, k->r);
	return true;
}

static void
add_files(struct desk *k)
{
	struct sandbox_item item;
	struct str info, file = drafts_file(&k->d, 1, &info);

	for (unsigned n = 2; file.p != NULL; n++) {
		item = drafts_item(info);
		mail_add_file(k->m, &item, STR(""), drafts_path(&k->d, file));
		file = drafts_file(&k->d, n, &info);
	}
}

static bool
submit(struct desk *k, struct err *e)
{
	struct str body = drafts_read(&k->d, STR("raw"));

	/* SDKs send an empty object where a call takes nothing */
	if (k->r->body.n > 0 && !str_eq(str_trim(k->r->body), STR("{}")))
		return mail_flaw(e, "BadRequest", "send has no body.");
	k->m->draft = true;
	if (!sandbox_body_read(k->m, drafts_get(k->d.info, STR("content-type")),
		body, e))
		return false;
	k->m->draft = false;
	if (!mail_has_recipients(k->m, e) ||
	    !drafts_set_sent(&k->d, k->s, true, e))
		return false;
	mail_note(k->m, STR("via"), STR("draft"));
	add_files(k);
	answer_reset(k->a, 202);
	answer_graph_fields(k->a, k->r);
	return true;
}

/* What there is, and what may be asked of a message that is sent. */
static const struct call {
	struct str method, tail;
	bool (*act)(struct desk *, struct err *);
	enum rule_where where;
	bool on_folder, on_sent;
} calls[] = {
	{ STR_INIT("POST"), STR_INIT(""), create, RULE_DRAFT, true, false },
	{ STR_INIT("GET"), STR_INIT(""), ask, RULE_ASK, false, true },
	{ STR_INIT("DELETE"), STR_INIT(""), remove_draft, RULE_REMOVE, false,
	    true },
	{ STR_INIT("GET"), STR_INIT("attachments"), list, RULE_ASK, false,
	    true },
	{ STR_INIT("POST"), STR_INIT("attachments"), attach, RULE_ATTACH, false,
	    false },
	{ STR_INIT("POST"), STR_INIT("attachments/createUploadSession"),
	    begin_upload, RULE_SESSION, false, false },
	{ STR_INIT("POST"), STR_INIT("send"), submit, RULE_SUBMIT, false,
	    false },
};

enum { N_CALLS = sizeof(calls) / sizeof(calls[0]) };

static const struct call *
find_call(struct str method, const struct place *place)
{
	for (size_t i = 0; i < N_CALLS; i++)
		if (str_eq(calls[i].method, method) &&
		    str_eq(calls[i].tail, place->tail) &&
		    calls[i].on_folder == (place->id.n == 0))
			return &calls[i];
	return NULL;
}

enum rule_where
draft_where(struct str method, struct str path)
{
	const struct call *c;
	struct place place;

	if (!find_place(path, &place))
		return RULE_ANY;
	c = find_call(method, &place);
	return c != NULL ? c->where : RULE_ANY;
}

/* The draft that the path names, of this mailbox. */
static bool
open_draft(struct desk *k, struct str encoded, struct err *e)
{
	struct str name = { 0 }, mailbox;
	struct err ignored;
	struct buf id;

	buf_init(&id, ID_MAX);
	if (url_decode(&id, encoded, false, &ignored))
		name = arena_str(k->r->mem, drafts_name(buf_view(&id)));
	buf_release(&id);
	if (name.n == 0)
		return mail_flaw(e, "ErrorInvalidIdMalformed",
		    "Id is malformed.");
	if (drafts_open(&k->d, k->s, k->r->mem, name)) {
		mailbox = drafts_get(k->d.info, STR("mailbox"));
		if (str_ieq(mailbox, k->m->mailbox) &&
		    (!k->d.sent ||
			str_eq(drafts_get(k->d.info, STR("immutable")),
			    STR("yes"))))
			return true;
	}
	return mail_flaw(e, "ErrorItemNotFound",
	    "The specified object was not found in the store.");
}

static bool
do_call(struct desk *k, const struct call *c, const struct place *place,
    struct err *e)
{
	if (!c->on_folder && !open_draft(k, place->id, e))
		return false;
	if (!c->on_folder && !c->on_sent && k->d.sent)
		return mail_flaw(e, "ErrorInvalidItemForOperationSendItem",
		    "The message was sent already.");
	return c->act(k, e);
}

bool
draft_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_mail *m, struct sandbox_answer *a)
{
	struct desk k = { .s = s, .r = r, .a = a, .m = m };
	const struct call *c;
	struct place place;
	struct err e = { 0 };

	if (!find_place(r->path, &place))
		return false;
	c = find_call(r->method, &place);
	if (c == NULL) {
		answer_graph_error(a, r, 405, STR("BadRequest"),
		    STR("The sandbox has no such call."));
		return false;
	}
	if (!do_call(&k, c, &place, &e)) {
		answer_flaw(a, r, &e);
		return false;
	}
	return c->where == RULE_SUBMIT;
}

void
draft_take_back(const struct sandbox *s, const struct sandbox_request *r)
{
	struct draft_folder d;
	struct place place;
	struct err ignored;
	struct buf id;

	if (!find_place(r->path, &place))
		return;
	buf_init(&id, ID_MAX);
	if (url_decode(&id, place.id, false, &ignored) &&
	    drafts_open(&d, s, r->mem, drafts_name(buf_view(&id))) && d.sent)
		(void)!drafts_set_sent(&d, s, false, &ignored);
	buf_release(&id);
}
