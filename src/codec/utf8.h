/* SPDX-License-Identifier: MIT */
/* utf8: RFC 3629. The strict step is str_utf8 in base/str.h. */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

bool utf8_is_valid(struct str s);
/* Offset of the first byte that is not UTF-8; s.n if there is none. */
size_t utf8_bad_at(struct str s);
/* Characters of s, which is UTF-8. */
size_t utf8_count(struct str s);
enum { UTF8_MAX = 4 }; /* bytes of one character */
/* Writes one character, without a NUL. Its bytes; 0: c is no scalar value. */
size_t utf8_write(char out[UTF8_MAX], uint32_t c);
/* Appends one character; false (nothing added) for what is no scalar value. */
bool utf8_add(struct buf *out, uint32_t c);
/* Appends s with each bad byte replaced by U+FFFD. */
void utf8_add_mended(struct buf *out, struct str s);
/*
 * Appends UTF-16 (RFC 2781); big: of each unit the higher byte comes first.
 * Half a pair, or half a unit at the end, becomes U+FFFD.
 */
void utf8_add_utf16(struct buf *out, struct str s, bool big);

#endif
