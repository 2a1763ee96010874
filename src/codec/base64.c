/* SPDX-License-Identifier: MIT */
#include "codec/base64.h"

#include <stdint.h>

/* RFC 4648, tables 1 and 2 */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
static const char alphabet[] = LETTERS "0123456789+/";
static const char alphabet_url[] = LETTERS "0123456789-_";

/* clang-format off */
enum { STD = BASE64_DIGIT, URL = BASE64URL_DIGIT, BOTH = STD | URL };
#define FOUR(v) BOTH | (v), BOTH | ((v) + 1), BOTH | ((v) + 2), BOTH | ((v) + 3)
#define LETTERS_FROM(v) \
	FOUR(v), FOUR(v + 4), FOUR(v + 8), FOUR(v + 12), FOUR(v + 16), \
	FOUR(v + 20), BOTH | (v + 24), BOTH | (v + 25)

const unsigned char base64_digits[256] = {
	['A'] = LETTERS_FROM(0),
	['a'] = LETTERS_FROM(26),
	['0'] = FOUR(52), FOUR(56), BOTH | 60, BOTH | 61,
	['+'] = STD | 62, ['/'] = STD | 63, ['-'] = URL | 62, ['_'] = URL | 63,
};
/* clang-format on */

/* Writes the digits of in, without padding. Gives the end of them. */
static char *
write_digits(char *to, struct str in, const char *digits)
{
	const unsigned char *p = (const unsigned char *)in.p;
	uint32_t v;
	size_t n;

	for (n = in.n; n >= 3; n -= 3, p += 3) {
		v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & BASE64_VALUE];
		*to++ = digits[v >> 6 & BASE64_VALUE];
		*to++ = digits[v & BASE64_VALUE];
	}
	if (n == 0)
		return to;
	/* RFC 4648 4: one byte makes two digits, two bytes make three */
	v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
	*to++ = digits[v >> 18];
	*to++ = digits[v >> 12 & BASE64_VALUE];
	if (n == 2)
		*to++ = digits[v >> 6 & BASE64_VALUE];
	return to;
}

void
base64_write(char *out, struct str in)
{
	char *end = write_digits(out, in, alphabet);

	while ((size_t)(end - out) < BASE64_SIZE(in.n))
		*end++ = '=';
}

void
base64_encode(struct buf *out, struct str in)
{
	char *to = buf_room(out, BASE64_SIZE(in.n));

	if (to == NULL)
		return;
	base64_write(to, in);
	buf_commit(out, BASE64_SIZE(in.n));
}

void
base64url_encode(struct buf *out, struct str in)
{
	size_t n = in.n / 3 * 4 + (in.n % 3 > 0 ? in.n % 3 + 1 : 0);
	char *to = buf_room(out, n);

	if (to == NULL)
		return;
	(void)write_digits(to, in, alphabet_url);
	buf_commit(out, n);
}

static size_t
bytes_of(size_t digits)
{
	return digits / 4 * 3 + digits % 4 * 3 / 4;
}

/* Where the first byte stands that is no digit; in.n if there is none. */
static size_t
digits_end(struct str in, unsigned kind)
{
	size_t i = 0;

	while (i < in.n && (base64_digits[(unsigned char)in.p[i]] & kind) != 0)
		i++;
	return i;
}

/* Reads digits that were looked at before. Gives the end of the bytes. */
static char *
read_digits(char *to, struct str in)
{
	const unsigned char *table = base64_digits;
	const unsigned char *p = (const unsigned char *)in.p;
	uint32_t v = 0;
	size_t n;

	for (n = in.n; n >= 4; n -= 4, p += 4) {
		v = (uint32_t)(table[p[0]] & BASE64_VALUE) << 18 |
		    (uint32_t)(table[p[1]] & BASE64_VALUE) << 12 |
		    (uint32_t)(table[p[2]] & BASE64_VALUE) << 6 |
		    (uint32_t)(table[p[3]] & BASE64_VALUE);
		*to++ = (char)(v >> 16);
		*to++ = (char)(v >> 8);
		*to++ = (char)v;
	}
	if (n < 2)
		return to;
	v = (uint32_t)(table[p[0]] & BASE64_VALUE) << 10 |
	    (uint32_t)(table[p[1]] & BASE64_VALUE) << 4;
	if (n == 3)
		v |= (uint32_t)(table[p[2]] & BASE64_VALUE) >> 2;
	*to++ = (char)(v >> 8);
	if (n == 3)
		*to++ = (char)v;
	return to;
}

/*
 * RFC 4648 3.5: bits of the last digit that no byte takes must be zero, or
 * two texts would mean the same bytes.
 */
static bool
has_unused_bits(struct str in)
{
	static const unsigned char unused[] = { 0, 0, 0x0f, 0x03 };

	return in.n % 4 > 1 &&
	    (base64_digits[(unsigned char)in.p[in.n - 1]] & unused[in.n % 4]) !=
	    0;
}

char *
base64_room(struct buf *out, size_t digits, struct err *e)
{
	bool was_ok = buf_ok(out, e);
	char *to = buf_room(out, bytes_of(digits));

	if (to == NULL && !buf_ok(out, e)) {
		(void)err_wrap(e, "base64");
		if (was_ok) /* what latched earlier stays so */
			buf_rewind(out, out->n);
	}
	return to;
}

static bool
decode(struct buf *out, struct str in, unsigned kind, struct err *e)
{
	size_t bad = digits_end(in, kind);
	char *to;

	if (bad < in.n)
		return err_set(e, ERR_INPUT,
		    "base64: no digit of it at byte %zu", bad);
	if (in.n % 4 == 1)
		return err_set(e, ERR_INPUT, "base64: cut short at byte %zu",
		    in.n);
	if (has_unused_bits(in))
		return err_set(e, ERR_INPUT,
		    "base64: bits that no byte takes at byte %zu", in.n - 1);
	to = base64_room(out, in.n, e);
	if (to == NULL)
		return false;
	buf_commit(out, (size_t)(read_digits(to, in) - to));
	return true;
}

bool
base64url_decode(struct buf *out, struct str in, struct err *e)
{
	return decode(out, in, URL, e);
}

bool
base64_decode(struct buf *out, struct str in, struct err *e)
{
	size_t n = in.n;

	/* RFC 4648 4: whole groups of four, of which "=" may fill two */
	if (n % 4 == 0 && n > 0 && in.p[n - 1] == '=')
		n -= in.p[n - 2] == '=' ? 2 : 1;
	else if (n % 4 != 0 && digits_end(in, STD) == n)
		return err_set(e, ERR_INPUT,
		    "base64: padding is missing at byte %zu", n);
	return decode(out, str_first(in, n), STD, e);
}
