/* SPDX-License-Identifier: MIT */
/*
 * base64: RFC 4648, section 4 (padded) and section 5 (for URLs, unpadded).
 */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Characters for n bytes, padding included. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_SIZE(in.n) characters to out, without a NUL. */
void base64_write(char *out, struct str in);

/* Append; a full out latches as buf says. */
void base64_encode(struct buf *out, struct str in);
void base64url_encode(struct buf *out, struct str in);

/*
 * Strict (RFC 4648 3.1 to 3.5): no white space, padding required, unused
 * bits zero; base64url: no padding. ERR_INPUT names the offset; out is as
 * it was.
 */
bool base64_decode(struct buf *out, struct str in, struct err *e)
    __attribute__((warn_unused_result));
bool base64url_decode(struct buf *out, struct str in, struct err *e)
    __attribute__((warn_unused_result));

/*
 * As MIME does it (RFC 2045 6.8): other characters are skipped, padding may
 * be missing and ends the data. ERR_INPUT: a digit is left over, the text was
 * cut; out is as it was.
 */
bool base64_decode_mime(struct buf *out, struct str in, struct err *e)
    __attribute__((warn_unused_result));

#endif
