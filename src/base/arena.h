/* SPDX-License-Identifier: MIT */
/*
 * arena: memory of one job (one message, one request), freed whole.
 *
 * Allocation latches: after the first failure every further one gives NULL,
 * and arena_ok says why. Memory is zeroed and aligned for any type. A zeroed
 * arena is legal, with a limit of 0.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum { ARENA_STASH_MOST = 64 /* blocks of 8 kB */ };

/*
 * Blocks that arenas of one thread gave back, for the next of them: malloc
 * would give pages back to the system with each job, and fetch others. Begins
 * zeroed.
 */
struct arena_stash {
	struct arena_block *blocks;
	size_t n;
};

struct arena {
	struct arena_block *blocks; /* newest first */
	struct arena_stash *stash;  /* NULL: none */
	size_t used, limit;         /* bytes handed out, and the most allowed */
	bool full, no_memory;       /* latched */
	bool secret;                /* wiped when released */
};

void arena_init(struct arena *a, size_t limit);
/* The same, with blocks of a stash, which is borrowed; or NULL. */
void arena_init_of(struct arena *a, size_t limit, struct arena_stash *stash);
void arena_stash_release(struct arena_stash *s); /* it takes none any more */
/* The same for secrets: they never stay behind in freed memory. */
void arena_init_secret(struct arena *a, size_t limit);
/* About n bytes will be asked for: they come in one piece. */
void arena_expect(struct arena *a, size_t n);
void arena_release(struct arena *a); /* frees all; zeroes *a */
/*
 * Takes back what was lent, and what was latched, for the next job of the same
 * kind; keeps memory for it, where that was not much.
 */
void arena_renew(struct arena *a);

/* Lends n zeroed bytes, or count times size, until release. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_array(struct arena *a, size_t count, size_t size);

/* Copies; a NUL stands after the last byte. The empty str on failure. */
struct str arena_str(struct arena *a, struct str s);
/* The same with ASCII letters in lower case. */
struct str arena_lower(struct arena *a, struct str s);
struct str arena_fmt(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ERR_INPUT: the limit was reached. ERR_RETRY: out of memory. */
bool arena_ok(const struct arena *a, struct err *e)
    __attribute__((warn_unused_result));

#endif
