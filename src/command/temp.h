/* SPDX-License-Identifier: MIT */
/*
 * temp: an unlinked temporary file, for what is too large for memory. It
 * takes no name that others could see, and is gone with its descriptor.
 */
#ifndef COMMAND_TEMP_H
#define COMMAND_TEMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/source.h"

struct temp {
	const char *name; /* what is in it, for messages; NULL: not open */
	uint64_t size;    /* bytes */
	int fd;
};

/*
 * In $TMPDIR or /tmp. Keeps name until temp_close. ERR_RETRY with exit 73: it
 * cannot be made.
 */
bool temp_open(struct temp *t, const char *name, struct err *e)
    __attribute__((warn_unused_result));
void temp_close(struct temp *t); /* a zeroed one is fine; zeroes *t */

/* Appends. ERR_RETRY with exit 74: no space, for one. */
bool temp_add(struct temp *t, struct str s, struct err *e)
    __attribute__((warn_unused_result));

/*
 * What is in it now. The source does not need *t, only its descriptor and
 * name; ERR_INPUT with exit 74 when it cannot be read.
 */
struct source temp_source(const struct temp *t);

#endif
