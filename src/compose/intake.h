/* SPDX-License-Identifier: MIT */
/* intake: a message from a pipe or a file, with its lines as mail has them. */
#ifndef COMPOSE_INTAKE_H
#define COMPOSE_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/source.h"
#include "config/config.h"

struct prepare_intake {
	int from;
	const char *name; /* of it, for messages */
	bool dot_ends;    /* a line that is only a dot ends it */
	const struct config
	    *config; /* of the folder and the limit; NULL: none */
};

/*
 * Reads a message from a descriptor into an unlinked temporary file of lines
 * that end in CRLF. The source is good until fd is closed, which is the
 * caller's. Keeps name as long. ERR_INPUT: more than prepare_largest bytes,
 * and no more than that is read; ERR_RETRY: no space.
 */
bool prepare_intake(const struct prepare_intake *i, int *fd, struct source *out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Bytes of the largest message that may be handed in: the settings count
 * files; base64 and its line ends make 37 % more.
 */
uint64_t prepare_largest(const struct config *c);

#endif
