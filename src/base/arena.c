/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum {
	FIRST_BLOCK = 512 - 64, /* several of them share a page */
	BLOCK_SIZE = 4096 - 64, /* a page less malloc's and our own header */
	STASH_BLOCK = 8192 - 64,
	KEPT_MOST = 64 * 1024
};

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char bytes[];
};

void
arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void
arena_init_of(struct arena *a, size_t limit, struct arena_stash *stash)
{
	*a = (struct arena){ .limit = limit, .stash = stash };
}

void
arena_init_secret(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit, .secret = true };
}

static void
discard(struct arena *a, struct arena_block *b)
{
	struct arena_stash *s = a->stash;

	if (a->secret)
		secret_wipe(b->bytes, b->used);
	if (s == NULL || b->cap != STASH_BLOCK || s->n == ARENA_STASH_MOST) {
		free(b);
		return;
	}
	b->next = s->blocks;
	s->blocks = b;
	s->n++;
}

void
arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		discard(a, b);
	}
	*a = (struct arena){ 0 };
}

void
arena_stash_release(struct arena_stash *s)
{
	struct arena all = { .blocks = s->blocks };

	arena_release(&all);
	*s = (struct arena_stash){ .n = ARENA_STASH_MOST };
}

/* One that is zeroed, or NULL. */
static struct arena_block *
take_block(struct arena_stash *s, size_t cap)
{
	struct arena_block *b;

	if (s == NULL || cap != STASH_BLOCK || s->blocks == NULL) {
		b = calloc(1, sizeof(*b) + cap);
		if (b != NULL)
			b->cap = cap;
		return b;
	}
	b = s->blocks;
	s->blocks = b->next;
	s->n--;
	memset(b->bytes, 0, b->used);
	b->used = 0;
	return b;
}

static struct arena_block *
add_block(struct arena *a, size_t n)
{
	size_t least = a->stash != NULL ? STASH_BLOCK :
	    a->blocks == NULL           ? FIRST_BLOCK :
					  BLOCK_SIZE;
	struct arena_block *b = take_block(a->stash, n > least ? n : least);

	if (b == NULL) {
		a->no_memory = true;
		return NULL;
	}
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void
arena_expect(struct arena *a, size_t n)
{
	if (add_block(a, n) == NULL)
		a->no_memory = false; /* it is tried when it is needed */
}

void
arena_renew(struct arena *a)
{
	struct arena was = *a;
	struct arena_block *b = was.blocks;
	size_t all = 0;

	for (; b != NULL; b = b->next)
		all += b->cap;
	b = was.blocks;
	*a = (struct arena){ .limit = was.limit,
		.stash = was.stash,
		.secret = was.secret };
	if (b != NULL && b->next == NULL && all <= KEPT_MOST) {
		secret_wipe(b->bytes, b->used);
		b->used = 0;
		a->blocks = b;
		return;
	}
	arena_release(&was);
	/* in one piece, so that the next job needs no other */
	if (all > 0 && all <= KEPT_MOST)
		arena_expect(a, all);
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	size_t align = alignof(max_align_t);
	void *p;

	if (a->full || a->no_memory)
		return NULL;
	if (n > SIZE_MAX - align || n + align > a->limit - a->used) {
		a->full = true;
		return NULL;
	}
	n = (n + align - 1) / align * align;
	if (b == NULL || b->cap - b->used < n)
		b = add_block(a, n);
	if (b == NULL)
		return NULL;
	p = b->bytes + b->used;
	b->used += n;
	a->used += n;
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / size) {
		a->full = true;
		return NULL;
	}
	return arena_alloc(a, count * size);
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n < SIZE_MAX ? s.n + 1 : s.n);

	if (p == NULL)
		return (struct str){ 0 };
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct str
arena_lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n < SIZE_MAX ? s.n + 1 : s.n);

	if (p == NULL)
		return (struct str){ 0 };
	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (struct str){ p, s.n };
}

struct str
arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
	if (p == NULL)
		return (struct str){ 0 };
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}

bool
arena_ok(const struct arena *a, struct err *e)
{
	if (a->full)
		return err_set(e, ERR_INPUT, "memory limit of %zu bytes",
		    a->limit);
	if (a->no_memory)
		return err_set(e, ERR_RETRY, "out of memory");
	return true;
}
