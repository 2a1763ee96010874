/* SPDX-License-Identifier: MIT */
#include "mail/intake.h"

#include <stdint.h>
#include <string.h>

enum { OTHER, CR, LF, DOT };
enum {
	MARK,    /* the first bytes: perhaps a byte order mark */
	BOL,     /* at the beginning of a line */
	FRESH,   /* behind a lone LF: a line, but a dot is text there */
	TEXT,    /* within a line */
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
	/*		other	CR	 LF	dot  */
	[BOL]	    = {	TEXT,	SEEN_CR, FRESH,	LEAD },
	[FRESH]	    = {	TEXT,	SEEN_CR, FRESH,	TEXT },
	[TEXT]	    = {	TEXT,	SEEN_CR, FRESH,	TEXT },
	[SEEN_CR]   = {	TEXT,	SEEN_CR, BOL,	TEXT },
	[LEAD]	    = {	TEXT,	LEAD_CR, FRESH,	TEXT },
	[LEAD_CR]   = {	TEXT,	SEEN_CR, END,	TEXT },
};

/* What the modes change of it. */
static const struct {
	bool program;	/* see the header */
	bool lf_ends;	/* a line, as CRLF does */
	bool dot_ends;	/* a line that is only a dot ends the message */
	bool stuffed;	/* a leading dot is taken off */
} modes[] = {
	[INTAKE_PROGRAM]     = { true,	true,	false,	false },
	[INTAKE_PROGRAM_DOT] = { true,	true,	true,	false },
	[INTAKE_SMTP]	     = { false, false,	true,	true },
	[INTAKE_SMTP_LF]     = { false,	true,	true,	true },
	[INTAKE_CHUNKS]	     = { false,	false,	false,	false },
};
/* clang-format on */

static const char byte_order_mark[] = "\xef\xbb\xbf";

void
intake_init(struct intake *i, enum intake_mode mode)
{
	*i = (struct intake){ .mode = mode,
		.state = modes[mode].program ? MARK : BOL,
		.empty = true };
}

/* Takes the byte order mark, whole or in pieces, off the very beginning. */
static void
intake_skip_mark(struct intake *i, struct str *in, struct buf *out)
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
		i->empty = false;
	}
}

/* Is one of eight bytes a CR or LF? Or a tab, say: that is looked at, then. */
static bool
intake_has_end(uint64_t v)
{
	const uint64_t each = UINT64_MAX / 0xff;

	return ((v - each * ('\r' + 1)) & ~v & each * 0x80) != 0;
}

/* Copies the plain bytes before a CR or LF: how many there are. */
static size_t
intake_copy_plain(char *to, struct str in)
{
	size_t n = 0, k;
	uint64_t v;

	do {
		for (; in.n - n >= sizeof(v); n += sizeof(v)) {
			memcpy(&v, in.p + n, sizeof(v));
			if (intake_has_end(v))
				break;
			memcpy(to + n, &v, sizeof(v));
		}
		for (k = 0; k < sizeof(v) && n < in.n; k++, n++) {
			if (in.p[n] == '\r' || in.p[n] == '\n')
				return n;
			to[n] = in.p[n];
		}
	} while (n < in.n);
	return n;
}

/* How many bytes the line end has that in begins with; 0: it is none, yet. */
static size_t
intake_line_end(const struct intake *i, struct str in)
{
	if (in.n > 1 && in.p[0] == '\r' && in.p[1] == '\n')
		return 2;
	return modes[i->mode].lf_ends && in.n > 0 && in.p[0] == '\n';
}

/*
 * Lines in one go that begin with no dot, and then what there is of another:
 * most of a mail. What is left goes step by step; without room, all of it.
 */
static void
intake_take_lines(struct intake *i, struct str *in, struct buf *out)
{
	size_t n, end;
	char *to;

	while (in->n > 0 &&
	    (i->state == TEXT || class_of[(unsigned char)*in->p] == OTHER)) {
		to = buf_room(out, in->n + 2);
		if (to == NULL)
			return;
		n = intake_copy_plain(to, *in);
		end = intake_line_end(i, str_from(*in, n));
		memcpy(to + n, "\r\n", 2);
		buf_commit(out, end > 0 ? n + 2 : n);
		*in = str_from(*in, n + end);
		i->seen_lf = i->seen_lf || end > 0;
		i->empty = end > 0;
		i->state = end > 0 ? BOL : TEXT;
		if (end == 0)
			return;
	}
}

static bool
intake_is_after_cr(const struct intake *i)
{
	return i->state == SEEN_CR || i->state == LEAD_CR;
}

/*
 * A CR that ends no line of the header must not begin one: who may write a
 * subject would add recipients. Before a program's first LF it is kept:
 * perhaps there is none, and CRs are all that ends lines.
 */
static void
intake_lone_cr(struct intake *i, struct buf *out)
{
	bool keep = modes[i->mode].program && !i->seen_lf;

	if (i->in_body)
		buf_add(out, "\r\n", 2);
	else
		buf_addc(out, keep ? '\r' : ' ');
	i->kept = i->kept || keep;
}

/* The table, and what the modes change of it. */
static int
intake_successor(const struct intake *i, int class)
{
	int to = next[i->state][class];
	bool after_cr = intake_is_after_cr(i);

	if (modes[i->mode].lf_ends && class == LF && to == FRESH)
		to = i->state == LEAD ? END : BOL;
	if (modes[i->mode].program) {
		/* a lone CR may have ended a line */
		if (after_cr && i->in_body && class == DOT)
			to = LEAD;
		/* any number of CRs before the LF */
		if (i->state == LEAD_CR && class == CR && i->seen_lf)
			to = LEAD_CR;
	}
	return to == LEAD && !modes[i->mode].dot_ends ? TEXT : to;
}

/* A CR without its LF, or an LF without its CR. */
static bool
intake_is_bare(const struct intake *i, int class, int to)
{
	return intake_is_after_cr(i) ? class != LF : class == LF && to == FRESH;
}

/* What a step from one state to another puts out. */
static void
intake_step(struct intake *i, char c, int to, struct buf *out)
{
	bool after_cr = intake_is_after_cr(i);
	bool stuffed = modes[i->mode].stuffed;

	if (to == END || to == LEAD_CR)
		return;
	if (to == SEEN_CR && after_cr &&
	    (i->seen_lf || !modes[i->mode].program))
		return; /* perhaps CR CR LF */
	if ((i->state == LEAD || i->state == LEAD_CR) && !stuffed)
		buf_addc(out, '.');
	if (to == BOL || to == FRESH) {
		i->in_body = i->in_body || i->empty;
		i->empty = true;
		buf_add(out, "\r\n", 2);
	} else if (after_cr) {
		intake_lone_cr(i, out);
	}
	if (to == TEXT || (to == LEAD && !stuffed))
		i->empty = false;
	if (to == TEXT)
		buf_addc(out, c);
}

enum parse
intake_feed(struct intake *i, struct str *in, struct buf *out)
{
	int to, class;

	if (i->state == MARK)
		intake_skip_mark(i, in, out);
	while (in->n > 0 && i->state != END) {
		if (i->state >= BOL && i->state <= TEXT)
			intake_take_lines(i, in, out);
		if (in->n == 0)
			break;
		class = class_of[(unsigned char)in->p[0]];
		i->seen_lf = i->seen_lf || class == LF;
		to = intake_successor(i, class);
		i->bare = i->bare || intake_is_bare(i, class, to);
		intake_step(i, in->p[0], to, out);
		i->state = to;
		*in = str_from(*in, 1);
	}
	return i->state == END ? PARSE_DONE : PARSE_MORE;
}

void
intake_settle(struct intake *i, struct str in, struct buf *out)
{
	bool held = false; /* a CR */

	for (size_t at = 0; at < in.n; at++) {
		if (held && i->seen_lf && in.p[at] == '\r')
			continue;
		if (held && (in.p[at] == '\n' || !i->seen_lf))
			buf_add(out, "\r\n", 2);
		else if (held)
			buf_addc(out, ' ');
		held = in.p[at] == '\r';
		if (in.p[at] != '\r' && in.p[at] != '\n')
			buf_addc(out, in.p[at]);
	}
	if (held)
		buf_adds(out, i->seen_lf ? STR(" ") : STR("\r\n"));
	i->in_body = i->in_body || !i->seen_lf;
	i->seen_lf = true;
	i->kept = false;
}

void
intake_finish(struct intake *i, struct buf *out)
{
	if (i->state == MARK)
		buf_add(out, byte_order_mark, i->mark);
	i->bare = i->bare || i->state == SEEN_CR;
	if (i->state == TEXT || i->state == SEEN_CR)
		buf_add(out, "\r\n", 2);
	/* a dot at the very end ends the message, as a line would */
	i->state = END;
}
