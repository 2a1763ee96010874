/* SPDX-License-Identifier: MIT */
#include "codec/xtext.h"

void
xtext_write(struct buf *out, struct str s)
{
	unsigned char c;

	for (size_t i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c <= ' ' || c > '~' || c == '+' || c == '=')
			buf_addf(out, "+%02X", c);
		else
			buf_addc(out, s.p[i]);
	}
}

void
xtext_read(struct buf *out, struct str word)
{
	int high, low;

	for (size_t i = 0; i < word.n; i++) {
		high = i + 2 < word.n ? ascii_hex(word.p[i + 1]) : -1;
		low = i + 2 < word.n ? ascii_hex(word.p[i + 2]) : -1;
		if (word.p[i] != '+' || high < 0 || low < 0) {
			buf_addc(out, word.p[i]);
			continue;
		}
		buf_addc(out, (char)(high * 16 + low));
		i += 2;
	}
}
