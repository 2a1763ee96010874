/* SPDX-License-Identifier: MIT */
/*
 * word: text in header fields that is not ASCII.
 *
 * Encoded words (RFC 2047) are read in the sets of codec/charset.h and written
 * in UTF-8. What cannot be read stays as it is, and is never encoded again.
 */
#ifndef MAIL_WORD_H
#define MAIL_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	WORD_MAX = 75, /* RFC 2047 2: an encoded word */
	WORD_RUN = 900 /* without a blank to fold at; a line has 998 */
};

/*
 * Appends text with its encoded words decoded, as UTF-8 (bytes that are not
 * become U+FFFD). Blanks between two encoded words vanish (RFC 2047 6.2), a
 * character cut in two by them is joined. False: some could not be decoded
 * (charset not known, bytes that are not of it); they stand as they were.
 */
bool word_decode(struct buf *out, struct str in);

/*
 * Appends UTF-8 text for an unstructured field (a subject) or a phrase (a
 * display name): as it is where it is ASCII that can be folded, without
 * anything that looks like an encoded word, else as encoded words with a blank
 * between them, for head_write to fold at. ERR_INPUT if it is not UTF-8.
 */
bool word_encode(struct buf *out, struct str text, struct err *e)
    __attribute__((warn_unused_result));

/* Whether text needs encoded words. */
bool word_is_needed(struct str text);

/*
 * Appends UTF-8 text in which word_decode found words that cannot be decoded:
 * all encoded words stay as they stand, what is beside them is encoded where
 * it must be. phrase: it is a display name, where only atoms need no encoding.
 */
void word_keep(struct buf *out, struct str text, bool phrase);

#endif
