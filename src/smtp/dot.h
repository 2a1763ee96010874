/* SPDX-License-Identifier: MIT */
/*
 * dot: what comes behind DATA, up to the line that is a dot.
 *
 * What comes out has lines that end in CRLF and in nothing else. A lone LF in
 * the input becomes such a line end, as does any number of CRs before an LF;
 * a lone CR is one in the body and a blank in the header; but only CRLF.CRLF
 * ends a message, so that two servers cannot disagree on where that is (SMTP
 * smuggling). A leading dot is taken off a line (transparency) if CRLF stood
 * before it: those who send lone LFs do not stuff dots there.
 *
 * Source: RFC 5321 4.1.1.4 (the end), 4.5.2 (transparency), 2.3.8 (lines);
 * RFC 3030 2 (chunks); sendmail.md 4.3 (what clients send).
 */
#ifndef SMTP_DOT_H
#define SMTP_DOT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/parse.h"

enum dot_mode {
	DOT_CRLF, /* on a network: the above */
	DOT_LF,   /* on standard input (LSB): LF is as good as CRLF */
	DOT_NONE  /* chunks of BDAT: no line ends them, no dot goes */
};

struct dot {
	enum dot_mode mode;
	int state;
	bool bare;           /* a lone CR or LF was seen */
	bool empty, in_body; /* empty: the present line, so far */
};

void dot_init(struct dot *d, enum dot_mode mode);

/*
 * Appends what in gives to out: at most two bytes for each, and two. DONE: the
 * end came; what is behind it stays in *in.
 */
enum parse dot_feed(struct dot *d, struct str *in, struct buf *out);

/* Ends chunks: a last line without an end gets one. */
void dot_finish(struct dot *d, struct buf *out);

#endif
