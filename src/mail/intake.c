/* SPDX-License-Identifier: MIT */
#include "mail/intake.h"

enum { OTHER, CR, LF, DOT };
enum {
	MARK, /* the first bytes: perhaps a byte order mark */
	BOL,  /* at the beginning of a line */
	TEXT,
	SEEN_CR, /* a line end, if an LF follows; else see lone_cr */
	LEAD,    /* "." at the beginning of a line */
	LEAD_CR,
	END
};

static const unsigned char class_of[256] = {
	['\r'] = CR,
	['\n'] = LF,
	['.'] = DOT,
};

/* clang-format off */
static const unsigned char next[][4] = {
	/*		other	CR	 LF	DOT  */
	[BOL]	    = {	TEXT,	SEEN_CR, BOL,	LEAD },
	[TEXT]	    = {	TEXT,	SEEN_CR, BOL,	TEXT },
	[SEEN_CR]   = {	TEXT,	SEEN_CR, BOL,	LEAD },
	[LEAD]	    = {	TEXT,	LEAD_CR, END,	TEXT },
	[LEAD_CR]   = {	TEXT,	LEAD_CR, END,	LEAD },
};
/* clang-format on */

static const char byte_order_mark[] = "\xef\xbb\xbf";

void
intake_init(struct intake *i, bool dot_ends)
{
	*i = (struct intake){ .dot_ends = dot_ends,
		.state = MARK,
		.empty = true };
}

/* Takes the byte order mark, whole or in pieces, off the very beginning. */
static void
skip_mark(struct intake *i, struct str *in, struct buf *out)
{
	while (
	    i->mark < 3 && in->n > 0 && in->p[0] == byte_order_mark[i->mark]) {
		*in = str_from(*in, 1);
		i->mark++;
	}
	if (i->mark < 3 && in->n == 0)
		return; /* not known yet */
	i->state = BOL;
	if (i->mark > 0 && i->mark < 3) {
		buf_add(out, byte_order_mark, i->mark);
		i->state = TEXT;
	}
}

/* The plain bytes up to the next line end, in one go. */
static void
take_text(struct str *in, struct buf *out)
{
	size_t n = 0;

	while (n < in->n && in->p[n] != '\r' && in->p[n] != '\n')
		n++;
	buf_adds(out, str_first(*in, n));
	*in = str_from(*in, n);
}

/*
 * A CR that ends no line of the header must not begin one: who may write a
 * subject would add recipients. Before the first LF it is kept: perhaps there
 * is none, and CRs are all that ends lines.
 */
static void
lone_cr(struct intake *i, struct buf *out)
{
	if (i->in_body)
		buf_addz(out, "\r\n");
	else
		buf_addc(out, i->seen_lf ? ' ' : '\r');
	i->kept = i->kept || !i->seen_lf;
}

/* What a step from one state to another puts out, c excepted. */
static void
step(struct intake *i, int to, struct buf *out)
{
	bool after_cr = i->state == SEEN_CR || i->state == LEAD_CR;

	if (to == END || to == LEAD_CR)
		return;
	if (to == SEEN_CR && after_cr && i->seen_lf)
		return; /* perhaps CR CR LF */
	if (i->state == LEAD || i->state == LEAD_CR)
		buf_addc(out, '.');
	if (to == BOL) {
		i->in_body = i->in_body || i->empty;
		i->empty = true;
		buf_addz(out, "\r\n");
	} else if (after_cr) {
		lone_cr(i, out);
	}
	if (to == TEXT || to == LEAD)
		i->empty = false;
}

/* The table, and what a header changes of it. */
static int
successor(const struct intake *i, char c)
{
	int to = next[i->state][class_of[(unsigned char)c]];
	bool after_cr = i->state == SEEN_CR || i->state == LEAD_CR;

	/* a dot leads a line only */
	if (to == LEAD && (!i->dot_ends || (after_cr && !i->in_body)))
		return TEXT;
	if (to == LEAD_CR && after_cr && !i->seen_lf)
		return SEEN_CR;
	return to;
}

enum parse
intake_feed(struct intake *i, struct str *in, struct buf *out)
{
	int to;

	if (i->state == MARK)
		skip_mark(i, in, out);
	while (in->n > 0 && i->state != END) {
		if (i->state == TEXT)
			take_text(in, out);
		if (in->n == 0)
			break;
		i->seen_lf = i->seen_lf || in->p[0] == '\n';
		to = successor(i, in->p[0]);
		step(i, to, out);
		if (to == TEXT)
			buf_addc(out, in->p[0]);
		i->state = to;
		*in = str_from(*in, 1);
	}
	return i->state == END ? PARSE_DONE : PARSE_MORE;
}

void
intake_settle(struct intake *i, struct str in, struct buf *out)
{
	for (size_t at = 0; at < in.n; at++) {
		if (i->held && i->seen_lf && in.p[at] == '\r')
			continue;
		if (i->held && (in.p[at] == '\n' || !i->seen_lf))
			buf_addz(out, "\r\n");
		else if (i->held)
			buf_addc(out, ' ');
		i->held = in.p[at] == '\r';
		if (in.p[at] != '\r' && in.p[at] != '\n')
			buf_addc(out, in.p[at]);
	}
}

void
intake_finish(struct intake *i, struct buf *out)
{
	if (i->state == MARK)
		buf_add(out, byte_order_mark, i->mark);
	if (i->state == TEXT || i->state == SEEN_CR)
		buf_addz(out, "\r\n");
	/* a dot at the very end ends the message, as a line would */
	i->state = END;
}
