/* SPDX-License-Identifier: MIT */
/*
 * derw: writes DER from its end to its beginning, so that a length is known
 * when it is written.
 *
 * Pure, allocates nothing. What no longer fits latches: ask ok at the end.
 * Source: X.690 8.1 and 10.1.
 */
#ifndef CODEC_DERW_H
#define CODEC_DERW_H

#include <stdbool.h>

#include "base/str.h"

struct derw {
	char *start, *at, *end; /* of the buffer; where writing has come to */
	bool ok;
};

/* Borrows buf. */
struct derw derw_begin(char *buf, size_t size);

/* Bytes, before what is written. */
void derw_put(struct derw *w, struct str s);

/*
 * Tag and length, before what was written since there were `since` bytes
 * (w->end - w->at): makes an element of it.
 */
void derw_head(struct derw *w, unsigned char tag, size_t since);

/* How many bytes are written. */
size_t derw_n(const struct derw *w);
/* What is written. Lends, out of the buffer. */
struct str derw_view(const struct derw *w);

#endif
