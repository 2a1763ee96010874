/* SPDX-License-Identifier: MIT */
#include "codec/qp.h"

static void
let_go(struct qp *q, struct buf *out)
{
	buf_add(out, q->held, q->n);
	q->n = 0;
}

/*
 * One byte after "=": a soft line break vanishes, two hex digits are a byte,
 * anything else was no escape and is looked at again as plain text. Blanks
 * between "=" and the line end are padding of transports.
 */
static bool
in_escape(struct qp *q, char c, struct buf *out)
{
	char last = q->held[q->n - 1];
	bool one = q->n == 1;

	if (c == '\n') {
		q->n = 0;
		return true;
	}
	if ((one && ascii_hex(c) >= 0) ||
	    (c == '\r' && last != '\r' && (one || ascii_is_blank(last))) ||
	    (ascii_is_blank(c) && (one || ascii_is_blank(last)) &&
		q->n < QP_HELD)) {
		q->held[q->n++] = c;
		return true;
	}
	if (q->n == 2 && ascii_hex(last) >= 0 && ascii_hex(c) >= 0) {
		buf_addc(out, (char)(ascii_hex(last) << 4 | ascii_hex(c)));
		q->n = 0;
		return true;
	}
	let_go(q, out);
	return false;
}

static void
plain(struct qp *q, char c, struct buf *out)
{
	if (ascii_is_blank(c) || c == '=' || (c == '\r' && q->n > 0)) {
		if (c == '=' || q->n == QP_HELD)
			let_go(q, out);
		q->held[q->n++] = c;
		return;
	}
	if (c == '\n' && q->n > 0) {
		/* blanks at the end of a line were added on the way */
		if (q->held[q->n - 1] == '\r')
			buf_addc(out, '\r');
		q->n = 0;
	}
	let_go(q, out);
	buf_addc(out, c);
}

void
qp_feed(struct qp *q, struct str in, struct buf *out)
{
	char c;

	for (size_t i = 0; i < in.n; i++) {
		c = in.p[i];
		if (q->n > 0 && q->held[0] == '=' && in_escape(q, c, out))
			continue;
		plain(q, c, out);
	}
}

void
qp_finish(struct qp *q, struct buf *out)
{
	bool blanks = true;

	for (size_t i = 0; i < q->n; i++)
		blanks = blanks && ascii_is_blank(q->held[i]);
	if (blanks) /* they end the last line */
		q->n = 0;
	let_go(q, out);
}
