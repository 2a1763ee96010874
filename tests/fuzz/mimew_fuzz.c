/* SPDX-License-Identifier: MIT */
/*
 * Oracle: a message that is written reads back as the same: its tree, types,
 * file names, content ids, bytes, addresses and fields; cut anywhere, too.
 *
 * Input: a byte of flags, then texts that end in a byte 0xff (which is in no
 * UTF-8): From, To, Cc, Reply-To, subject, a field's name and value, text,
 * HTML, and for each file name, type, content id and content.
 */
#include "mail/mimew.h"

#include <stdint.h>
#include <stdlib.h>

#include "codec/base64.h"
#include "codec/unbase64.h"
#include "mail/mime.h"
#include "mail/word.h"

enum { LIMIT = 1 << 26, FILES = 6 };
enum { HAS_TEXT = 1, HAS_HTML = 2, HIGH = 4, RECEIPTS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct mimew_stamp stamp = { .when = 1795469834, .zone = 60 };

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static struct str
next(struct str *in)
{
	struct str out = str_first(*in, str_chr(*in, '\xff'));

	*in = str_from(*in, out.n + 1);
	return out;
}

static struct addr *
next_addresses(struct arena *a, struct str *in)
{
	struct addr *list = NULL;
	struct err ignored;

	(void)addr_parse_list(a, next(in), false, &list, &ignored);
	return list;
}

static void
make(struct arena *a, struct str in, struct message *m)
{
	int flags = in.n > 0 ? in.p[0] : HAS_TEXT;
	struct message_file *f;
	struct str text;

	in = str_from(in, 1);
	*m = (struct message){ .message_id = STR("<1@x>") };
	m->from = next_addresses(a, &in);
	if (m->from != NULL)
		m->from->next = NULL;
	m->to = next_addresses(a, &in);
	m->cc = next_addresses(a, &in);
	m->reply_to = next_addresses(a, &in);
	m->subject = next(&in);
	m->field[0].name = next(&in);
	m->field[0].value = next(&in);
	m->n_fields = m->field[0].name.n > 0;
	text = next(&in);
	if ((flags & HAS_TEXT) != 0 || (flags & HAS_HTML) == 0)
		m->text = text.p != NULL ? text : STR("");
	text = next(&in);
	if ((flags & HAS_HTML) != 0)
		m->html = text.p != NULL ? text : STR("");
	m->importance = (flags & HIGH) != 0 ? MESSAGE_HIGH : MESSAGE_NORMAL;
	m->read_receipt = m->delivery_receipt = (flags & RECEIPTS) != 0;
	while (in.n > 0 && m->n_files < FILES) {
		f = &m->file[m->n_files++];
		f->name = next(&in);
		f->type = next(&in);
		f->cid = next(&in);
		if (f->cid.n == 0)
			f->cid.p = NULL;
		f->content = source_of(next(&in));
	}
}

static bool
write_message(struct arena *a, const struct message *m, struct buf *out)
{
	struct source s;
	struct rope r;
	struct err e;
	char *to;

	rope_init(&r, a);
	if (!mimew_write(m, &stamp, &r, &e))
		return false;
	s = rope_source(&r);
	to = buf_room(out, (size_t)s.size);
	must(to != NULL && source_read(&s, 0, to, (size_t)s.size, &e));
	buf_commit(out, (size_t)s.size);
	return true;
}

static struct mime_part *
read_message(struct arena *a, struct str in, size_t cut)
{
	struct mime_part *root;
	struct mime m;
	struct err e;

	mime_init(&m, a);
	mime_feed(&m, str_first(in, cut));
	mime_feed(&m, str_from(in, cut));
	must(mime_finish(&m, &root, &e));
	mime_release(&m);
	return root;
}

/* No line of what is written is longer than RFC 5322 2.1.1 allows. */
static void
check_lines(struct str in)
{
	size_t n;

	for (; in.n > 0; in = str_from(in, n + 1)) {
		n = str_chr(in, '\n');
		must(n <= HEAD_LINE_MAX + 1);
		must(n == in.n || (n > 0 && in.p[n - 1] == '\r'));
	}
}

/* The header */

static struct str
value_of(struct arena *a, struct str raw, bool decode)
{
	struct buf flat, text;
	struct str out;

	buf_init(&flat, LIMIT);
	buf_init(&text, LIMIT);
	head_unfold(&flat, raw);
	if (decode)
		word_decode(&text, buf_view(&flat));
	out = arena_str(a, decode ? buf_view(&text) : buf_view(&flat));
	buf_release(&flat);
	buf_release(&text);
	return out;
}

static void
same_text(struct arena *a, const struct head *h, struct str name,
    struct str want)
{
	const struct head_field *f = head_find(h->first, name);

	if (want.n == 0)
		must(f == NULL);
	else /* blanks at its ends are none of a field's text */
		must(f != NULL &&
		    str_eq(str_trim(value_of(a, f->value, true)),
			str_trim(want)));
}

static struct str
decoded(struct arena *a, struct str name)
{
	struct buf text;
	struct str out;

	buf_init(&text, LIMIT);
	word_decode(&text, name);
	out = arena_str(a, buf_view(&text));
	buf_release(&text);
	return out;
}

static void
same_addresses(struct arena *a, const struct head *h, struct str name,
    const struct addr *want)
{
	const struct head_field *f = head_find(h->first, name);
	struct addr *got;
	struct err e;

	must((f != NULL) == (want != NULL));
	if (f == NULL)
		return;
	must(addr_parse_list(a, value_of(a, f->value, false), false, &got, &e));
	for (; got != NULL && want != NULL; got = got->next, want = want->next)
		must(addr_same(got, want) &&
		    str_eq(decoded(a, got->name), decoded(a, want->name)));
	must(got == NULL && want == NULL);
}

static void
compare_header(struct arena *a, const struct message *m, const struct head *h)
{
	must(h->n ==
	    4U + (m->from != NULL) + (m->reply_to != NULL) + (m->to != NULL) +
		(m->cc != NULL) + (m->subject.n > 0) +
		(m->importance != MESSAGE_NORMAL) +
		(m->from != NULL) * 2U * m->read_receipt +
		(m->n_fields > 0 && m->field[0].value.n > 0) +
		(head_find(h->first, STR("Content-Transfer-Encoding")) !=
		    NULL));
	same_addresses(a, h, STR("From"), m->from);
	same_addresses(a, h, STR("To"), m->to);
	same_addresses(a, h, STR("Cc"), m->cc);
	same_addresses(a, h, STR("Reply-To"), m->reply_to);
	same_text(a, h, STR("Subject"), m->subject);
	same_text(a, h, STR("Message-ID"), m->message_id);
	if (m->n_fields > 0)
		same_text(a, h, m->field[0].name, m->field[0].value);
}

/* The bodies */

/* Text as it is read: lines end in CRLF, where it went as it is. */
static void
same_body(struct str in, const struct mime_part *p, struct str want)
{
	struct str got = { in.p + p->body, (size_t)(p->end - p->body) };
	struct buf plain;
	struct err e;
	size_t i, k;

	if (p->encoding == MIME_BASE64) {
		buf_init(&plain, LIMIT);
		must(unbase64_whole(&plain, got, &e));
		must(str_eq(buf_view(&plain), want));
		buf_release(&plain);
		return;
	}
	must(p->encoding == MIME_IDENTITY && !p->eight_bit && !p->long_line);
	for (i = k = 0; i < want.n; i++, k++) {
		if (want.p[i] == '\n' && (i == 0 || want.p[i - 1] != '\r'))
			must(k < got.n && got.p[k++] == '\r');
		must(k < got.n && got.p[k] == want.p[i]);
	}
	/* a message is lines: the last one of a text alone gets its end */
	must(k == got.n ||
	    (p->parent == NULL && str_eq(str_from(got, k), STR("\r\n"))));
}

static const struct mime_part *
same_part(const struct mime_part *p, const char *type,
    const struct mime_part *parent)
{
	must(p != NULL && p->parent == parent && str_eq(p->type, str_of(type)));
	return p;
}

static const struct mime_part *
same_files(struct str in, const struct message *m, const struct mime_part *p,
    const struct mime_part *parent, bool inlined)
{
	const struct message_file *f = m->file;
	struct str type;

	for (; f < m->file + m->n_files; f++) {
		if ((f->cid.p != NULL) != inlined)
			continue;
		must(p != NULL && p->parent == parent && p->child == NULL);
		type = str_trim(str_first(f->type, str_chr(f->type, ';')));
		must(str_ieq(p->type, type));
		must(str_eq(p->disposition,
		    inlined ? STR("inline") : STR("attachment")));
		must(str_eq(p->name, f->name));
		must(str_eq(p->cid, f->cid));
		same_body(in, p, f->content.bytes);
		p = p->next;
	}
	must(p == NULL);
	return parent;
}

static void
same_html(struct str in, const struct message *m, const struct mime_part *p,
    const struct mime_part *parent, bool inlined)
{
	if (!inlined) {
		same_body(in, same_part(p, "text/html", parent), m->html);
		return;
	}
	parent = same_part(p, "multipart/related", parent);
	p = same_part(p->child, "text/html", parent);
	same_body(in, p, m->html);
	same_files(in, m, p->next, parent, true);
}

static void
compare_tree(struct str in, const struct message *m, const struct mime_part *p)
{
	const struct mime_part *parent = NULL;
	size_t inlined = 0;

	for (size_t i = 0; i < m->n_files; i++)
		inlined += m->file[i].cid.p != NULL;
	if (m->n_files > inlined) {
		parent = same_part(p, "multipart/mixed", NULL);
		p = p->child;
		must(p != NULL);
		same_files(in, m, p->next, parent, false);
	} else {
		must(p->next == NULL);
	}
	if (m->html.p != NULL && m->text.p != NULL) {
		parent = same_part(p, "multipart/alternative", parent);
		p = same_part(p->child, "text/plain", parent);
		same_body(in, p, m->text);
		p = p->next;
		must(p != NULL && p->next == NULL);
	}
	if (m->html.p != NULL)
		same_html(in, m, p, parent, inlined > 0);
	else
		same_body(in, same_part(p, "text/plain", parent), m->text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct message m;
	struct buf out;
	struct arena a;
	struct err e;
	struct str text;

	arena_init(&a, LIMIT);
	buf_init(&out, LIMIT);
	make(&a, in, &m);
	if (message_check(&m, &e) && write_message(&a, &m, &out)) {
		text = buf_view(&out);
		check_lines(text);
		compare_tree(text, &m, read_message(&a, text, 0));
		compare_header(&a, &m,
		    &read_message(&a, text, n % text.n)->head);
	}
	buf_release(&out);
	arena_release(&a);
	return 0;
}
