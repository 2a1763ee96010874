/* SPDX-License-Identifier: MIT */
#include "codec/base64.h"

#include <stdint.h>

/* RFC 4648, tables 1 and 2 */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
static const char alphabet[] = LETTERS "0123456789+/";
static const char alphabet_url[] = LETTERS "0123456789-_";

/*
 * The tables turned round: the value of a digit, with bit 6 set, so that the
 * zero of all other bytes shows.
 */
enum { IS_DIGIT = 0x40, VALUE = 0x3f };

/* clang-format off */
#define LETTERS_AND_DIGITS \
	['A'] =	 64,  65,  66,	67,  68,  69,  70,  71,	 72,  73,  74,	75, \
		 76,  77,  78,	79,  80,  81,  82,  83,	 84,  85,  86,	87, \
		 88,  89, \
	['a'] =	 90,  91,  92,	93,  94,  95,  96,  97,	 98,  99, 100, 101, \
		102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, \
		114, 115, \
	['0'] = 116, 117, 118, 119, 120, 121, 122, 123, 124, 125

static const unsigned char digit[256] = {
	LETTERS_AND_DIGITS, ['+'] = 126, ['/'] = 127,
};
static const unsigned char digit_url[256] = {
	LETTERS_AND_DIGITS, ['-'] = 126, ['_'] = 127,
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
		*to++ = digits[v >> 12 & VALUE];
		*to++ = digits[v >> 6 & VALUE];
		*to++ = digits[v & VALUE];
	}
	if (n == 0)
		return to;
	/* RFC 4648 4: one byte makes two digits, two bytes make three */
	v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
	*to++ = digits[v >> 18];
	*to++ = digits[v >> 12 & VALUE];
	if (n == 2)
		*to++ = digits[v >> 6 & VALUE];
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
digits_end(struct str in, const unsigned char *table)
{
	size_t i = 0;

	while (i < in.n && table[(unsigned char)in.p[i]] != 0)
		i++;
	return i;
}

/* Reads digits that were looked at before. Gives the end of the bytes. */
static char *
read_digits(char *to, struct str in, const unsigned char *table)
{
	const unsigned char *p = (const unsigned char *)in.p;
	uint32_t v = 0;
	size_t n;

	for (n = in.n; n >= 4; n -= 4, p += 4) {
		v = (uint32_t)(table[p[0]] & VALUE) << 18 |
		    (uint32_t)(table[p[1]] & VALUE) << 12 |
		    (uint32_t)(table[p[2]] & VALUE) << 6 |
		    (uint32_t)(table[p[3]] & VALUE);
		*to++ = (char)(v >> 16);
		*to++ = (char)(v >> 8);
		*to++ = (char)v;
	}
	if (n < 2)
		return to;
	v = (uint32_t)(table[p[0]] & VALUE) << 10 |
	    (uint32_t)(table[p[1]] & VALUE) << 4;
	if (n == 3)
		v |= (uint32_t)(table[p[2]] & VALUE) >> 2;
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
has_unused_bits(struct str in, const unsigned char *table)
{
	static const unsigned char unused[] = { 0, 0, 0x0f, 0x03 };

	return in.n % 4 > 1 &&
	    (table[(unsigned char)in.p[in.n - 1]] & unused[in.n % 4]) != 0;
}

/* Room for the bytes of so many digits; NULL: none, and out is as it was. */
static char *
room_for(struct buf *out, size_t digits, struct err *e)
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
decode(struct buf *out, struct str in, const unsigned char *table,
    struct err *e)
{
	size_t bad = digits_end(in, table);
	char *to;

	if (bad < in.n)
		return err_set(e, ERR_INPUT,
		    "base64: no digit of it at byte %zu", bad);
	if (in.n % 4 == 1)
		return err_set(e, ERR_INPUT, "base64: cut short at byte %zu",
		    in.n);
	if (has_unused_bits(in, table))
		return err_set(e, ERR_INPUT,
		    "base64: bits that no byte takes at byte %zu", in.n - 1);
	to = room_for(out, in.n, e);
	if (to == NULL)
		return false;
	buf_commit(out, (size_t)(read_digits(to, in, table) - to));
	return true;
}

bool
base64url_decode(struct buf *out, struct str in, struct err *e)
{
	return decode(out, in, digit_url, e);
}

bool
base64_decode(struct buf *out, struct str in, struct err *e)
{
	size_t n = in.n;

	/* RFC 4648 4: whole groups of four, of which "=" may fill two */
	if (n % 4 == 0 && n > 0 && in.p[n - 1] == '=')
		n -= in.p[n - 2] == '=' ? 2 : 1;
	else if (n % 4 != 0 && digits_end(in, digit) == n)
		return err_set(e, ERR_INPUT,
		    "base64: padding is missing at byte %zu", n);
	return decode(out, str_first(in, n), digit, e);
}

/*
 * RFC 2045 6.8: padding may be taken as the end. It is here, as what follows
 * is the footer of some mailing list; where a group can't end it is noise.
 */
static struct str
before_padding(struct str in, size_t *digits)
{
	*digits = 0;
	for (size_t i = 0; i < in.n; i++) {
		if (digit[(unsigned char)in.p[i]] != 0)
			++*digits;
		else if (in.p[i] == '=' && *digits % 4 > 1)
			return str_first(in, i);
	}
	return in;
}

bool
base64_decode_mime(struct buf *out, struct str in, struct err *e)
{
	unsigned char value;
	size_t digits, place;
	uint32_t v = 0;
	char *to, *p;

	in = before_padding(in, &digits);
	if (digits % 4 == 1)
		return err_set(e, ERR_INPUT, "base64: cut short at byte %zu",
		    in.n);
	to = p = room_for(out, digits, e);
	if (to == NULL)
		return false;
	digits = 0;
	for (size_t i = 0; i < in.n; i++) {
		value = digit[(unsigned char)in.p[i]];
		if (value == 0)
			continue;
		v = v << 6 | (value & VALUE);
		place = digits++ % 4;
		if (place > 0) /* the first of four completes no byte */
			*p++ = (char)(v >> (6 - 2 * place));
	}
	buf_commit(out, (size_t)(p - to));
	return true;
}
