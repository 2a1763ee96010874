/* SPDX-License-Identifier: MIT */
#include "codec/unbase64.h"

#include "codec/base64.h"

/* Writes to p, which has the room. Gives the end of the bytes. */
static char *
take_digits(struct unbase64 *u, struct str in, char *p)
{
	unsigned v;

	for (size_t i = 0; i < in.n; i++) {
		v = base64_digits[(unsigned char)in.p[i]];
		if ((v & BASE64_DIGIT) == 0) {
			u->padded |= in.p[i] == '=';
			u->ended |= in.p[i] == '=' && u->digits > 1;
			continue;
		}
		u->more |= u->padded;
		if (u->ended)
			continue;
		u->bits = u->bits << 6 | (v & BASE64_VALUE);
		if (++u->digits < 4)
			continue;
		*p++ = (char)(u->bits >> 16);
		*p++ = (char)(u->bits >> 8);
		*p++ = (char)u->bits;
		u->digits = 0;
	}
	return p;
}

/* The bytes of a group that is not complete. */
static char *
take_rest(const struct unbase64 *u, char *p)
{
	if (u->digits == 2)
		*p++ = (char)(u->bits >> 4);
	if (u->digits == 3) {
		*p++ = (char)(u->bits >> 10);
		*p++ = (char)(u->bits >> 2);
	}
	return p;
}

void
unbase64_feed(struct unbase64 *u, struct str in, struct buf *out)
{
	char *p = buf_room(out, in.n / 4 * 3 + 3);

	if (p != NULL)
		buf_commit(out, (size_t)(take_digits(u, in, p) - p));
}

bool
unbase64_finish(struct unbase64 *u, struct buf *out)
{
	char rest[2];

	buf_add(out, rest, (size_t)(take_rest(u, rest) - rest));
	return u->digits != 1 && !u->more;
}

bool
unbase64_whole(struct buf *out, struct str in, struct err *e)
{
	struct unbase64 u = { 0 };
	size_t digits = 0;
	char *p, *end;

	for (size_t i = 0; i < in.n; i++)
		digits +=
		    (base64_digits[(unsigned char)in.p[i]] & BASE64_DIGIT) != 0;
	p = base64_room(out, digits, e);
	if (p == NULL)
		return false;
	end = take_rest(&u, take_digits(&u, in, p));
	if (u.digits == 1)
		return err_set(e, ERR_INPUT, "base64: cut short at byte %zu",
		    in.n);
	buf_commit(out, (size_t)(end - p));
	return true;
}
