/* SPDX-License-Identifier: MIT */
#include "mail/edit.h"

#include <string.h>

#include "base/scratch.h"
#include "codec/utf8.h"
#include "mail/field.h"
#include "mail/mimew.h"
#include "mail/value.h"

enum {
	FIELD_LIMIT = 4 * 1024 * 1024, /* a header, written again */
	READ_PIECE = 16384
};

struct editor {
	const struct edit *in;
	struct rope *out;
	struct buf text; /* header text not yet in the rope */
	size_t met;      /* fields of the own header */
	bool wrote_recipients, has_from, has_reply_to;
	struct err *e;
	bool failed;
};

static void
keep(struct editor *w, bool ok)
{
	w->failed = w->failed || !ok;
}

static void
addresses(struct editor *w, struct str name, const struct addr *list)
{
	if (!w->failed)
		keep(w, mimew_addresses(&w->text, name, list, w->e));
}

static void
recipients(struct editor *w)
{
	const struct reconciled *r = w->in->recipients;

	if (w->wrote_recipients)
		return;
	w->wrote_recipients = true;
	addresses(w, STR("To"), r->to);
	addresses(w, STR("Cc"), r->cc);
	addresses(w, STR("Bcc"), r->bcc);
	addresses(w, STR("X-Post365-To"), r->off_to);
	addresses(w, STR("X-Post365-Cc"), r->off_cc);
}

/* ASCII in lines of CRLF that are short enough: to be left as it is. */
static bool
is_clean(struct str raw)
{
	struct str rest = raw, line;

	if (!str_ends(raw, STR("\r\n")))
		return false;
	while (str_next(&rest, '\n', &line)) {
		if (rest.p == NULL)
			return line.n == 0;
		if (line.n > HEAD_LINE_MAX + 1 ||
		    str_chr(line, '\r') + 1 != line.n)
			return false;
		for (size_t i = 0; i < line.n; i++)
			if (line.p[i] == '\0' ||
			    (unsigned char)line.p[i] >= 0x7f)
				return false;
	}
	return true;
}

/* What stands before the parameters is visible ASCII. */
static bool
is_type(struct str value)
{
	struct str type = str_trim(str_first(value, str_chr(value, ';')));

	for (size_t i = 0; i < type.n; i++)
		if (type.p[i] <= ' ' || type.p[i] >= 0x7f || type.p[i] == '(')
			return false;
	return type.n > 0;
}

/* "type; name=value", each part written as RFC 2231 has it. */
static void
write_params(struct editor *w, struct str name, struct str value)
{
	struct param *list;
	struct str type;
	struct buf text;

	buf_init(&text, FIELD_LIMIT);
	param_parse(w->out->arena, value, &type, &list);
	buf_adds(&text, type);
	for (; list != NULL; list = list->next)
		param_write(&text, list->name, list->value);
	keep(w,
	    buf_ok(&text, w->e) &&
		head_write(&w->text, name, buf_view(&text), w->e));
	buf_release(&text);
}

/* As its shape asks; what does not have that shape is plain text. */
static void
write_anew(struct editor *w, struct str name, struct str value)
{
	enum field_shape shape = (enum field_shape)field_of(name)->shape;
	struct addr *list;
	struct err ignored;

	if (shape == FIELD_PARAMS && is_type(value))
		write_params(w, name, value);
	else if (shape == FIELD_ADDRESSES &&
	    addr_parse_list(w->out->arena, value, true, &list, &ignored))
		addresses(w, name, list);
	else
		keep(w, mimew_words(&w->text, name, value, w->e));
}

/* A field of p as it stands, or encoded and folded anew. */
static void
copy_field(struct editor *w, const struct mime_part *p,
    const struct head_field *f)
{
	struct arena *a = w->out->arena;

	if (w->failed)
		return;
	if (is_clean(f->raw))
		buf_adds(&w->text, f->raw);
	else
		write_anew(w, f->name,
		    value_read(a, f->value, mime_charset(p)).text);
}

static void
write_field(struct editor *w, const struct edit_field *f)
{
	if (f->list != NULL)
		addresses(w, f->name, f->list);
	else if (!w->failed && f->text.n > 0)
		keep(w, mimew_words(&w->text, f->name, f->text, w->e));
}

static void
from_field(struct editor *w, const struct head_field *f)
{
	if (w->in->from == NULL)
		copy_field(w, w->in->root, f);
	else if (!w->has_from)
		addresses(w, STR("From"), w->in->from);
	w->has_from = true; /* several: they are one now */
}

/* A field of the message's own header. */
static void
own_field(struct editor *w, const struct head_field *f,
    const struct edit_change *change)
{
	enum field_fate fate = (enum field_fate)field_of(f->name)->fate;

	if (change->what == EDIT_DROP)
		return;
	w->has_reply_to = w->has_reply_to || fate == FIELD_REPLY_TO;
	if (fate == FIELD_TO)
		recipients(w);
	else if (change->what == EDIT_REPLACE) {
		addresses(w, f->name, change->list);
		w->has_from = w->has_from || fate == FIELD_FROM;
	} else if (fate == FIELD_FROM)
		from_field(w, f);
	else if (fate == FIELD_NOTES ? w->in->again : fate != FIELD_GOES)
		copy_field(w, w->in->root, f);
}

/* What the message lacks. */
static void
missing_fields(struct editor *w)
{
	const struct edit *in = w->in;

	recipients(w);
	if (!w->has_from)
		addresses(w, STR("From"), in->from);
	if (!w->has_reply_to)
		addresses(w, STR("Reply-To"), in->reply_to);
	for (size_t i = 0; i < in->n_added; i++)
		write_field(w, &in->added[i]);
}

static void
flush(struct editor *w)
{
	if (!w->failed)
		keep(w, buf_ok(&w->text, w->e));
	rope_copy(w->out, buf_view(&w->text));
	buf_reset(&w->text);
}

static struct str
instead_of(const struct edit *in, const struct mime_part *p)
{
	for (size_t i = 0; i < in->n_left_out; i++)
		if (in->left_out[i] == p)
			return in->instead[i];
	return (struct str){ 0 };
}

static bool
is_left_out(const struct edit *in, const struct mime_part *p)
{
	for (size_t i = 0; i < in->n_left_out; i++)
		if (in->left_out[i] == p)
			return true;
	return false;
}

static bool
may_change(const struct mime_part *p)
{
	for (const struct mime_part *q = p->parent; q != NULL; q = q->parent)
		if (str_eq(q->type, STR("message/rfc822")))
			return false;
	/* RFC 2045 6.4, RFC 2046 5.2: these have no encoding */
	return !p->sealed && p->child == NULL && p->end > p->body &&
	    !mime_is_multipart(p) && !str_starts(p->type, STR("message/"));
}

/* What Graph or a transport would damage as it is. */
static bool
wants_base64(const struct edit *in, const struct mime_part *p)
{
	if (!may_change(p))
		return false;
	if (p->encoding == MIME_QP)
		return in->decode != NULL;
	if (p->encoding == MIME_BASE64)
		return p->misnamed;
	return p->encoding == MIME_IDENTITY &&
	    (p->misnamed || p->eight_bit || p->long_line);
}

/* What a text is written in, as far as it can be read. */
enum script { SCRIPT_ASCII, SCRIPT_UTF8, SCRIPT_OTHER };

static enum script
script_of(struct editor *w, const struct source *body)
{
	SCRATCH char piece[READ_PIECE];
	size_t held = 0, n = 0, bad = 0;
	enum script script = SCRIPT_ASCII;

	for (uint64_t at = 0; at < body->size && !w->failed; at += n) {
		n = sizeof(piece) - held;
		n = body->size - at < n ? (size_t)(body->size - at) : n;
		keep(w, source_read(body, at, piece + held, n, w->e));
		if (w->failed)
			return script;
		for (size_t i = held; i < held + n; i++)
			if ((unsigned char)piece[i] >= 0x80)
				script = SCRIPT_UTF8;
		held += n;
		bad = utf8_bad_at((struct str){ piece, held });
		/* a character may be cut at the end of the piece */
		if (held - bad >= UTF8_MAX)
			return SCRIPT_OTHER;
		memmove(piece, piece + bad, held - bad);
		held -= bad;
	}
	return held == 0 ? script : SCRIPT_OTHER;
}

/* Its parameters, with another charset in place of what there is. */
static void
type_with_charset(struct editor *w, const struct mime_part *p,
    struct str charset)
{
	const struct param *list = p->param;
	struct buf text;

	buf_init(&text, FIELD_LIMIT);
	buf_adds(&text, p->type);
	buf_addf(&text, "; charset=%.*s", STR_ARG(charset));
	for (; list != NULL; list = list->next)
		if (!str_eq(list->name, STR("charset")))
			param_write(&text, list->name, list->value);
	if (!w->failed)
		keep(w,
		    buf_ok(&text, w->e) &&
			head_write(&w->text, STR("Content-Type"),
			    buf_view(&text), w->e));
	buf_release(&text);
}

/* A part on its way into base64. */
struct recoded {
	struct source body; /* without its encoding */
	struct str charset; /* that its Content-Type is to name; or empty */
};

/*
 * A text that is encoded must say what it is in, to be read as it was meant:
 * without a charset it would be ASCII (RFC 2046 4.1.2).
 */
static void
choose_charset(struct editor *w, const struct mime_part *p, struct recoded *r)
{
	struct str charset = param_find(p->param, STR("charset"));
	enum script script;

	if (!str_eq(p->type, STR("text/plain")) &&
	    !str_eq(p->type, STR("text/html")))
		return;
	if (charset.n > 0 && !str_iends(charset, STR("ascii")))
		return;
	script = script_of(w, &r->body);
	if (script == SCRIPT_OTHER)
		r->charset = STR("windows-1252");
	else if (script == SCRIPT_UTF8 || p->type_field == NULL)
		r->charset = STR("utf-8");
}

/* r: NULL where the body stays as it is. */
static void
part_field(struct editor *w, const struct mime_part *p,
    const struct head_field *f, const struct recoded *r)
{
	static const struct edit_change none = { EDIT_KEEP, NULL };
	bool own = p == w->in->root;
	const struct edit_change *change = &none;

	if (own && w->in->change != NULL)
		change = &w->in->change[w->met++];
	if (is_left_out(w->in, p) && str_istarts(f->name, STR("Content-")))
		return;
	if (r != NULL && str_ieq(f->name, STR("Content-Transfer-Encoding")))
		return;
	if (str_ieq(f->name, STR("Content-Type")) && f != p->type_field)
		return;
	if (r != NULL && r->charset.n > 0 && f == p->type_field)
		type_with_charset(w, p, r->charset);
	else if (own)
		own_field(w, f, change);
	else
		copy_field(w, p, f);
}

static void
part_header(struct editor *w, const struct mime_part *p,
    const struct recoded *r)
{
	struct str instead = instead_of(w->in, p);
	bool own = p == w->in->root;

	for (const struct head_field *f = p->head.first; f != NULL; f = f->next)
		part_field(w, p, f, r);
	if (own)
		missing_fields(w);
	if (own && r != NULL &&
	    head_find(p->head.first, STR("MIME-Version")) == NULL)
		buf_addz(&w->text, "MIME-Version: 1.0\r\n");
	if (r != NULL && r->charset.n > 0 && p->type_field == NULL)
		type_with_charset(w, p, r->charset);
	if (r != NULL)
		buf_addz(&w->text, "Content-Transfer-Encoding: base64\r\n");
	if (instead.n > 0)
		buf_addf(&w->text, "Content-Type: %s\r\n",
		    str_eq(p->type, STR("text/html")) ? "text/html" :
							"text/plain");
	buf_addf(&w->text, "\r\n%.*s", STR_ARG(instead));
	flush(w);
}

/*
 * The body of a part without its encoding. That of base64 under another name
 * is what it is encoded: it only moves.
 */
static void
plain_body(struct editor *w, const struct mime_part *p, struct source *out)
{
	struct rope *r = arena_alloc(w->out->arena, sizeof(*r));

	*out = source_of(STR(""));
	if (w->failed || r == NULL)
		return;
	if (p->encoding == MIME_QP) {
		keep(w, w->in->decode(w->in->decode_arg, p, out, w->e));
		return;
	}
	rope_init(r, w->out->arena);
	rope_range(r, ROPE_RAW, w->in->message, p->body, p->end - p->body);
	*out = rope_source(r);
}

/* A part in base64, header and all. */
static void
recoded_part(struct editor *w, const struct mime_part *p)
{
	struct recoded r = { .charset = { 0 } };

	plain_body(w, p, &r.body);
	if (p->encoding != MIME_BASE64)
		choose_charset(w, p, &r);
	part_header(w, p, &r);
	if (!w->failed)
		rope_range(w->out,
		    p->encoding == MIME_BASE64 ? ROPE_RAW : ROPE_WRAPPED,
		    &r.body, 0, r.body.size);
}

static void
copy_to(struct editor *w, uint64_t *at, uint64_t to)
{
	if (to > *at)
		rope_range(w->out, ROPE_RAW, w->in->message, *at, to - *at);
	*at = to > *at ? to : *at;
}

static void
parts(struct editor *w)
{
	const struct mime_part *p = w->in->root;
	uint64_t at = p->body;

	if (is_left_out(w->in, p))
		return;
	for (p = mime_next(p); p != NULL && !w->failed;) {
		if (is_left_out(w->in, p)) {
			if (instead_of(w->in, p).n > 0) {
				copy_to(w, &at, p->start);
				part_header(w, p, NULL);
			}
			copy_to(w, &at, p->delimiter);
			at = p->end;
			p = mime_after(p);
			continue;
		}
		if (wants_base64(w->in, p)) {
			copy_to(w, &at, p->start);
			recoded_part(w, p);
			at = p->end;
		}
		p = mime_next(p);
	}
	copy_to(w, &at, w->in->root->end);
}

bool
edit_message(const struct edit *in, struct rope *out, struct err *e)
{
	struct editor w = { .in = in, .out = out, .e = e };

	buf_init(&w.text, FIELD_LIMIT);
	if (!is_left_out(in, in->root) && wants_base64(in, in->root)) {
		recoded_part(&w, in->root);
	} else {
		part_header(&w, in->root, NULL);
		parts(&w);
	}
	buf_release(&w.text);
	return !w.failed && rope_ok(out, e);
}
