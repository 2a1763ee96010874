/* SPDX-License-Identifier: MIT */
#include "base/source.h"

#include <string.h>

#include "base/scratch.h"

static bool
read_bytes(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	(void)e;
	if (n > 0)
		memcpy(p, self->bytes.p + at, n);
	return true;
}

struct source
source_of(struct str s)
{
	return (struct source){ .size = s.n, .read = read_bytes, .bytes = s };
}

bool
source_read(const struct source *s, uint64_t at, char *p, size_t n,
    struct err *e)
{
	if (at > s->size || n > s->size - at)
		return err_set(e, ERR_BUG, "read beyond the end of a source");
	return s->read(s, at, p, n, e);
}

bool
source_copy(struct source_range r, source_take *take, void *arg, struct err *e)
{
	SCRATCH char piece[SOURCE_PIECE];
	size_t n;

	for (; r.n > 0; r.n -= n, r.at += n) {
		n = r.n < SOURCE_PIECE ? (size_t)r.n : SOURCE_PIECE;
		if (!source_read(r.of, r.at, piece, n, e) ||
		    !take(arg, (struct str){ piece, n }, e))
			return false;
	}
	return true;
}
