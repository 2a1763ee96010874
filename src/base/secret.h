/* SPDX-License-Identifier: MIT */
/*
 * secret: bytes that must not be printed or left behind in memory, and whose
 * comparison must not tell by its time how many of them agree.
 *
 * There is no conversion to text but secret_view, so a reader finds every
 * use by searching for that name. A zeroed secret is the empty one.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { SECRET_LIMIT = 65536 }; /* a token has some kB; keys stay under 16 k */

struct secret {
	struct buf bytes;
};

/* Copies s, in place of what was there. ERR_INPUT, ERR_RETRY as buf_ok. */
bool secret_set(struct secret *x, struct str s, struct err *e)
    __attribute__((warn_unused_result));
void secret_release(struct secret *x); /* wipes and zeroes */

bool secret_is_set(const struct secret *x);
bool secret_eq(const struct secret *x, struct str s); /* constant time */

/* Lends the bytes, for the one place that puts them on the wire. */
struct str secret_view(const struct secret *x);

/* Overwrites memory so that no compiler leaves it out. */
void secret_wipe(void *p, size_t n);

#endif
