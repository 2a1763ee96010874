/* SPDX-License-Identifier: MIT */
/*
 * intake: turns what programs pipe into sendmail into lines of CRLF.
 *
 * LF, CRLF and any number of CRs before an LF are one line end, and so is a
 * CR alone; mixtures come out the same. A byte order mark in front goes.
 * Nothing else is changed, NULs included.
 *
 * Source: SENDMAIL.md 1.1 and 1.3 (what callers send), LSB 5.0 sendmail(1)
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
	unsigned mark; /* bytes of a byte order mark seen */
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

#endif
