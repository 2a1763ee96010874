/* SPDX-License-Identifier: MIT */
/*
 * charset: text in the character sets of mail, made UTF-8.
 *
 * Known are UTF-8, US-ASCII, ISO-8859-1 to -16, Windows-1250 to -1258 and
 * -874, KOI8-R and KOI8-U. As browsers do, ISO-8859-1, -9 and -11 are read as
 * the Windows sets that contain them, and so is US-ASCII with 8-bit bytes
 * that are not UTF-8. Sets of several bytes a character are not known.
 *
 * Source: unicode.org/Public/MAPPINGS; RFC 1489 and 2319 (KOI8);
 * encoding.spec.whatwg.org 4.2 and 9 (names, and what contains what).
 */
#ifndef CODEC_CHARSET_H
#define CODEC_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Appends bytes as UTF-8. False, and nothing added: the set is not known, or
 * one of the bytes is no character of it.
 */
bool charset_to_utf8(struct buf *out, struct str name, struct str bytes);

#endif
