/* SPDX-License-Identifier: MIT */
/*
 * str: a piece of bytes that somebody else owns.
 *
 * Passed by value. Never assumes a NUL at the end and may hold NULs. A
 * zeroed str is the empty one. Letters are ASCII letters: no locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

/* A literal as a str; usable in static tables. */
#define STR(lit) ((struct str){ "" lit, sizeof("" lit) - 1 })
#define STR_INIT(lit)                                                          \
	{                                                                      \
		"" lit, sizeof("" lit) - 1                                     \
	}

/* The two arguments that "%.*s" wants. */
#define STR_ARG(s) (int)(s).n, (s).p

/* Lends the bytes of a NUL-terminated string; NULL gives the empty str. */
struct str str_of(const char *z);

bool str_eq(struct str a, struct str b);
bool str_ieq(struct str a, struct str b); /* letters of any case */
bool str_starts(struct str s, struct str head);
bool str_istarts(struct str s, struct str head);
bool str_ends(struct str s, struct str tail);
bool str_iends(struct str s, struct str tail);
int str_cmp(struct str a, struct str b); /* bytewise, as strcmp */

/* The part from byte `at` on; empty if s is shorter. */
struct str str_from(struct str s, size_t at);
/* The first n bytes; s itself if it is shorter. */
struct str str_first(struct str s, size_t n);
/* At most n bytes, and no half of a UTF-8 character: for texts to show. */
struct str str_cut(struct str s, size_t n);
/* Without blanks (SP, HTAB, CR, LF) at both ends. */
struct str str_trim(struct str s);

/* Offset of the first c, or of needle; s.n if there is none. */
size_t str_chr(struct str s, char c);
size_t str_find(struct str s, struct str needle);
size_t str_ifind(struct str s, struct str needle); /* letters of any case */

/*
 * Takes the part before the next `sep` off *rest into *head. False once
 * *rest is used up (its p is NULL then): "a,b" gives "a", "b"; "" gives "".
 */
bool str_next(struct str *rest, char sep, struct str *head);

/* Decimal digits only, at most max. False leaves *out alone. */
bool str_u64(struct str s, uint64_t max, uint64_t *out);

/* Bytes of the UTF-8 character at the start of s (RFC 3629); 0: none. */
size_t str_utf8(struct str s);
/* Bytes that a character starting with this byte wants; 0: none starts so. */
size_t str_utf8_want(char lead);

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 5234 B.1: WSP */
static inline bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool
ascii_is_alpha(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* 0 to 15, or -1. */
int ascii_hex(char c);

/* Writes 2 * n hex digits, small letters, without a NUL; gives their end. */
char *str_hex(char *out, const unsigned char *bytes, size_t n);

#endif
