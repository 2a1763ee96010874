/* SPDX-License-Identifier: MIT */
#include "codec/der.h"

enum {
	LONG_TAG = 0x1f,  /* a tag number in the bytes that follow */
	LONG_FORM = 0x80, /* a length in the bytes that follow */
	LENGTH_BYTES = 3  /* 16 MB: no certificate has that */
};

/* The length after the tag; false: none, not the shortest, or too large. */
static bool
take_length(struct str *s, size_t *n)
{
	size_t bytes, least;

	if (s->n == 0)
		return false;
	*n = (unsigned char)s->p[0];
	*s = str_from(*s, 1);
	if (*n < LONG_FORM)
		return true;
	bytes = *n - LONG_FORM;
	if (bytes == 0 || bytes > LENGTH_BYTES || bytes > s->n)
		return false;
	*n = 0;
	for (size_t i = 0; i < bytes; i++)
		*n = *n << 8 | (unsigned char)s->p[i];
	*s = str_from(*s, bytes);
	least = bytes == 1 ? LONG_FORM : (size_t)1 << 8 * (bytes - 1);
	return *n >= least;
}

bool
der_next(struct str *rest, unsigned char *tag, struct str *value)
{
	struct str s = *rest;
	unsigned char t;
	size_t n;

	if (s.n == 0)
		return false;
	t = (unsigned char)s.p[0];
	s = str_from(s, 1);
	if ((t & LONG_TAG) == LONG_TAG || !take_length(&s, &n) || n > s.n)
		return false;
	*tag = t;
	*value = str_first(s, n);
	*rest = str_from(s, n);
	return true;
}

bool
der_take(struct str *rest, unsigned char tag, struct str *value)
{
	struct str s = *rest;
	unsigned char t;

	if (!der_next(&s, &t, value) || t != tag)
		return false;
	*rest = s;
	return true;
}
