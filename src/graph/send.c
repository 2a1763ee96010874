/* SPDX-License-Identifier: MIT */
#include "graph/send.h"

#include <string.h>

#include "codec/base64.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "codec/utf8.h"
#include "mail/rope.h"
#include "mail/word.h"

enum {
	SHOWN = 60,
	/* bytes of JSON around the texts, generously */
	JSON_FRAME = 600,
	JSON_ADDRESS = 48,
	JSON_FIELD = 32,
	JSON_FILE = 160,
	ROPE_MEM = 16 * 1024,
	NAME_MAX_SIZE = 64 * 1024
};

static const char *const importance[] = {
	[MESSAGE_NORMAL] = NULL, /* Graph's default */
	[MESSAGE_LOW] = "low",
	[MESSAGE_HIGH] = "high",
};

/* What Graph's JSON cannot carry */

static size_t
count(const struct addr *list)
{
	size_t n = 0;

	for (; list != NULL; list = list->next)
		n++;
	return n;
}

static bool
check_limits(const struct message *m, struct err *e)
{
	size_t n = count(m->to) + count(m->cc) + count(m->bcc);

	if (n > SEND_RECIPIENTS_MAX) {
		err_set(e, ERR_INPUT,
		    "the message has %zu recipients, "
		    "Exchange takes at most %d",
		    n, SEND_RECIPIENTS_MAX);
		return err_remedy(e,
		    "Send it in parts, or to a group: that "
		    "counts as one.");
	}
	n = utf8_count(m->subject);
	if (n > SEND_SUBJECT_MAX)
		return err_set(e, ERR_INPUT,
		    "the subject has %zu characters, "
		    "Exchange takes at most %d",
		    n, SEND_SUBJECT_MAX);
	return true;
}

/* MAPI's PidTagListUnsubscribe, PidTagInternetReferences, PidTagInReplyToId. */
static const struct {
	struct str name, id;
} send_properties[SEND_PROPERTIES] = {
	[SEND_UNSUBSCRIBE] = { STR_INIT("List-Unsubscribe"),
	    STR_INIT("String 0x1045") },
	[SEND_REFERENCES] = { STR_INIT("References"),
	    STR_INIT("String 0x1039") },
	[SEND_IN_REPLY_TO] = { STR_INIT("In-Reply-To"),
	    STR_INIT("String 0x1042") },
};

enum send_property
send_property_of(struct str name)
{
	size_t i = 0;

	while (i < SEND_PROPERTIES && !str_ieq(name, send_properties[i].name))
		i++;
	return (enum send_property)i;
}

/* The fields that a message has of its own, by how JSON carries them. */
struct fields {
	size_t x;
	const struct message_field *property[SEND_PROPERTIES];
	const struct message_field *other; /* one that it cannot carry */
};

static struct fields
fields_of(const struct message *m)
{
	struct fields f = { 0 };
	const struct message_field *at = m->field;
	enum send_property p;

	for (; at < m->field + m->n_fields; at++) {
		p = send_property_of(at->name);
		if (str_istarts(at->name, STR("x-")))
			f.x++;
		else if (p < SEND_PROPERTIES && f.property[p] == NULL)
			f.property[p] = at;
		else
			f.other = at;
	}
	return f;
}

static bool
check_fields(const struct message *m, struct err *e)
{
	struct fields f = fields_of(m);

	if (f.other != NULL)
		return err_set(e, ERR_INPUT,
		    "the field %.*s cannot be sent: Graph's JSON takes names "
		    "that begin with X-, one List-Unsubscribe, References and "
		    "In-Reply-To, and no others",
		    STR_ARG(str_first(f.other->name, SHOWN)));
	if (f.x > SEND_X_FIELDS_MAX)
		return err_set(e, ERR_INPUT,
		    "the message has %zu fields that begin with X-, Graph's "
		    "JSON takes at most %d",
		    f.x, SEND_X_FIELDS_MAX);
	return true;
}

/* Before a file is read: most requests too large are known by then. */
static bool
check_files(const struct message *m, struct err *e)
{
	uint64_t all = m->html.p != NULL ? m->html.n : m->text.n;

	for (size_t i = 0; i < m->n_files; i++) {
		const struct message_file *f = &m->file[i];

		if (f->content.size > SEND_FILE_MAX) {
			err_set(e, ERR_INPUT,
			    "attachment \"%.*s\" has %llu "
			    "bytes, Graph takes at most %d in one request",
			    STR_ARG(str_first(f->name, SHOWN)),
			    (unsigned long long)f->content.size, SEND_FILE_MAX);
			return err_remedy(e,
			    "Put it where it can be linked, "
			    "or compress or split it.");
		}
		all += BASE64_SIZE(f->content.size);
	}
	if (all <= SEND_REQUEST_MAX)
		return true;
	return err_set(e, ERR_INPUT,
	    "the message makes a request of %llu "
	    "bytes (attachments grow by a third), Graph takes %d",
	    (unsigned long long)all, SEND_REQUEST_MAX);
}

static bool
has_large_file(const struct message *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (m->file[i].content.size >= SEND_FILE_MAX)
			return true;
	return false;
}

static const char *
json_cannot(const struct message *m, uint64_t size)
{
	struct fields f = fields_of(m);

	if (f.other != NULL)
		return "it has a field whose name does not begin with X-";
	if (f.x > SEND_X_FIELDS_MAX)
		return "it has more than five fields that begin with X-";
	if (utf8_count(m->subject) > SEND_SUBJECT_MAX)
		return "its subject has more than 255 characters";
	if (has_large_file(m))
		return "it has a file that is not under 3 MB";
	return size > SEND_REQUEST_MAX ?
	    "the request would have more than 4 MB" :
	    NULL;
}

/* Bytes of a text in JSON, each escape counted as the longest. */
static uint64_t
json_size_of(struct str s)
{
	uint64_t n = s.n;

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			n += 5; /* \u0000 */
		else if (s.p[i] == '"' || s.p[i] == '\\')
			n++;
	return n;
}

static uint64_t
json_size_of_list(const struct addr *list)
{
	uint64_t n = 0;

	for (; list != NULL; list = list->next)
		n += JSON_ADDRESS + json_size_of(list->name) +
		    json_size_of(list->text);
	return n;
}

/*
 * No less than the request has: what is taken for small enough here must not
 * turn out too large when it is written.
 */
static uint64_t
json_size(const struct message *m)
{
	uint64_t n = JSON_FRAME + json_size_of(m->subject) +
	    json_size_of(m->html.p != NULL ? m->html : m->text) +
	    json_size_of(m->message_id) + json_size_of_list(m->from) +
	    json_size_of_list(m->to) + json_size_of_list(m->cc) +
	    json_size_of_list(m->bcc) + json_size_of_list(m->reply_to);

	for (size_t i = 0; i < m->n_fields; i++)
		n += JSON_FIELD + json_size_of(m->field[i].name) +
		    json_size_of(m->field[i].value);
	for (size_t i = 0; i < m->n_files; i++)
		n += JSON_FILE + json_size_of(m->file[i].name) +
		    json_size_of(m->file[i].type) +
		    json_size_of(m->file[i].cid) +
		    BASE64_SIZE(m->file[i].content.size);
	return n;
}

void
send_json_facts(const struct message *m, struct route_facts *f)
{
	struct fields own = fields_of(m);
	bool thread = own.property[SEND_REFERENCES] != NULL ||
	    own.property[SEND_IN_REPLY_TO] != NULL;

	f->json_size = json_size(m);
	f->json_cannot = json_cannot(m, f->json_size);
	/* a thread is sure by MIME only */
	f->json_fields = m->n_fields > 0 && own.other == NULL && !thread;
	f->json_loses = m->text.p != NULL && m->html.p != NULL ?
	    "the plain text beside the HTML (Exchange makes another)" :
	    NULL;
}

/* The JSON */

/* JSON is UTF-8: encoded words of a header would be shown as they are. */
static void
put_name(struct jsonw *w, struct str name)
{
	struct buf plain;

	buf_init(&plain, NAME_MAX_SIZE);
	word_decode(&plain, name);
	for (size_t i = 0; i < plain.n; i++) /* hidden in an encoded word */
		if ((unsigned char)plain.p[i] < ' ')
			plain.p[i] = ' ';
	w->out->no_memory = w->out->no_memory || plain.no_memory;
	jsonw_member(w, STR("name"), buf_view(&plain));
	buf_release(&plain);
}

static bool
has_at(struct jsonw *w, struct str name)
{
	struct buf plain;
	bool has;

	buf_init(&plain, NAME_MAX_SIZE);
	word_decode(&plain, name);
	has = str_chr(buf_view(&plain), '@') < plain.n;
	w->out->no_memory = w->out->no_memory || plain.no_memory;
	buf_release(&plain);
	return has;
}

static void
put_address(struct jsonw *w, const struct addr *x, bool named)
{
	jsonw_open(w, '{');
	jsonw_key(w, STR("emailAddress"));
	jsonw_open(w, '{');
	if (named && x->name.n > 0)
		put_name(w, x->name);
	jsonw_member(w, STR("address"), x->text);
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

static void
put_list(struct jsonw *w, struct str key, const struct addr *list)
{
	if (list == NULL)
		return;
	jsonw_key(w, key);
	jsonw_open(w, '[');
	for (; list != NULL; list = list->next)
		put_address(w, list, true);
	jsonw_close(w, ']');
}

static void
put_addresses(struct jsonw *w, const struct message *m, struct str mailbox)
{
	if (m->from != NULL && !str_ieq(m->from->text, mailbox)) {
		jsonw_key(w, STR("from"));
		/* '@' in its name is answered ErrorSendAsDenied;
		   the name shown is the mailbox's in any case. */
		put_address(w, m->from, !has_at(w, m->from->name));
	}
	put_list(w, STR("toRecipients"), m->to);
	put_list(w, STR("ccRecipients"), m->cc);
	put_list(w, STR("bccRecipients"), m->bcc);
	put_list(w, STR("replyTo"), m->reply_to);
}

static void
put_body(struct jsonw *w, const struct message *m)
{
	bool html = m->html.p != NULL;

	jsonw_key(w, STR("body"));
	jsonw_open(w, '{');
	jsonw_member(w, STR("contentType"), html ? STR("html") : STR("text"));
	jsonw_member(w, STR("content"), html ? m->html : m->text);
	jsonw_close(w, '}');
}

static void
put_switches(struct jsonw *w, const struct message *m)
{
	if (importance[m->importance] != NULL)
		jsonw_member(w, STR("importance"),
		    str_of(importance[m->importance]));
	if (m->read_receipt) {
		jsonw_key(w, STR("isReadReceiptRequested"));
		jsonw_bool(w, true);
	}
	if (m->delivery_receipt) {
		jsonw_key(w, STR("isDeliveryReceiptRequested"));
		jsonw_bool(w, true);
	}
}

static void
put_fields(struct jsonw *w, const struct message *m)
{
	if (fields_of(m).x == 0)
		return;
	jsonw_key(w, STR("internetMessageHeaders"));
	jsonw_open(w, '[');
	for (size_t i = 0; i < m->n_fields; i++) {
		if (send_property_of(m->field[i].name) < SEND_PROPERTIES)
			continue;
		jsonw_open(w, '{');
		jsonw_member(w, STR("name"), m->field[i].name);
		jsonw_member(w, STR("value"), m->field[i].value);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void
put_property(struct jsonw *w, struct str id, struct str value)
{
	if (value.n == 0)
		return;
	jsonw_open(w, '{');
	jsonw_member(w, STR("id"), id);
	jsonw_member(w, STR("value"), value);
	jsonw_close(w, '}');
}

/* Graph knows no other way to set these; 0x1035: PidTagInternetMessageId. */
static void
put_properties(struct jsonw *w, const struct message *m)
{
	struct fields f = fields_of(m);
	struct str value[SEND_PROPERTIES] = { 0 };
	size_t n = m->message_id.n;

	for (size_t i = 0; i < SEND_PROPERTIES; i++) {
		if (f.property[i] != NULL)
			value[i] = f.property[i]->value;
		n += value[i].n;
	}
	if (n == 0)
		return;
	jsonw_key(w, STR("singleValueExtendedProperties"));
	jsonw_open(w, '[');
	put_property(w, STR("String 0x1035"), m->message_id);
	for (size_t i = 0; i < SEND_PROPERTIES; i++)
		put_property(w, send_properties[i].id, value[i]);
	jsonw_close(w, ']');
}

static bool
put_piece(void *arg, struct str piece, struct err *e)
{
	(void)e;
	base64_encode(arg, piece);
	return true;
}

/*
 * The string is written empty, so that jsonw knows of it, and then filled
 * from the source in pieces: no file is held in memory twice.
 */
static bool
put_content(struct jsonw *w, const struct source *content, struct err *e)
{
	jsonw_base64(w, STR(""));
	if (w->out->n == 0 || w->out->full || w->out->no_memory)
		return true; /* latched: jsonw_end will say so */
	buf_rewind(w->out, w->out->n - 1);
	if (!source_copy(source_all(content), put_piece, w->out, e))
		return false;
	buf_addc(w->out, '"');
	return true;
}

/* All of a fileAttachment up to the value of contentBytes. */
static void
put_file_head(struct jsonw *w, const struct message_file *f)
{
	jsonw_open(w, '{');
	jsonw_member(w, STR("@odata.type"),
	    STR("#microsoft.graph.fileAttachment"));
	jsonw_member(w, STR("name"), f->name);
	jsonw_member(w, STR("contentType"), f->type);
	if (f->cid.p != NULL) {
		jsonw_key(w, STR("isInline"));
		jsonw_bool(w, true);
		jsonw_member(w, STR("contentId"), f->cid);
	}
	jsonw_key(w, STR("contentBytes"));
}

static bool
put_file(struct jsonw *w, const struct message_file *f, struct err *e)
{
	put_file_head(w, f);
	if (!put_content(w, &f->content, e))
		return err_wrap(e, "attachment \"%.*s\"",
		    STR_ARG(str_first(f->name, SHOWN)));
	jsonw_close(w, '}');
	return true;
}

static bool
put_files(struct jsonw *w, const struct message *m, struct err *e)
{
	if (m->n_files == 0)
		return true;
	jsonw_key(w, STR("attachments"));
	jsonw_open(w, '[');
	for (size_t i = 0; i < m->n_files; i++)
		if (!put_file(w, &m->file[i], e))
			return false;
	jsonw_close(w, ']');
	return true;
}

/* All but the files: they may come by themselves. */
static void
put_message(struct jsonw *w, const struct message *m, struct str mailbox)
{
	jsonw_member(w, STR("subject"), m->subject);
	put_body(w, m);
	put_addresses(w, m, mailbox);
	put_switches(w, m);
	put_fields(w, m);
	put_properties(w, m);
}

/* facts.md 4.2: sendMail's parameters, Microsoft's documented spelling. */
static bool
put_request(struct jsonw *w, const struct message *m,
    const struct send_options *o, struct err *e)
{
	jsonw_open(w, '{');
	jsonw_key(w, STR("message"));
	jsonw_open(w, '{');
	put_message(w, m, o->mailbox);
	if (!put_files(w, m, e))
		return false;
	jsonw_close(w, '}');
	if (!o->save_to_sent) {
		jsonw_key(w, STR("saveToSentItems"));
		jsonw_bool(w, false);
	}
	jsonw_close(w, '}');
	return true;
}

bool
send_json(const struct message *m, const struct send_options *o,
    struct buf *out, struct err *e)
{
	struct jsonw w = jsonw_begin(out);
	bool ok;

	if (!message_check(m, e) || !check_limits(m, e) ||
	    !check_fields(m, e) || !check_files(m, e))
		return false;
	ok = put_request(&w, m, o, e) && jsonw_end(&w, e);
	if (out->full || (ok && out->n - w.start > SEND_REQUEST_MAX))
		ok = err_set(e, ERR_INPUT,
		    "the message makes a request of "
		    "more than %d bytes, which Graph does not take",
		    SEND_REQUEST_MAX);
	if (!ok)
		buf_rewind(out, w.start);
	return ok;
}

bool
send_json_draft(const struct message *m, struct str mailbox, struct buf *out,
    struct err *e)
{
	struct jsonw w = jsonw_begin(out);

	if (!message_check(m, e) || !check_limits(m, e) || !check_fields(m, e))
		return false;
	jsonw_open(&w, '{');
	put_message(&w, m, mailbox);
	jsonw_close(&w, '}');
	return jsonw_end(&w, e);
}

bool
send_json_file(const struct message_file *f, struct rope *out, struct err *e)
{
	struct str tail = STR("\"}");
	struct buf head;
	struct jsonw w;
	bool ok;

	buf_init(&head, NAME_MAX_SIZE);
	w = jsonw_begin(&head);
	put_file_head(&w, f);
	jsonw_str(&w, STR(""));
	jsonw_close(&w, '}');
	ok = jsonw_end(&w, e);
	if (ok) {
		rope_copy(out, str_first(buf_view(&head), head.n - tail.n));
		rope_range(out, ROPE_UNBROKEN, &f->content, 0, f->content.size);
		rope_copy(out, tail);
		ok = rope_ok(out, e);
	}
	buf_release(&head);
	return ok;
}

void
send_path(struct buf *out, struct str mailbox)
{
	buf_addz(out, "/users/");
	url_encode(out, mailbox);
	buf_addz(out, "/sendMail");
}

/* The request */

static bool
post(struct graph *g, const struct send_options *o, struct str type,
    struct source body, struct send_result *out, struct err *e)
{
	struct graph_request r = {
		.method = STR("POST"),
		.content_type = type,
		.body = body,
		.expect = 202,
	};
	struct graph_answer answer = { 0 };
	struct buf path, what;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_init(&what, URL_MAX);
	send_path(&path, o->mailbox);
	buf_addf(&what, "sendMail for %.*s", STR_ARG(o->mailbox));
	r.path = buf_view(&path);
	r.what = buf_view(&what);
	ok = buf_ok(&path, e) && buf_ok(&what, e) &&
	    graph_call(g, &r, &answer, e);
	memcpy(out->request_id, answer.request_id, sizeof(out->request_id));
	memcpy(out->client_request_id, answer.client_request_id,
	    sizeof(out->client_request_id));
	out->attempts = answer.attempts;
	out->status = answer.http.status;
	graph_answer_release(&answer);
	buf_release(&path);
	buf_release(&what);
	return ok;
}

bool
send_message(struct graph *g, const struct message *m,
    const struct send_options *o, struct send_result *out, struct err *e)
{
	struct buf json;
	bool ok;

	*out = (struct send_result){ .via = "json" };
	/* One byte more than it may have: send_json tells that better. */
	buf_init(&json, SEND_REQUEST_MAX + 1);
	ok = send_json(m, o, &json, e) &&
	    post(g, o, STR("application/json"), source_of(buf_view(&json)), out,
		e);
	buf_release(&json);
	return ok;
}

bool
send_mime(struct graph *g, const struct source *mime,
    const struct send_options *o, struct send_result *out, struct err *e)
{
	struct arena mem;
	struct rope text;
	bool ok;

	*out = (struct send_result){ .via = "mime" };
	arena_init(&mem, ROPE_MEM);
	rope_init(&text, &mem);
	rope_range(&text, ROPE_UNBROKEN, mime, 0, mime->size);
	ok = rope_ok(&text, e) &&
	    post(g, o, STR("text/plain"), rope_source(&text), out, e);
	arena_release(&mem);
	return ok;
}
