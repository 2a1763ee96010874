/* SPDX-License-Identifier: MIT */
#include "mail/rope.h"

#include <string.h>

#include "codec/base64.h"

enum {
	ROPE_FIRST = 16,
	LINE_BYTES = ROPE_LINE / 4 * 3, /* bytes that fill one line */
	LINE_SIZE = ROPE_LINE + 2,      /* with its CRLF */
	WINDOW = 64 * LINE_BYTES        /* bytes encoded in one go */
};

void
rope_init(struct rope *r, struct arena *a)
{
	*r = (struct rope){ .arena = a };
}

static uint64_t
piece_size(enum rope_kind kind, uint64_t n)
{
	uint64_t text = BASE64_SIZE(n);

	if (kind == ROPE_RAW)
		return n;
	if (kind == ROPE_UNBROKEN)
		return text;
	return text + (text + ROPE_LINE - 1) / ROPE_LINE * 2;
}

static struct rope_piece *
new_piece(struct rope *r)
{
	struct rope_piece *bigger;
	size_t cap = r->cap > 0 ? 2 * r->cap : ROPE_FIRST;

	if (r->n == ROPE_PIECES)
		r->too_many = true;
	if (r->too_many)
		return NULL;
	if (r->n == r->cap) {
		bigger = arena_array(r->arena, cap, sizeof(*bigger));
		if (bigger == NULL)
			return NULL;
		if (r->n > 0)
			memcpy(bigger, r->piece, r->n * sizeof(*bigger));
		r->piece = bigger;
		r->cap = cap;
	}
	return &r->piece[r->n++];
}

void
rope_range(struct rope *r, enum rope_kind kind, const struct source *from,
    uint64_t start, uint64_t n)
{
	struct rope_piece *p;

	if (n == 0)
		return;
	p = new_piece(r);
	if (p == NULL)
		return;
	*p = (struct rope_piece){
		.kind = kind,
		.at = r->size,
		.size = piece_size(kind, n),
		.from = *from,
		.start = start,
		.n = n,
	};
	r->size += p->size;
}

void
rope_add(struct rope *r, struct str bytes)
{
	struct source from = source_of(bytes);

	rope_range(r, ROPE_RAW, &from, 0, bytes.n);
}

void
rope_copy(struct rope *r, struct str bytes)
{
	struct str copy = arena_str(r->arena, bytes);

	if (copy.p != NULL)
		rope_add(r, copy);
}

bool
rope_ok(const struct rope *r, struct err *e)
{
	if (r->too_many)
		return err_set(e, ERR_INPUT, "more than %d pieces",
		    ROPE_PIECES);
	return arena_ok(r->arena, e);
}

/*
 * Base64 from any character on: the lines (of LINE_BYTES bytes; one endless
 * line where none are wanted is cut at WINDOW) that hold what is wanted are
 * encoded whole, and the wanted part is copied. At most n; gives how many.
 */
static bool
read_base64(const struct rope_piece *p, uint64_t at, char *out, size_t *n,
    struct err *e)
{
	bool wrapped = p->kind == ROPE_WRAPPED;
	uint64_t unit_size = wrapped ? LINE_SIZE : ROPE_LINE;
	uint64_t first = at / unit_size, bytes_at = first * LINE_BYTES;
	char bytes[WINDOW], text[WINDOW / LINE_BYTES * LINE_SIZE];
	size_t have = 0, skip = (size_t)(at - first * unit_size), line;
	size_t want =
	    (size_t)(p->n - bytes_at < WINDOW ? p->n - bytes_at : WINDOW);

	if (!source_read(&p->from, p->start + bytes_at, bytes, want, e))
		return false;
	for (size_t i = 0; i < want; i += line) {
		line = want - i < LINE_BYTES ? want - i : LINE_BYTES;
		base64_write(text + have, (struct str){ bytes + i, line });
		have += BASE64_SIZE(line);
		if (wrapped) {
			text[have++] = '\r';
			text[have++] = '\n';
		}
	}
	*n = have - skip < *n ? have - skip : *n;
	memcpy(out, text + skip, *n);
	return true;
}

/* The piece that holds offset `at`. */
static const struct rope_piece *
find_piece(const struct rope *r, uint64_t at)
{
	size_t low = 0, high = r->n, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (r->piece[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return &r->piece[low];
}

static bool
read_rope(const struct source *self, uint64_t at, char *out, size_t n,
    struct err *e)
{
	const struct rope *r = self->arg;
	const struct rope_piece *p;
	uint64_t within;
	size_t got;

	for (; n > 0; n -= got, out += got, at += got) {
		p = find_piece(r, at);
		within = at - p->at;
		got = p->size - within < n ? (size_t)(p->size - within) : n;
		if (p->kind == ROPE_RAW ?
			!source_read(&p->from, p->start + within, out, got, e) :
			!read_base64(p, within, out, &got, e))
			return false;
	}
	return true;
}

struct source
rope_source(const struct rope *r)
{
	return (struct source){ .size = r->size, .read = read_rope, .arg = r };
}
