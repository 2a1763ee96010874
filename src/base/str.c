/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <string.h>

struct str
str_of(const char *z)
{
	return (struct str){ z, z != NULL ? strlen(z) : 0 };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_ieq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str head)
{
	return s.n >= head.n && str_eq(str_first(s, head.n), head);
}

bool
str_istarts(struct str s, struct str head)
{
	return s.n >= head.n && str_ieq(str_first(s, head.n), head);
}

bool
str_ends(struct str s, struct str tail)
{
	return s.n >= tail.n && str_eq(str_from(s, s.n - tail.n), tail);
}

bool
str_iends(struct str s, struct str tail)
{
	return s.n >= tail.n && str_ieq(str_from(s, s.n - tail.n), tail);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

struct str
str_from(struct str s, size_t at)
{
	if (at >= s.n)
		return (struct str){ s.p != NULL ? s.p + s.n : NULL, 0 };
	return (struct str){ s.p + at, s.n - at };
}

struct str
str_first(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_cut(struct str s, size_t n)
{
	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_first(s, n);
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = str_from(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

size_t
str_chr(struct str s, char c)
{
	const char *p = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return p != NULL ? (size_t)(p - s.p) : s.n;
}

size_t
str_find(struct str s, struct str needle)
{
	const char *p;

	if (needle.n == 0)
		return 0;
	p = s.n > 0 ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return p != NULL ? (size_t)(p - s.p) : s.n;
}

size_t
str_ifind(struct str s, struct str needle)
{
	char first;

	if (needle.n == 0)
		return 0;
	/* looked at here: a call for each byte takes six times as long */
	first = ascii_lower(*needle.p);
	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (ascii_lower(s.p[i]) == first &&
		    str_istarts(str_from(s, i), needle))
			return i;
	return s.n;
}

bool
str_next(struct str *rest, char sep, struct str *head)
{
	size_t at;

	if (rest->p == NULL)
		return false;
	at = str_chr(*rest, sep);
	*head = str_first(*rest, at);
	if (at < rest->n)
		*rest = str_from(*rest, at + 1);
	else
		*rest = (struct str){ 0 };
	return true;
}

bool
str_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0, digit;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
		digit = (uint64_t)(s.p[i] - '0');
		if (v > max / 10 || digit > max - v * 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

size_t
str_utf8_want(char lead)
{
	unsigned char c = (unsigned char)lead;

	if (c < 0x80)
		return 1;
	if (c < 0xc2) /* a continuation, or an overlong form */
		return 0;
	if (c < 0xe0)
		return 2;
	if (c < 0xf0)
		return 3;
	return c < 0xf5 ? 4 : 0;
}

size_t
str_utf8(struct str s)
{
	const unsigned char *u = (const unsigned char *)s.p;
	size_t want = s.n > 0 ? str_utf8_want(*s.p) : 0;

	if (want == 0 || want > s.n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* RFC 3629 4: no overlong forms, surrogates, or above U+10FFFF */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return want;
}

int
ascii_hex(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
str_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = hex[bytes[i] >> 4];
		*out++ = hex[bytes[i] & 15];
	}
	return out;
}
