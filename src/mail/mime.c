/* SPDX-License-Identifier: MIT */
#include "mail/mime.h"

#include <string.h>

#include "mail/value.h"

static const struct {
	struct str name;
	enum mime_encoding encoding;
} encodings[] = {
	{ STR_INIT("7bit"), MIME_IDENTITY },
	{ STR_INIT("8bit"), MIME_IDENTITY },
	{ STR_INIT("binary"), MIME_IDENTITY },
	{ STR_INIT("quoted-printable"), MIME_QP },
	{ STR_INIT("base64"), MIME_BASE64 },
};

/* What may not be taken apart without breaking it. */
static const struct str seals[] = {
	STR_INIT("multipart/signed"),
	STR_INIT("multipart/encrypted"),
	STR_INIT("application/pkcs7-mime"),
	STR_INIT("application/x-pkcs7-mime"),
	STR_INIT("application/pgp-encrypted"),
};

void
mime_init(struct mime *m, struct arena *a)
{
	*m = (struct mime){ .arena = a };
	buf_init(&m->header, MIME_HEAD_MAX);
}

void
mime_release(struct mime *m)
{
	buf_release(&m->header);
}

static void
begin_part(struct mime *m, struct mime_part *parent, uint64_t delimiter)
{
	struct mime_part *p = arena_alloc(m->arena, sizeof(*p)), **tail;

	m->in_head = true;
	m->line_at = 0;
	buf_reset(&m->header);
	if (p == NULL || ++m->parts > MIME_PARTS) {
		m->too_many = true;
		return;
	}
	p->parent = parent;
	p->delimiter = delimiter;
	p->start = p->body = p->end = m->at;
	tail = parent != NULL ? &parent->child : &m->root;
	if (parent != NULL && parent->last != NULL)
		tail = &parent->last->next;
	if (parent != NULL)
		parent->last = p;
	*tail = p;
	m->now = p;
}

/* p NULL: there is no such field. */
static struct str
field_text(struct arena *a, const struct head *h, struct str name)
{
	const struct head_field *f = head_find(h->first, name);

	return f != NULL ? value_read(a, f->value, STR("")).text :
			   (struct str){ 0 };
}

/* "8bits", "8-bit" and "quotedprintable" are seen in mail. */
static bool
is_nearly(struct str word, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (!ascii_is_alpha(word.p[i]) && !ascii_is_digit(word.p[i]))
			continue;
		if (n < name.n && name.p[n] == '-')
			n++;
		if (n == name.n)
			return i + 1 == word.n && ascii_lower(word.p[i]) == 's';
		if (ascii_lower(word.p[i]) != name.p[n++])
			return false;
	}
	return n == name.n;
}

static void
set_encoding(struct mime_part *p, struct str value)
{
	struct str word = str_first(value, str_chr(value, ';'));

	word = str_trim(str_first(word, str_chr(word, '(')));
	p->encoding = word.n == 0 ? MIME_IDENTITY : MIME_UNKNOWN;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++)
		if (is_nearly(word, encodings[i].name)) {
			p->encoding = encodings[i].encoding;
			p->misnamed = !str_ieq(word, encodings[i].name);
		}
}

static bool
is_seal(const struct mime_part *p)
{
	for (size_t i = 0; i < sizeof(seals) / sizeof(*seals); i++)
		if (str_eq(seals[i], p->type))
			return true;
	return p->parent != NULL && p->parent->sealed;
}

static struct str
default_type(const struct mime_part *p)
{
	/* RFC 2046 5.1.5 */
	if (p->parent != NULL &&
	    str_eq(p->parent->type, STR("multipart/digest")))
		return STR("message/rfc822");
	return STR("text/plain"); /* RFC 2045 5.2 */
}

static struct str
without_brackets(struct str id)
{
	id = str_trim(id);
	if (str_starts(id, STR("<")) && str_ends(id, STR(">")))
		id = (struct str){ id.p + 1, id.n - 2 };
	return id;
}

/* f: of p's header; NULL: there is none. */
static void
describe_type(struct mime_part *p, struct arena *a, const struct head_field *f)
{
	struct str value = { 0 };

	if (f != NULL)
		value = value_read(a, f->value, STR("")).text;
	param_parse(a, value, &p->type, &p->param);
	if (str_chr(p->type, '/') == p->type.n)
		p->type = default_type(p);
	if (p->name.p == NULL)
		p->name = param_find(p->param, STR("name"));
	p->type_field = f;
	p->sealed = is_seal(p);
}

/* What the header says of its part. */
static void
describe(struct mime_part *p, struct arena *a)
{
	struct param *of_disposition;
	struct str value;

	value = field_text(a, &p->head, STR("Content-Disposition"));
	param_parse(a, value, &p->disposition, &of_disposition);
	if (value.p == NULL)
		p->disposition = (struct str){ 0 };
	p->name = param_find(of_disposition, STR("filename"));
	describe_type(p, a, head_find(p->head.first, STR("Content-Type")));
	value = field_text(a, &p->head, STR("Content-ID"));
	p->cid = without_brackets(value);
	set_encoding(p,
	    field_text(a, &p->head, STR("Content-Transfer-Encoding")));
}

/* t: p, or what another Content-Type of p would make it. */
static void
open_multipart(struct mime *m, struct mime_part *p, const struct mime_part *t)
{
	struct str boundary = param_find(t->param, STR("boundary"));

	if (!mime_is_multipart(t) || m->depth == MIME_DEPTH ||
	    boundary.n == 0 || boundary.n > MIME_BOUNDARY_MAX)
		return; /* then it is a leaf */
	m->open[m->depth] = p;
	m->of[m->depth] = t->type_field;
	m->boundary[m->depth++] = boundary;
}

/*
 * One Content-Type is the rule. Of several the body shows which fits: each
 * boundary is waited for, and the first that comes decides.
 */
static void
open_multiparts(struct mime *m, struct mime_part *p)
{
	struct mime_part other = { .parent = p->parent };
	struct head_field *f = p->head.first;

	open_multipart(m, p, p);
	while ((f = head_find(f, STR("Content-Type"))) != NULL) {
		if (f != p->type_field) {
			describe_type(&other, m->arena, f);
			open_multipart(m, p, &other);
		}
		f = f->next;
	}
}

/* No boundary came: a Content-Type that is no multipart fits better. */
static void
choose_leaf(struct mime *m, struct mime_part *p)
{
	struct mime_part other = { .parent = p->parent };
	struct head_field *f = p->head.first;

	if (p->child != NULL || !mime_is_multipart(p))
		return;
	while ((f = head_find(f, STR("Content-Type"))) != NULL) {
		describe_type(&other, m->arena, f);
		if (!mime_is_multipart(&other)) {
			describe_type(p, m->arena, f);
			return;
		}
		f = f->next;
	}
}

static unsigned
nesting(const struct mime_part *p)
{
	unsigned n = 0;

	for (; p != NULL; p = p->parent)
		n++;
	return n;
}

/* The header of the present part is complete; its body begins at `body`. */
static void
end_head(struct mime *m, uint64_t body)
{
	struct mime_part *p = m->now;
	struct err ignored;

	m->in_head = false;
	m->line_start = body;
	if (p == NULL || m->too_many || m->header.full)
		return;
	m->arena->no_memory = m->arena->no_memory || m->header.no_memory;
	p->text =
	    arena_str(m->arena, str_first(buf_view(&m->header), m->line_at));
	p->body = p->end = body;
	if (!head_scan(m->arena, p->text, &p->head, &ignored))
		return; /* the arena has latched */
	describe(p, m->arena);
	open_multiparts(m, p);
	if (str_eq(p->type, STR("message/rfc822")) &&
	    p->encoding == MIME_IDENTITY && nesting(p) < MIME_DEPTH)
		begin_part(m, p, body);
}

/*
 * Parts from p upwards, up to but without `outer`, end here. The empty line
 * behind a header may be the line end that belongs to the next boundary: then
 * the body begins, and ends, before it.
 */
static void
end_parts(struct mime *m, const struct mime_part *outer, uint64_t end)
{
	for (struct mime_part *p = m->now; p != NULL && p != outer;
	     p = p->parent) {
		choose_leaf(m, p);
		p->end = end;
		p->body = p->body < end ? p->body : end;
		p->start = p->start < p->body ? p->start : p->body;
	}
}

/* Where the line end before this line, which is a boundary, begins. */
static uint64_t
delimiter_at(const struct mime *m, const struct mime_part *of)
{
	uint64_t at = m->line_start - m->eol;
	uint64_t least = m->now != of ? m->now->start : of->body;

	return at > least ? at : least;
}

/*
 * A line that begins with "--": a boundary of one of the open multiparts,
 * the innermost first? RFC 2046 5.1.2: an outer one ends all inside it.
 */
static bool
take_boundary(struct mime *m, struct str line)
{
	struct mime_part *of;
	struct str rest;
	uint64_t end;
	bool closes;

	line = str_trim(line);
	for (unsigned d = m->depth; d-- > 0;) {
		rest = str_from(line, 2);
		if (!str_starts(rest, m->boundary[d]))
			continue;
		rest = str_from(rest, m->boundary[d].n);
		closes = str_eq(rest, STR("--"));
		if (rest.n > 0 && !closes)
			continue;
		of = m->open[d];
		end = delimiter_at(m, of);
		while (m->in_head) /* and of the empty message in it */
			end_head(m, end);
		end_parts(m, of, end);
		if (of->child == NULL && of->type_field != m->of[d])
			describe_type(of, m->arena, m->of[d]);
		m->depth = closes ? d : d + 1;
		m->now = of;
		m->in_head = false;
		if (!closes)
			begin_part(m, of, end);
		return true;
	}
	return false;
}

/* A line has ended at m->at; crlf: with two bytes. */
static void
line_ended(struct mime *m, bool crlf)
{
	m->eol = crlf ? 2 : 1;
	m->line_start = m->at;
	m->line_n = 0;
}

/* Has a byte that is not ASCII, or a NUL. */
static bool
has_odd_byte(struct str s)
{
	uint64_t word, high = 0x8080808080808080U, low = high >> 7;
	uint64_t odd = 0;

	for (; s.n >= sizeof(word); s = str_from(s, sizeof(word))) {
		memcpy(&word, s.p, sizeof(word));
		odd |= (word | ((word - low) & ~word)) & high;
	}
	for (; s.n > 0; s = str_from(s, 1))
		odd |= *s.p == '\0' || (unsigned char)*s.p >= 0x80;
	return odd != 0;
}

/*
 * Notes what a transport could not carry of this piece of a line, which has
 * line_n bytes up to the end of the piece.
 */
static void
inspect(struct mime *m, struct str piece, uint64_t line_n)
{
	struct mime_part *p = m->now;

	if (p == NULL || p->child != NULL || p->encoding == MIME_BASE64)
		return;
	p->eight_bit = p->eight_bit || has_odd_byte(piece);
	p->long_line = p->long_line || line_n > HEAD_LINE_MAX + 2;
}

/* Decides what a whole line of a header is. */
static void
header_line(struct mime *m, struct str line)
{
	bool first = m->line_at == 0;

	if (str_starts(line, STR("--")) && take_boundary(m, line))
		return;
	if (head_is_end(line)) {
		m->line_at = m->header.n;
		end_head(m, m->at);
	} else if (head_is_line(line, first)) {
		m->line_at = m->header.n;
	} else {
		end_head(m, m->line_start); /* the body began without */
		inspect(m, line, line.n);
	}
}

/* Takes one line, or what there is of it, of a header. */
static void
feed_head(struct mime *m, struct str *in)
{
	size_t n = str_chr(*in, '\n');
	struct str piece = str_first(*in, n < in->n ? n + 1 : n), line;
	bool crlf;

	buf_adds(&m->header, piece);
	m->at += piece.n;
	*in = str_from(*in, piece.n);
	if (m->header.full || m->header.no_memory)
		return;
	line = str_from(buf_view(&m->header), m->line_at);
	if (!str_ends(line, STR("\n")))
		return;
	crlf = str_ends(line, STR("\r\n"));
	header_line(m, line);
	line_ended(m, crlf);
}

/* The first line that begins with a dash; in is at the beginning of one. */
static size_t
dash_line(struct str in)
{
	size_t n = str_chr(in, '-');

	while (n > 0 && n < in.n && in.p[n - 1] != '\n')
		n += 1 + str_chr(str_from(in, n + 1), '-');
	return n;
}

/*
 * Takes whole lines in one go that are no boundary, of a body of which nothing
 * else is to be known: most of a file. False: none.
 */
static bool
feed_base64(struct mime *m, struct str *in)
{
	size_t n;

	if (m->line_n > 0 || m->now == NULL || m->now->child != NULL ||
	    m->now->encoding != MIME_BASE64)
		return false;
	for (n = dash_line(*in); n > 0 && in->p[n - 1] != '\n'; n--)
		continue;
	if (n < 2)
		return false;
	m->at += n;
	m->last = '\n';
	line_ended(m, in->p[n - 2] == '\r');
	*in = str_from(*in, n);
	return true;
}

/* Takes one line, or what there is of it, of a body. */
static void
feed_body(struct mime *m, struct str *in)
{
	size_t n = str_chr(*in, '\n'), keep;
	bool whole = n < in->n, crlf;
	struct str piece = str_first(*in, whole ? n + 1 : n);

	/* only a line that may be a boundary is looked at */
	if (m->depth > 0 && m->line_n < MIME_LINE_KEEP &&
	    (m->line_n > 0 ? m->line[0] : piece.p[0]) == '-') {
		keep = MIME_LINE_KEEP - m->line_n;
		keep = keep < piece.n ? keep : piece.n;
		memcpy(m->line + m->line_n, piece.p, keep);
		m->line_n += keep;
	} else if (m->line_n == 0) {
		m->line[0] = '\0';
		m->line_n = 1; /* seen, and no boundary */
	}
	inspect(m, piece, m->at + piece.n - m->line_start);
	crlf = (piece.n > 1 ? piece.p[piece.n - 2] : m->last) == '\r';
	m->at += piece.n;
	m->last = piece.p[piece.n - 1];
	*in = str_from(*in, piece.n);
	if (!whole)
		return;
	if (m->line_n > 2 && m->line[0] == '-' && m->line[1] == '-')
		(void)take_boundary(m, (struct str){ m->line, m->line_n });
	line_ended(m, crlf);
}

void
mime_feed(struct mime *m, struct str in)
{
	if (m->root == NULL && !m->too_many)
		begin_part(m, NULL, 0);
	while (in.n > 0 && !m->too_many && !m->header.full &&
	    !m->header.no_memory) {
		if (m->in_head)
			feed_head(m, &in);
		else if (!feed_base64(m, &in))
			feed_body(m, &in);
	}
}

/* The last line may lack its end. */
static void
end_last_line(struct mime *m)
{
	struct str line = { m->line, m->line_n };

	if (m->in_head) {
		line = str_from(buf_view(&m->header), m->line_at);
		if (line.n > 0)
			header_line(m, line);
		if (m->in_head)
			end_head(m, m->at);
	} else if (line.n > 2 && str_starts(line, STR("--"))) {
		(void)take_boundary(m, line);
	}
}

bool
mime_finish(struct mime *m, struct mime_part **root, struct err *e)
{
	mime_feed(m, STR(""));
	if (!m->too_many && !m->header.full && !m->header.no_memory)
		end_last_line(m);
	while (m->in_head && !m->too_many && m->now != NULL &&
	    !m->header.full && m->arena->no_memory == false)
		end_head(m, m->at);
	if (m->header.full)
		return err_set(e, ERR_INPUT,
		    "a message header of more than %d bytes", MIME_HEAD_MAX);
	if (m->header.no_memory)
		return err_set(e, ERR_RETRY, "out of memory");
	if (!arena_ok(m->arena, e))
		return err_wrap(e, "message structure");
	if (m->too_many)
		return err_set(e, ERR_INPUT, "a message of more than %d parts",
		    MIME_PARTS);
	end_parts(m, NULL, m->at);
	*root = m->root;
	return true;
}

struct mime_part *
mime_after(const struct mime_part *p)
{
	while (p != NULL && p->next == NULL)
		p = p->parent;
	return p != NULL ? p->next : NULL;
}

struct mime_part *
mime_next(const struct mime_part *p)
{
	return p->child != NULL ? p->child : mime_after(p);
}

struct str
mime_charset(const struct mime_part *root)
{
	struct str charset = { 0 };

	for (; root != NULL && charset.n == 0; root = mime_next(root))
		if (root->child == NULL && str_starts(root->type, STR("text/")))
			charset = param_find(root->param, STR("charset"));
	return charset;
}
