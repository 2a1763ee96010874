/* SPDX-License-Identifier: MIT */
/*
 * source: bytes of known size that can be read from any offset, again and
 * again: a request body that a retry may have to send once more.
 *
 * (SMTP2Graph#39: a body that could be read once was posted empty the second
 * time. Here that cannot be written.)
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct source {
	uint64_t size; /* bytes */
	/* Reads exactly n bytes from offset at into p. */
	bool (*read)(const struct source *self, uint64_t at, char *p, size_t n,
	    struct err *e);
	const void *arg;
	struct str bytes; /* of source_of */
};

/* Borrows s for as long as the source is used. */
struct source source_of(struct str s);

/* Of a source the n bytes from an offset on. */
struct source_range {
	const struct source *of;
	uint64_t at, n;
};

static inline struct source_range
source_all(const struct source *s)
{
	return (struct source_range){ s, 0, s->size };
}

enum { SOURCE_PIECE = 48 * 1024 }; /* whole pages, whole groups of base64 */
typedef bool source_take(void *arg, struct str piece, struct err *e);

/* Hands r over, SOURCE_PIECE at a time; ends where reading or take fails. */
bool source_copy(struct source_range r, source_take *take, void *arg,
    struct err *e) __attribute__((warn_unused_result));

/* ERR_BUG if at + n is beyond the end; else as the source says. */
bool source_read(const struct source *s, uint64_t at, char *p, size_t n,
    struct err *e) __attribute__((warn_unused_result));

#endif
