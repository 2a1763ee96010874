/* SPDX-License-Identifier: MIT */
/*
 * xtext: any bytes as a word of printable ASCII, "+XX" for the others.
 *
 * Source: RFC 3461 4.
 */
#ifndef CODEC_XTEXT_H
#define CODEC_XTEXT_H

#include "base/buf.h"
#include "base/str.h"

void xtext_write(struct buf *out, struct str s);
/* A '+' that no two hex digits follow stands for itself. */
void xtext_read(struct buf *out, struct str word);

#endif
