/* SPDX-License-Identifier: MIT */
#include "mail/mimew.h"

#include "codec/date.h"
#include "codec/utf8.h"
#include "mail/head.h"
#include "mail/param.h"
#include "mail/word.h"

enum {
	HEAD_LIMIT = 4 * 1024 * 1024,   /* 1,000 recipients take 100 kB */
	MESSAGES_MAX = 4 * 1024 * 1024, /* bytes; what a request takes */
	BOUNDARY_SIZE = 40,
	LEVELS = 3 /* mixed, related, alternative */
};

/* One writing of a message. */
struct writer {
	const struct message *m;
	const struct mimew_stamp *stamp;
	struct rope *out;
	struct buf head; /* header text not yet in the rope */
	char boundary[LEVELS][BOUNDARY_SIZE];
	size_t files, inlined; /* of m->file, by kind */
	uint64_t messages;     /* bytes of files that are messages */
	struct err *e;
	bool failed;
};

enum { FIELD_SHORT = 128 /* bytes: most need no more */ };
enum { MIXED, RELATED, ALTERNATIVE };

static const char *const level_type[LEVELS] = {
	[MIXED] = "multipart/mixed",
	[RELATED] = "multipart/related",
	[ALTERNATIVE] = "multipart/alternative",
};

bool
mimew_text(struct buf *out, struct str name, struct str text, struct err *e)
{
	char room[FIELD_SHORT];
	struct buf coded;
	bool ok;

	buf_init_in(&coded, room, sizeof(room), HEAD_LIMIT);
	ok = word_encode(&coded, text, e) && buf_ok(&coded, e);
	if (!ok)
		err_wrap(e, "field %.*s", STR_ARG(name));
	ok = ok && head_write(out, name, buf_view(&coded), e);
	buf_release(&coded);
	return ok;
}

bool
mimew_words(struct buf *out, struct str name, struct str text, struct err *e)
{
	struct buf plain, kept;
	bool ok;

	buf_init(&plain, HEAD_LIMIT);
	buf_init(&kept, HEAD_LIMIT);
	if (word_decode(&plain, text)) {
		ok = buf_ok(&plain, e) &&
		    mimew_text(out, name, buf_view(&plain), e);
	} else {
		word_keep(&kept, text, false);
		ok = buf_ok(&kept, e) &&
		    head_write(out, name, buf_view(&kept), e);
	}
	buf_release(&plain);
	buf_release(&kept);
	return ok;
}

/*
 * Appends one address as it stands in a field. A name may hold encoded words
 * of its own: they are written anew, not twice, or stay as they are.
 */
static bool
add_address(struct buf *out, const struct addr *a, struct err *e)
{
	struct addr plain = *a;
	char room[FIELD_SHORT];
	struct buf name;
	bool ok = true, whole;

	buf_init_in(&name, room, sizeof(room), HEAD_LIMIT);
	whole = word_decode(&name, a->name);
	plain.name = buf_view(&name);
	if (whole && !word_is_needed(plain.name)) {
		addr_format(out, &plain);
	} else {
		if (whole)
			ok = word_encode(out, plain.name, e);
		else
			word_keep(out, a->name, true);
		buf_addz(out, " <");
		buf_adds(out, a->text);
		buf_addc(out, '>');
	}
	ok = ok && buf_ok(&name, e);
	buf_release(&name);
	return ok;
}

bool
mimew_addresses(struct buf *out, struct str name, const struct addr *list,
    struct err *e)
{
	char room[FIELD_SHORT];
	struct buf value;
	bool ok = true;

	if (list == NULL)
		return true;
	buf_init_in(&value, room, sizeof(room), HEAD_LIMIT);
	for (; ok && list != NULL; list = list->next) {
		ok = add_address(&value, list, e);
		if (list->next != NULL)
			buf_addz(&value, ", ");
	}
	ok = ok && buf_ok(&value, e) &&
	    head_write(out, name, buf_view(&value), e);
	buf_release(&value);
	return ok;
}

static void
keep(struct writer *w, bool ok)
{
	w->failed = w->failed || !ok;
}

static void
text_field(struct writer *w, struct str name, struct str text)
{
	if (!w->failed && text.n > 0)
		keep(w, mimew_text(&w->head, name, text, w->e));
}

static void
address_field(struct writer *w, struct str name, const struct addr *list)
{
	if (!w->failed)
		keep(w, mimew_addresses(&w->head, name, list, w->e));
}

/* What stands in the header collected so far goes into the rope. */
static void
flush(struct writer *w)
{
	rope_copy(w->out, buf_view(&w->head));
	if (w->head.full || w->head.no_memory)
		keep(w, buf_ok(&w->head, w->e));
	buf_reset(&w->head);
}

/* Content-Type with one parameter, folded; value NULL: none. */
static void
type_field(struct writer *w, const char *type, struct str name,
    struct str value)
{
	struct buf text;

	buf_init(&text, HEAD_LIMIT);
	buf_addz(&text, type);
	if (value.p != NULL)
		param_write(&text, name, value);
	if (!w->failed)
		keep(w,
		    buf_ok(&text, w->e) &&
			head_write(&w->head, STR("Content-Type"),
			    buf_view(&text), w->e));
	buf_release(&text);
}

static void
begin_level(struct writer *w, int level)
{
	type_field(w, level_type[level], STR("boundary"),
	    str_of(w->boundary[level]));
}

/*
 * The line end before a boundary belongs to it (RFC 2046 5.1.1), so a text
 * keeps its own; before the first part it is the header's empty line.
 */
static void
begin_part(struct writer *w, int level)
{
	buf_addf(&w->head, "\r\n--%s\r\n", w->boundary[level]);
}

static void
end_level(struct writer *w, int level)
{
	buf_addf(&w->head, "\r\n--%s--", w->boundary[level]);
}

/* ASCII in lines that any transport leaves alone. */
static bool
is_7bit(const struct writer *w, struct str text)
{
	size_t line = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n') {
			line = 0;
			continue;
		}
		if ((unsigned char)text.p[i] >= 0x7f ||
		    (text.p[i] < ' ' && text.p[i] != '\t' &&
			!(text.p[i] == '\r' && i + 1 < text.n &&
			    text.p[i + 1] == '\n')) ||
		    ++line > HEAD_LINE_MAX - 1)
			return false;
	}
	for (int i = 0; i < LEVELS; i++)
		if (str_find(text, str_of(w->boundary[i])) < text.n)
			return false;
	return true;
}

/* The text with CRLF for each line end, whatever its encoding. RFC 2045 6.8 */
static struct str
crlf_lines(struct arena *a, struct str text)
{
	size_t lone = 0, n = 0;
	char *to;

	for (size_t i = 0; i < text.n; i++)
		lone += text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r');
	if (lone == 0)
		return text;
	to = arena_alloc(a, text.n + lone);
	for (size_t i = 0; to != NULL && i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			to[n++] = '\r';
		to[n++] = text.p[i];
	}
	return (struct str){ to, n };
}

static void
text_part(struct writer *w, const char *type, struct str text)
{
	bool plain = is_7bit(w, text);
	struct source from;

	type_field(w, type, STR("charset"),
	    plain ? STR("us-ascii") : STR("utf-8"));
	buf_addf(&w->head, "Content-Transfer-Encoding: %s\r\n\r\n",
	    plain ? "7bit" : "base64");
	flush(w);
	text = crlf_lines(w->out->arena, text);
	from = source_of(text);
	rope_range(w->out, plain ? ROPE_RAW : ROPE_WRAPPED, &from, 0, text.n);
}

/* Lines of CRLF that need no encoding but to be called 8bit. */
static bool
is_lines(struct str text, bool *eight_bit)
{
	struct str line;

	*eight_bit = false;
	while (str_next(&text, '\n', &line)) {
		if (text.p != NULL && !str_ends(line, STR("\r")))
			return false;
		line = str_first(line, line.n - (text.p != NULL));
		if (line.n > HEAD_LINE_MAX)
			return false;
		for (size_t i = 0; i < line.n; i++) {
			if (line.p[i] == '\0' || line.p[i] == '\r')
				return false;
			*eight_bit |= (unsigned char)line.p[i] >= 0x80;
		}
	}
	return true;
}

/*
 * A message stands in a message as it is (RFC 2046 5.2.1), if it can and is
 * not too large to be looked at.
 */
static bool
is_plain_message(struct writer *w, const struct message_file *f,
    struct str *text, bool *eight_bit)
{
	char *to;

	if (!str_istarts(f->type, STR("message/")) ||
	    f->content.size > MESSAGES_MAX - w->messages)
		return false;
	w->messages += f->content.size;
	to = arena_alloc(w->out->arena, (size_t)f->content.size + 1);
	if (to == NULL || w->failed)
		return false;
	keep(w, source_read(&f->content, 0, to, (size_t)f->content.size, w->e));
	*text = crlf_lines(w->out->arena,
	    (struct str){ to, (size_t)f->content.size });
	return !w->failed && is_lines(*text, eight_bit);
}

static void
file_head(struct writer *w, const struct message_file *f, struct str type,
    const char *encoding)
{
	struct buf text;

	buf_init(&text, HEAD_LIMIT);
	buf_adds(&text, type);
	param_write(&text, STR("name"), f->name);
	keep(w,
	    !w->failed &&
		head_write(&w->head, STR("Content-Type"), buf_view(&text),
		    w->e));
	buf_addf(&w->head, "Content-Transfer-Encoding: %s\r\n", encoding);
	buf_reset(&text);
	buf_addz(&text, f->cid.p != NULL ? "inline" : "attachment");
	param_write(&text, STR("filename"), f->name);
	keep(w,
	    !w->failed &&
		head_write(&w->head, STR("Content-Disposition"),
		    buf_view(&text), w->e));
	if (f->cid.p != NULL)
		buf_addf(&w->head, "Content-ID: <%.*s>\r\n", STR_ARG(f->cid));
	buf_addz(&w->head, "\r\n");
	flush(w);
	buf_release(&text);
}

static void
file_part(struct writer *w, const struct message_file *f)
{
	struct str type = f->type, text;
	struct source from;
	bool eight_bit;

	if (is_plain_message(w, f, &text, &eight_bit)) {
		file_head(w, f, type, eight_bit ? "8bit" : "7bit");
		from = source_of(text);
		rope_range(w->out, ROPE_RAW, &from, 0, text.n);
		return;
	}
	/* of these base64 is not allowed: then it is only bytes */
	if (str_istarts(type, STR("message/")) ||
	    str_istarts(type, STR("multipart/")))
		type = STR("application/octet-stream");
	file_head(w, f, type, "base64");
	rope_range(w->out, ROPE_WRAPPED, &f->content, 0, f->content.size);
}

static void
files(struct writer *w, int level, bool inlined)
{
	for (size_t i = 0; i < w->m->n_files; i++) {
		if ((w->m->file[i].cid.p != NULL) != inlined)
			continue;
		begin_part(w, level);
		file_part(w, &w->m->file[i]);
	}
	end_level(w, level);
}

/* HTML with the files that it shows. RFC 2387 */
static void
html(struct writer *w)
{
	if (w->inlined == 0) {
		text_part(w, "text/html", w->m->html);
		return;
	}
	begin_level(w, RELATED);
	begin_part(w, RELATED);
	text_part(w, "text/html", w->m->html);
	files(w, RELATED, true);
}

/* RFC 2046 5.1.4: the plainest first. */
static void
body(struct writer *w)
{
	if (w->m->html.p == NULL) {
		text_part(w, "text/plain", w->m->text);
		return;
	}
	if (w->m->text.p == NULL) {
		html(w);
		return;
	}
	begin_level(w, ALTERNATIVE);
	begin_part(w, ALTERNATIVE);
	text_part(w, "text/plain", w->m->text);
	begin_part(w, ALTERNATIVE);
	html(w);
	end_level(w, ALTERNATIVE);
}

static void
receipts(struct writer *w)
{
	const struct message *m = w->m;

	if (m->read_receipt) /* RFC 8098 2.1 */
		address_field(w, STR("Disposition-Notification-To"), m->from);
	if (m->delivery_receipt) /* what Exchange reads */
		address_field(w, STR("Return-Receipt-To"), m->from);
	if (m->importance != MESSAGE_NORMAL) /* RFC 2156 5.3.4 */
		text_field(w, STR("Importance"),
		    m->importance == MESSAGE_HIGH ? STR("high") : STR("low"));
}

static void
header(struct writer *w)
{
	const struct message *m = w->m;
	char date[DATE_MAIL_SIZE];

	date_mail(w->stamp->when, w->stamp->zone, date);
	text_field(w, STR("Date"), str_of(date));
	address_field(w, STR("From"), m->from);
	address_field(w, STR("Reply-To"), m->reply_to);
	address_field(w, STR("To"), m->to);
	address_field(w, STR("Cc"), m->cc);
	address_field(w, STR("Bcc"), m->bcc);
	text_field(w, STR("Message-ID"), m->message_id);
	text_field(w, STR("Subject"), m->subject);
	receipts(w);
	for (size_t i = 0; i < m->n_fields; i++)
		text_field(w, m->field[i].name, m->field[i].value);
	buf_addz(&w->head, "MIME-Version: 1.0\r\n");
}

/*
 * "=_" stands in no base64 text and in no quoted-printable one (RFC 2045
 * 6.7), and 7bit texts are searched, so a boundary cannot occur in a part.
 */
static void
make_boundaries(struct writer *w)
{
	char *p;

	for (int level = 0; level < LEVELS; level++) {
		p = w->boundary[level];
		*p++ = '=';
		*p++ = '_';
		*p++ = (char)('1' + level);
		*p++ = '_';
		p = str_hex(p, w->stamp->random, sizeof(w->stamp->random));
		*p = '\0';
	}
}

static bool
is_single(const struct writer *w)
{
	return w->m->n_files == 0 &&
	    (w->m->text.p == NULL || w->m->html.p == NULL);
}

bool
mimew_write(const struct message *m, const struct mimew_stamp *stamp,
    struct rope *out, struct err *e)
{
	struct writer w = { .m = m, .stamp = stamp, .out = out, .e = e };

	for (size_t i = 0; i < m->n_files; i++)
		w.inlined += m->file[i].cid.p != NULL;
	if (m->html.p == NULL && w.inlined > 0)
		return err_set(e, ERR_INPUT,
		    "inline files need an HTML text to stand in");
	w.files = m->n_files - w.inlined;
	buf_init(&w.head, HEAD_LIMIT);
	make_boundaries(&w);
	header(&w);
	if (w.files > 0) {
		begin_level(&w, MIXED);
		begin_part(&w, MIXED);
	}
	body(&w);
	if (w.files > 0)
		files(&w, MIXED, false);
	if (!is_single(&w) ||
	    !str_ends(m->text.p != NULL ? m->text : m->html, STR("\n")))
		buf_addz(&w.head, "\r\n"); /* a message is lines */
	flush(&w);
	buf_release(&w.head);
	return !w.failed && rope_ok(out, e);
}
