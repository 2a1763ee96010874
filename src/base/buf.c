/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The smallest block worth asking for, and what each is short of a power of
 * two: malloc's own bytes fit in there, and no block takes twice its pages.
 */
enum { BUF_FIRST = 32, BUF_SHORT = 32 };

void
buf_init(struct buf *b, size_t limit)
{
	*b = (struct buf){ .limit = limit };
}

void
buf_init_secret(struct buf *b, size_t limit)
{
	*b = (struct buf){ .limit = limit, .secret = true };
}

void
buf_init_in(struct buf *b, char *room, size_t n, size_t limit)
{
	*b = (struct buf){ .p = room,
		.cap = n < limit + 1 ? n : limit + 1,
		.limit = limit,
		.lent = true };
	*room = '\0';
}

static void
discard(struct buf *b)
{
	if (b->secret && b->p != NULL)
		explicit_bzero(b->p, b->cap);
	if (!b->lent)
		free(b->p);
}

void
buf_release(struct buf *b)
{
	discard(b);
	*b = (struct buf){ 0 };
}

void
buf_reset(struct buf *b)
{
	if (b->secret && b->p != NULL)
		explicit_bzero(b->p, b->cap); /* buf_room fills more */
	b->full = b->no_memory = false;
	b->n = 0;
	if (b->p != NULL)
		b->p[0] = '\0';
}

/* cap counts the NUL at the end. */
static bool
grow(struct buf *b, size_t want)
{
	size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;
	char *p;

	while (cap < want)
		cap = cap > SIZE_MAX / 4 ? want : cap * 2 + BUF_SHORT;
	if (cap > b->limit + 1 && want <= b->limit + 1)
		cap = b->limit + 1;
	if (b->secret || b->lent) {
		p = malloc(cap);
		if (p != NULL) {
			if (b->p != NULL)
				memcpy(p, b->p, b->n + 1); /* and the NUL */
			discard(b);
		}
	} else {
		p = realloc(b->p, cap);
	}
	if (p == NULL) {
		b->no_memory = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	b->lent = false;
	return true;
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->full || b->no_memory)
		return NULL;
	if (n > b->limit - b->n) {
		b->full = true;
		return NULL;
	}
	if (b->n + n + 1 > b->cap && !grow(b, b->n + n + 1))
		return NULL;
	return b->p + b->n;
}

void
buf_commit(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (to == NULL)
		return;
	if (n > 0)
		memcpy(to, p, n);
	buf_commit(b, n);
}

void
buf_adds(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_addz(struct buf *b, const char *z)
{
	buf_adds(b, str_of(z));
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	to = n >= 0 ? buf_room(b, (size_t)n) : NULL;
	if (to == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_commit(b, (size_t)n);
}

struct str
buf_view(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

void
buf_rewind(struct buf *b, size_t n)
{
	if (n > b->n)
		return;
	b->full = b->no_memory = false;
	if (b->p == NULL)
		return;
	if (b->secret)
		explicit_bzero(b->p + n, b->n - n);
	b->n = n;
	b->p[n] = '\0';
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->p, b->p + n, b->n + 1);
	if (b->secret)
		explicit_bzero(b->p + b->n + 1, n);
}

bool
buf_ok(const struct buf *b, struct err *e)
{
	if (b->full)
		return err_set(e, ERR_INPUT, "buffer limit of %zu bytes",
		    b->limit);
	if (b->no_memory)
		return err_set(e, ERR_RETRY, "out of memory");
	return true;
}
