/* SPDX-License-Identifier: MIT */
#include "codec/derw.h"

#include <string.h>

enum { LONG_FORM = 0x80 }; /* a length in the bytes that follow */

struct derw
derw_begin(char *buf, size_t size)
{
	return (struct derw){ buf, buf + size, buf + size, true };
}

void
derw_put(struct derw *w, struct str s)
{
	if (s.n > (size_t)(w->at - w->start))
		w->ok = false;
	if (!w->ok || s.n == 0)
		return;
	w->at -= s.n;
	memcpy(w->at, s.p, s.n);
}

static void
derw_byte(struct derw *w, unsigned char byte)
{
	derw_put(w, (struct str){ (const char *)&byte, 1 });
}

void
derw_head(struct derw *w, unsigned char tag, size_t since)
{
	size_t length = derw_n(w) - since, rest = length;
	unsigned char bytes = 0;

	do {
		derw_byte(w, (unsigned char)rest);
		rest >>= 8;
		bytes++;
	} while (rest > 0);
	if (length >= LONG_FORM)
		derw_byte(w, LONG_FORM | bytes);
	derw_byte(w, tag);
}

size_t
derw_n(const struct derw *w)
{
	return (size_t)(w->end - w->at);
}

struct str
derw_view(const struct derw *w)
{
	return (struct str){ w->at, derw_n(w) };
}
