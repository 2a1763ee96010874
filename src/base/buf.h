/* SPDX-License-Identifier: MIT */
/*
 * buf: bytes that we own, growing up to a limit.
 *
 * Appending latches: after the first failure (limit reached, or out of
 * memory) further appends do nothing, and buf_ok says so once at the end. A
 * NUL is kept after the last byte, so p may be given to system calls.
 * A zeroed buf is legal, with a limit of 0.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p; /* NULL until the first append */
	size_t n, cap, limit;
	bool full, no_memory; /* latched */
	bool secret;          /* wiped when grown, reset or released */
	bool lent;            /* p is the caller's */
};

/* limit: the most bytes it may hold. */
void buf_init(struct buf *b, size_t limit);
/* The same for a secret: its bytes never stay behind in freed memory. */
void buf_init_secret(struct buf *b, size_t limit);
/*
 * The same within room[n], n > 0, which is borrowed until release: what is
 * short costs no malloc. What is longer moves out of it.
 */
void buf_init_in(struct buf *b, char *room, size_t n, size_t limit);
void buf_release(struct buf *b); /* zeroes *b */
/* Empty and unlatched again; keeps memory and limit. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *z);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Room for n more bytes at the end, to write into; NULL (latched) if there
 * is none. buf_commit then says how many of them were written.
 */
char *buf_room(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

/* Lends the bytes until the next change of b. */
struct str buf_view(const struct buf *b);
/* Forgets all after the first n bytes; clears a failure that came after. */
void buf_rewind(struct buf *b, size_t n);
/* Takes n bytes off the front. */
void buf_drop(struct buf *b, size_t n);

/* ERR_INPUT: the limit was reached. ERR_RETRY: out of memory. */
bool buf_ok(const struct buf *b, struct err *e)
    __attribute__((warn_unused_result));

#endif
