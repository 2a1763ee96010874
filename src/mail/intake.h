/* SPDX-License-Identifier: MIT */
/*
 * intake: the text of a message as it comes in, by SMTP or from a program,
 * made lines that end in CRLF and in nothing else.
 *
 * A lone LF becomes such a line end, as does any number of CRs before an LF; a
 * lone CR is one in the body and a blank in the header, where it could add a
 * field that nobody meant. Nothing else is changed, NULs included. The modes
 * differ in what a dot at the beginning of a line means.
 *
 * On a network only CRLF.CRLF ends a message, so that two servers cannot
 * disagree on where that is (SMTP smuggling). A leading dot is taken off a
 * line (transparency) if CRLF stood before it: those who send lone LFs do not
 * stuff dots there.
 *
 * From a program LF is as good as CRLF, a dot that leads a line is text, a
 * byte order mark in front goes, and in a text without any LF each CR ends a
 * line.
 *
 * Source: RFC 5321 4.1.1.4 (the end), 4.5.2 (transparency), 2.3.8 (lines);
 * RFC 3030 2 (chunks); LSB 5.0 sendmail(1); sendmail.md 1.1, 1.3, 4.3 (what
 * callers and clients send).
 */
#ifndef MAIL_INTAKE_H
#define MAIL_INTAKE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/parse.h"

enum intake_mode {
	INTAKE_PROGRAM,     /* a program's output: nothing ends it */
	INTAKE_PROGRAM_DOT, /* the same, and a line that is a dot ends it */
	INTAKE_SMTP,        /* behind DATA */
	INTAKE_SMTP_LF, /* the same on standard input: LF is as good as CRLF */
	INTAKE_CHUNKS   /* of BDAT: no line ends them, no dot goes */
};

struct intake {
	enum intake_mode mode;
	int state;
	unsigned mark; /* bytes of a byte order mark seen */
	bool bare;     /* a lone CR or LF was seen that is none by the mode */
	bool seen_lf, empty, in_body; /* empty: the present line, so far */
	bool kept; /* a lone CR is in what came out: intake_settle */
};

void intake_init(struct intake *i, enum intake_mode mode);

/*
 * Appends what in gives to out: at most two bytes for each, and three. With
 * less room out is full, and in is read all the same. DONE: the end came; what
 * is behind it stays in *in. A message may come in any number of pieces.
 */
enum parse intake_feed(struct intake *i, struct str *in, struct buf *out);

/* The input ended. A last line without an end gets one. */
void intake_finish(struct intake *i, struct buf *out);

/*
 * A program's text of which `kept` is set: what its lone CRs are is known with
 * its first LF, and where it ends without, or who collects it has enough of
 * it, they end lines. in: all that came out so far; appends the text.
 */
void intake_settle(struct intake *i, struct str in, struct buf *out);

#endif
