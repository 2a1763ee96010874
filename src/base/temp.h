/* SPDX-License-Identifier: MIT */
/*
 * temp: an unlinked temporary file, for what is too large for memory. It
 * takes no name that others could see, and is gone with its descriptor.
 *
 * It stands in the spool's tmp/, where there must be room for mail anyhow;
 * else in $TMPDIR or /tmp; else in memory, as far as TEMP_MEMORY_MOST goes: a
 * container of nothing but the executable and a volume has no /tmp. What is in
 * it moves on where a disk is full.
 *
 * Source: design.md 1 (temporary data).
 */
#ifndef BASE_TEMP_H
#define BASE_TEMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/source.h"

enum { TEMP_MEMORY_MOST = 1 << 20 /* bytes */ };

struct temp {
	const char *name; /* what is in it, for messages; NULL: not open */
	struct str spool; /* its folder, with a NUL; may be empty */
	uint64_t size;    /* bytes */
	unsigned place;   /* which of them it stands in */
	int fd;
};

/*
 * Keeps name and spool (spool_dir, or empty) until temp_close. The folder is
 * not made. ERR_RETRY with exit 73: there is no place at all.
 */
bool temp_open(struct temp *t, const char *name, struct str spool,
    struct err *e) __attribute__((warn_unused_result));
void temp_close(struct temp *t); /* a zeroed one is fine; zeroes *t */

/* Appends. ERR_RETRY with exit 74: no space; 73: no more in memory. */
bool temp_add(struct temp *t, struct str s, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Lends all that is in it as memory, until temp_unmap: pages that the system
 * reads and drops as it likes. ERR_RETRY with exit 74.
 */
bool temp_map(const struct temp *t, struct str *out, struct err *e)
    __attribute__((warn_unused_result));
void temp_unmap(struct str *s); /* a zeroed one is fine; zeroes *s */

/*
 * What is in it now. The source does not need *t, only its descriptor and
 * name; ERR_INPUT with exit 74 when it cannot be read.
 */
struct source temp_source(const struct temp *t);

#endif
