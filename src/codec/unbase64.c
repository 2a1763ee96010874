/* SPDX-License-Identifier: MIT */
#include "codec/unbase64.h"

/* The value of a digit plus 1; 0: none. */
static const unsigned char value[256] = {
	/* clang-format off */
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17,
	['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22,
	['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
	['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37,
	['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47,
	['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,
	['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57,
	['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62,
	['+'] = 63, ['/'] = 64,
	/* clang-format on */
};

void
unbase64_feed(struct unbase64 *u, struct str in, struct buf *out)
{
	char *p = buf_room(out, in.n / 4 * 3 + 3);
	size_t n = 0;
	unsigned v;

	for (size_t i = 0; p != NULL && i < in.n; i++) {
		v = value[(unsigned char)in.p[i]];
		if (v == 0) {
			u->padded = u->padded || in.p[i] == '=';
			continue;
		}
		u->more = u->more || u->padded;
		if (u->padded)
			continue;
		u->bits = u->bits << 6 | (v - 1);
		if (++u->digits < 4)
			continue;
		p[n++] = (char)(u->bits >> 16);
		p[n++] = (char)(u->bits >> 8);
		p[n++] = (char)u->bits;
		u->digits = 0;
	}
	if (p != NULL)
		buf_commit(out, n);
}

bool
unbase64_finish(struct unbase64 *u, struct buf *out)
{
	if (u->digits == 2)
		buf_addc(out, (char)(u->bits >> 4));
	if (u->digits == 3) {
		buf_addc(out, (char)(u->bits >> 10));
		buf_addc(out, (char)(u->bits >> 2));
	}
	return u->digits != 1 && !u->more;
}
