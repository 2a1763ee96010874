/* SPDX-License-Identifier: MIT */
/*
 * unbase64: base64 decoded piece by piece, as base64_decode_mime does it with
 * a whole text: other characters are skipped, padding ends the data.
 *
 * Source: RFC 2045 6.8.
 */
#ifndef CODEC_UNBASE64_H
#define CODEC_UNBASE64_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* A zeroed one is at the start of a text. */
struct unbase64 {
	uint32_t bits;
	unsigned digits; /* of a group of four that is not complete */
	bool padded;     /* the data have ended */
	bool more;       /* and digits came behind that: two texts in a row */
};

/* Decodes in, appending to out. A text may come in any number of pieces. */
void unbase64_feed(struct unbase64 *u, struct str in, struct buf *out);

/*
 * The text has ended. False: a digit is left over or something stood behind
 * the padding, so that others may decode it to something else.
 */
bool unbase64_finish(struct unbase64 *u, struct buf *out);

#endif
