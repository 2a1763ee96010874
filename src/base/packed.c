/* SPDX-License-Identifier: MIT */
#include "base/packed.h"

#include <stdlib.h>
#include <texts_packed.h> /* packed_ends, packed_bytes */

#include "base/packed_model.h"

/* Arithmetic coding: what is left of the interval, and where in it we are. */
struct packed_place {
	uint32_t low, high, at;
	struct str rest;
};

static void
packed_next_byte(struct packed_place *s)
{
	unsigned char c = 0;

	if (s->rest.n > 0)
		c = (unsigned char)*s->rest.p;
	s->rest = str_from(s->rest, 1);
	s->low <<= 8;
	s->high = s->high << 8 | 255;
	s->at = s->at << 8 | c;
}

static int
packed_next_bit(struct packed_place *s, struct packed_model *m)
{
	uint32_t middle =
	    s->low + (s->high - s->low) / PACKED_ONE * (uint32_t)m->p;
	int bit = s->at <= middle;

	if (bit)
		s->high = middle;
	else
		s->low = middle + 1;
	packed_model_learn(m, bit);
	while ((s->low ^ s->high) >> 24 == 0)
		packed_next_byte(s);
	return bit;
}

void
packed_decode(struct str stream, size_t n, struct buf *out)
{
	struct packed_model *m = malloc(sizeof(*m));
	struct packed_place s = { .rest = stream, .high = UINT32_MAX };

	if (m == NULL) {
		out->no_memory = true;
		return;
	}
	packed_model_init(m);
	for (int i = 0; i < 4; i++)
		packed_next_byte(&s);
	s.low = 0;
	s.high = UINT32_MAX;
	while (n-- > 0) {
		int c = 0;

		for (int i = 0; i < 8; i++)
			c = c * 2 + packed_next_bit(&s, m);
		buf_addc(out, (char)c);
	}
	free(m);
}

static size_t
packed_end(enum packed_text text)
{
	return text < PACKED_TEXTS ? packed_ends[text] : 0;
}

void
packed_open(struct packed *p, enum packed_text last, struct buf *out)
{
	struct err unsaid;

	buf_init(&p->all, packed_end(last));
	if (last != TEXT_NONE)
		packed_decode((struct str){ (const char *)packed_bytes,
				  sizeof(packed_bytes) },
		    packed_end(last), &p->all);
	if (!buf_ok(&p->all, &unsaid)) {
		buf_release(&p->all);
		out->no_memory = true;
	}
}

struct str
packed_view(const struct packed *p, enum packed_text text)
{
	size_t start, end = packed_end(text);

	if (text == TEXT_NONE || p->all.n < end)
		return STR("");
	start = packed_end(text - 1);
	return (struct str){ p->all.p + start, end - start };
}

void
packed_release(struct packed *p)
{
	buf_release(&p->all);
}

void
packed_add(enum packed_text text, struct buf *out)
{
	struct packed p;

	packed_open(&p, text, out);
	buf_adds(out, packed_view(&p, text));
	packed_release(&p);
}
