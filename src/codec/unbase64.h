/* SPDX-License-Identifier: MIT */
/*
 * unbase64: base64 as MIME has it, whole or piece by piece: other characters
 * are skipped, padding may be missing, and ends the data where a group can
 * end (behind it comes the footer of a mailing list); elsewhere it is noise.
 *
 * Source: RFC 2045 6.8.
 */
#ifndef CODEC_UNBASE64_H
#define CODEC_UNBASE64_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A zeroed one is at the start of a text. */
struct unbase64 {
	uint32_t bits;
	unsigned digits; /* of a group of four that is not complete */
	bool ended;      /* by padding */
	bool padded;     /* there was some, wherever */
	bool more;       /* and digits came behind it */
};

/* Decodes in, appending to out. A text may come in any number of pieces. */
void unbase64_feed(struct unbase64 *u, struct str in, struct buf *out);

/*
 * The text has ended. False: a digit is left over or something stood behind
 * the padding, so that others may decode it to something else.
 */
bool unbase64_finish(struct unbase64 *u, struct buf *out);

/*
 * Appends a whole text decoded. ERR_INPUT: a digit is left over, the text was
 * cut; out is as it was.
 */
bool unbase64_whole(struct buf *out, struct str in, struct err *e)
    __attribute__((warn_unused_result));

#endif
