/* SPDX-License-Identifier: MIT */
/*
 * packed: the long texts of the program (help, what `print` has, ...), which
 * vendor/pack.c has packed into one stream.
 *
 * A text is found by its file's name: src/texts/help-relay.txt is
 * TEXT_HELP_RELAY. What stands before it in the stream is unpacked with it,
 * 70 kB at most: 25 ms on a busy machine, and 0.7 MB of the heap. So this is
 * for what a person asks for, never for the way of a mail.
 */
#ifndef BASE_PACKED_H
#define BASE_PACKED_H

#include <stddef.h>
#include <texts.h> /* enum packed_text: TEXT_NONE, then those of build.sh */

#include "base/buf.h"
#include "base/str.h"

struct packed {
	struct buf all;
};

/*
 * Unpacks all texts up to the last one that is needed. Where memory lacks,
 * out is latched and each text is empty.
 */
void packed_open(struct packed *p, enum packed_text last, struct buf *out);
/* Lends it until release. TEXT_NONE is empty. */
struct str packed_view(const struct packed *p, enum packed_text text);
void packed_release(struct packed *p);

/* Appends one text. */
void packed_add(enum packed_text text, struct buf *out);

/*
 * Appends the n bytes that a stream stands for. What a cut one stands for is
 * anything, and as long.
 */
void packed_decode(struct str stream, size_t n, struct buf *out);

#endif
