/* SPDX-License-Identifier: MIT */
#include "smtp/dot.h"

enum { OTHER, CR, LF, POINT };
enum {
	BOL,     /* behind CRLF, or at the very beginning */
	FRESH,   /* behind a lone LF: a line, but a dot is text there */
	TEXT,    /* within a line */
	SEEN_CR, /* a line end, if an LF follows; else see step() */
	LEAD,    /* the dot that transparency takes off */
	LEAD_CR,
	END
};

static const unsigned char class_of[256] = {
	['\r'] = CR,
	['\n'] = LF,
	['.'] = POINT,
};

/* clang-format off */
static const unsigned char next[][4] = {
	/*		other	CR	 LF	dot  */
	[BOL]	    = {	TEXT,	SEEN_CR, FRESH,	LEAD },
	[FRESH]	    = {	TEXT,	SEEN_CR, FRESH,	TEXT },
	[TEXT]	    = {	TEXT,	SEEN_CR, FRESH,	TEXT },
	[SEEN_CR]   = {	TEXT,	SEEN_CR, BOL,	TEXT },
	[LEAD]	    = {	TEXT,	LEAD_CR, FRESH,	TEXT },
	[LEAD_CR]   = {	TEXT,	SEEN_CR, END,	TEXT },
};
/* clang-format on */

void
dot_init(struct dot *d, enum dot_mode mode)
{
	*d = (struct dot){ .mode = mode, .empty = true };
}

/* The table, and what the modes change of it. */
static int
successor(const struct dot *d, int class)
{
	int to = next[d->state][class];

	if (d->mode == DOT_NONE && to == LEAD)
		return TEXT;
	if (d->mode == DOT_LF && class == LF && to == FRESH)
		return d->state == LEAD ? END : BOL;
	return to;
}

/* A CR without its LF, or an LF without its CR. */
static bool
is_bare(const struct dot *d, int class, int to)
{
	bool after_cr = d->state == SEEN_CR || d->state == LEAD_CR;

	return after_cr ? class != LF : class == LF && to == FRESH;
}

/* The bytes that need no look: up to the next line end. */
static void
take_text(struct str *in, struct buf *out)
{
	size_t n = 0;

	while (n < in->n && in->p[n] != '\r' && in->p[n] != '\n')
		n++;
	buf_adds(out, str_first(*in, n));
	*in = str_from(*in, n);
}

static void
step(struct dot *d, char c, struct buf *out)
{
	int class = class_of[(unsigned char)c];
	int to = successor(d, class);
	bool after_cr = d->state == SEEN_CR || d->state == LEAD_CR;

	d->bare = d->bare || is_bare(d, class, to);
	if (to == BOL || to == FRESH) {
		d->in_body = d->in_body || d->empty;
		d->empty = true;
		buf_add(out, "\r\n", 2);
	} else if (after_cr && to == TEXT) {
		/* in a header it must not begin a field */
		buf_adds(out, d->in_body ? STR("\r\n") : STR(" "));
	}
	if (to == TEXT) {
		d->empty = false;
		buf_addc(out, c);
	}
	d->state = to;
}

enum parse
dot_feed(struct dot *d, struct str *in, struct buf *out)
{
	while (in->n > 0 && d->state != END) {
		if (d->state == TEXT)
			take_text(in, out);
		if (in->n == 0)
			break;
		step(d, in->p[0], out);
		*in = str_from(*in, 1);
	}
	return d->state == END ? PARSE_DONE : PARSE_MORE;
}

void
dot_finish(struct dot *d, struct buf *out)
{
	if (d->state == SEEN_CR)
		d->bare = true;
	if (d->state == TEXT || d->state == SEEN_CR)
		buf_add(out, "\r\n", 2);
	d->state = END;
}
