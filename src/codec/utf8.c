/* SPDX-License-Identifier: MIT */
#include "codec/utf8.h"

#include <string.h>

static const uint64_t HIGH_BITS = 0x8080808080808080;

/* Bytes of ASCII at the start of s; eight at a time, as most text is that. */
static size_t
ascii_run(struct str s)
{
	uint64_t eight;
	size_t n = 0;

	for (; s.n - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, s.p + n, sizeof(eight));
		if ((eight & HIGH_BITS) != 0)
			break;
	}
	while (n < s.n && (unsigned char)s.p[n] < 0x80)
		n++;
	return n;
}

size_t
utf8_bad_at(struct str s)
{
	size_t at = ascii_run(s), step;

	while (at < s.n) {
		step = str_utf8(str_from(s, at));
		if (step == 0)
			break;
		at += step;
		at += ascii_run(str_from(s, at));
	}
	return at;
}

bool
utf8_is_valid(struct str s)
{
	return utf8_bad_at(s) == s.n;
}

size_t
utf8_write(char out[UTF8_MAX], uint32_t c)
{
	/* RFC 3629 3: the bits that mark the first of n bytes */
	static const unsigned char lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(lead[n] | c);
	return n;
}

bool
utf8_add(struct buf *out, uint32_t c)
{
	char bytes[UTF8_MAX];
	size_t n = utf8_write(bytes, c);

	buf_add(out, bytes, n);
	return n > 0;
}

void
utf8_add_mended(struct buf *out, struct str s)
{
	size_t good;

	for (;;) {
		good = utf8_bad_at(s);
		buf_adds(out, str_first(s, good));
		if (good == s.n)
			return;
		(void)utf8_add(out, 0xfffd);
		s = str_from(s, good + 1);
	}
}

size_t
utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static uint32_t
utf16_unit(struct str s, size_t at, bool big)
{
	uint32_t first = (unsigned char)s.p[at];
	uint32_t second = (unsigned char)s.p[at + 1];

	return big ? first << 8 | second : second << 8 | first;
}

void
utf8_add_utf16(struct buf *out, struct str s, bool big)
{
	uint32_t c, low;

	for (size_t i = 0; i < s.n; i += 2) {
		c = i + 1 < s.n ? utf16_unit(s, i, big) : 0xdc00;
		low = c >= 0xd800 && c < 0xdc00 && i + 3 < s.n ?
		    utf16_unit(s, i + 2, big) :
		    0;
		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		}
		if (!utf8_add(out, c))
			(void)utf8_add(out, 0xfffd);
	}
}
