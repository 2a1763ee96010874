/* SPDX-License-Identifier: MIT */
/*
 * rope: a long text put together from pieces that are not copied: bytes in
 * memory, ranges of a source, and ranges of a source in base64.
 *
 * Its size is known at once and it can be read from any offset, so it is a
 * source itself: a message with a 150 MB attachment takes no memory for it.
 */
#ifndef MAIL_ROPE_H
#define MAIL_ROPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/source.h"
#include "base/str.h"

enum {
	ROPE_LINE = 76,     /* characters of a base64 line, RFC 2045 6.8 */
	ROPE_PIECES = 65536 /* three for each part of a message */
};

enum rope_kind {
	ROPE_RAW,     /* as it is */
	ROPE_WRAPPED, /* base64 in lines of ROPE_LINE, each with CRLF */
	ROPE_UNBROKEN /* base64 without line ends */
};

struct rope_piece {
	enum rope_kind kind;
	uint64_t at;        /* of its first byte in the rope */
	uint64_t size;      /* bytes in the rope */
	struct source from; /* the range begins at `start` of this */
	uint64_t start, n;
};

struct rope {
	struct arena *arena;
	struct rope_piece *piece; /* grows in the arena */
	size_t n, cap;
	uint64_t size;
	bool too_many;
};

/* Borrows the arena until the rope is done with. */
void rope_init(struct rope *r, struct arena *a);

/*
 * Append; failures latch until rope_ok. Bytes and sources are borrowed as
 * long as the rope is used; rope_copy copies into the arena.
 */
void rope_add(struct rope *r, struct str bytes);
void rope_copy(struct rope *r, struct str bytes);
void rope_range(struct rope *r, enum rope_kind kind, const struct source *from,
    uint64_t start, uint64_t n);

/* ERR_INPUT: too many pieces; ERR_RETRY: out of memory. */
bool rope_ok(const struct rope *r, struct err *e)
    __attribute__((warn_unused_result));

/* The rope as a source; borrows r. */
struct source rope_source(const struct rope *r);

#endif
