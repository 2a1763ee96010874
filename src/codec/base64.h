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

/* What a byte is: its value, and in which alphabet it is a digit. */
enum { BASE64_VALUE = 0x3f, BASE64_DIGIT = 0x40, BASE64URL_DIGIT = 0x80 };
extern const unsigned char base64_digits[256];

/* Room for the bytes of so many digits; NULL: none, and out is as it was. */
char *base64_room(struct buf *out, size_t digits, struct err *e);

#endif
