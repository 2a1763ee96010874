/* SPDX-License-Identifier: MIT */
/*
 * intake: turns what programs pipe into sendmail into lines of CRLF.
 *
 * LF, CRLF and any number of CRs before an LF are one line end; mixtures come
 * out the same. A CR alone is a line end in the body and a blank in the
 * header, where it could add a field that nobody meant; in a text without any
 * LF each CR ends a line. A byte order mark in front goes. Nothing else is
 * changed, NULs included.
 *
 * Source: sendmail.md 1.1 and 1.3 (what callers send), LSB 5.0 sendmail(1)
 * for the line that is a dot, RFC 5321 2.3.8 (lines end in CRLF).
 */
#ifndef MAIL_INTAKE_H
#define MAIL_INTAKE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/parse.h"

struct intake {
	bool dot_ends; /* a line that is only "." ends the message */
	int state;
	unsigned mark;                /* bytes of a byte order mark seen */
	bool seen_lf, empty, in_body; /* empty: the present line, so far */
	bool kept; /* a lone CR is in what came out: intake_settle */
	bool held; /* of that: a CR */
};

/* dot_ends: neither -i nor -oi was given. */
void intake_init(struct intake *i, bool dot_ends);

/*
 * Appends what in gives to out. DONE: the dot line came; what is behind it
 * stays in *in. A message may come in any number of pieces.
 */
enum parse intake_feed(struct intake *i, struct str *in, struct buf *out);

/* The input ended. A last line without an end gets one. */
void intake_finish(struct intake *i, struct buf *out);

/*
 * Where the input has ended and `kept` is set, all that came out is to be fed
 * to this, in pieces, and what that appends is the message.
 */
void intake_settle(struct intake *i, struct str in, struct buf *out);

#endif
