/* SPDX-License-Identifier: MIT */
/*
 * http1_fuzz: how the bytes come changes nothing.
 *
 * The first byte of the input says what is read ('R' a request, 'N' an answer
 * without body, else an answer), the second how it is cut, and how much body
 * is allowed; the rest is the stream. It is fed whole and in pieces, each in
 * memory of its very size, so that a look beyond the end is seen. What is
 * complete must be so by itself, and nothing shorter may be.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/http1.h"

enum { BODY_LARGE = 1 << 16, BODY_SMALL = 7 };

struct seen {
	struct http1 h;
	struct buf body;
	enum parse fed, end;
	size_t left;
};

struct plan {
	enum http1_kind kind;
	size_t limit;
	uint32_t cuts; /* seed; 0: in one piece */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Numerical Recipes' generator: the same cuts for the same input. */
static size_t
piece_size(uint32_t *seed, size_t most)
{
	size_t n;

	if (*seed == 0)
		return most;
	*seed = *seed * 1664525u + 1013904223u;
	n = 1 + (*seed >> 24) % 9;
	return n < most ? n : most;
}

static enum parse
feed_piece(struct seen *s, struct str *in, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);
	struct str piece = { copy, n };
	enum parse r;

	assert(copy != NULL);
	if (n > 0)
		memcpy(copy, in->p, n);
	r = http1_feed(&s->h, &piece, &s->body);
	assert(piece.n <= n);
	assert(r != PARSE_MORE || piece.n == 0);
	assert(n == 0 || piece.n < n || r != PARSE_MORE);
	*in = str_from(*in, n - piece.n);
	free(copy);
	return r;
}

static void
see(struct str in, struct plan plan, struct seen *s)
{
	http1_init(&s->h, plan.kind);
	buf_init(&s->body, plan.limit);
	do
		s->fed = feed_piece(s, &in, piece_size(&plan.cuts, in.n));
	while (s->fed == PARSE_MORE && in.n > 0);
	s->left = in.n;
	s->end = http1_finish(&s->h);
}

static void
forget(struct seen *s)
{
	http1_release(&s->h);
	buf_release(&s->body);
}

static void
same(const struct seen *a, const struct seen *b)
{
	assert(a->fed == b->fed && a->end == b->end && a->left == b->left);
	assert(a->h.status == b->h.status && a->h.headed == b->h.headed);
	assert(a->h.keep_alive == b->h.keep_alive);
	assert(a->h.reason == b->h.reason);
	assert(str_eq(buf_view(&a->h.head), buf_view(&b->h.head)));
	assert(str_eq(buf_view(&a->body), buf_view(&b->body)));
	assert(str_eq(http1_method(&a->h), http1_method(&b->h)));
	assert(str_eq(http1_target(&a->h), http1_target(&b->h)));
	assert(a->h.n_fields == b->h.n_fields);
	assert(memcmp(a->h.field, b->h.field,
		   a->h.n_fields * sizeof(a->h.field[0])) == 0);
}

/* What a caller relies on. */
static void
sound(const struct seen *s)
{
	const struct http1 *h = &s->h;
	const struct http1_field *f = h->field;

	assert(s->body.n <= s->body.limit && h->head.n <= HTTP1_HEAD_MAX);
	assert((s->end == PARSE_BAD) == (h->reason != NULL));
	assert(s->end != PARSE_MORE && !(s->end == PARSE_BAD && h->keep_alive));
	if (!h->headed) {
		assert(s->end == PARSE_BAD);
		return;
	}
	for (size_t i = 0; i < h->n_fields; i++, f++) {
		assert(f->name_n > 0 && f->name + f->name_n < f->value);
		assert(f->value + f->value_n < h->head.n);
	}
	assert(h->kind == HTTP1_REQUEST ? http1_target(h).n > 0 :
					  h->status >= 200 && h->status < 600);
	if (s->end == PARSE_DONE && h->has_length && s->body.n > 0)
		assert(s->body.n == h->length);
}

/* The bytes of a whole message are one; one byte less is none. */
static void
alone(struct str in, struct plan plan, const struct seen *whole)
{
	struct seen s;

	in = str_first(in, in.n - whole->left);
	see(in, plan, &s);
	assert(s.fed == PARSE_DONE && s.left == 0);
	assert(str_eq(buf_view(&s.body), buf_view(&whole->body)));
	forget(&s);
	see(str_first(in, in.n - 1), plan, &s);
	assert(s.fed == PARSE_MORE);
	forget(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct plan plan = { .kind = HTTP1_ANSWER };
	struct seen whole, cut;
	struct str in;

	if (n < 2)
		return 0;
	if (data[0] == 'R')
		plan.kind = HTTP1_REQUEST;
	else if (data[0] == 'N')
		plan.kind = HTTP1_ANSWER_NO_BODY;
	plan.limit = data[1] % 2 == 0 ? BODY_LARGE : BODY_SMALL;
	in = (struct str){ (const char *)data + 2, n - 2 };

	see(in, plan, &whole);
	sound(&whole);
	plan.cuts = 1u + data[1];
	see(in, plan, &cut);
	same(&whole, &cut);
	if (whole.fed == PARSE_DONE)
		alone(in, plan, &whole);
	forget(&cut);
	forget(&whole);
	return 0;
}
