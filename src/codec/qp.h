/* SPDX-License-Identifier: MIT */
/*
 * qp: quoted-printable, decoded piece by piece.
 *
 * Lenient, as readers of mail must be: "=" before what is no hex digit
 * stands for itself, blanks at the end of a line are dropped, lines end in
 * CRLF or LF and come out as they went in.
 *
 * Source: RFC 2045 6.7.
 */
#ifndef CODEC_QP_H
#define CODEC_QP_H

#include "base/buf.h"
#include "base/str.h"

enum { QP_HELD = 80 }; /* blanks: an encoded line has 76 characters */

/* A zeroed qp is at the start of a text. */
struct qp {
	char held[QP_HELD]; /* an escape, or blanks that may end a line */
	size_t n;
};

/*
 * Decodes in, appending to out. A text may come in any number of pieces;
 * qp_finish gives what was held back at the end of the last.
 */
void qp_feed(struct qp *q, struct str in, struct buf *out);
void qp_finish(struct qp *q, struct buf *out);

#endif
