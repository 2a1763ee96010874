/* SPDX-License-Identifier: MIT */
/*
 * logline: an event of base/record.h as lines of a log: in the shape of
 * Postfix's, which programs that read logs know, or as JSON. What strangers
 * gave is made harmless here.
 *
 * Source: relay.md 4.
 */
#ifndef COMMAND_RELAY_LOGLINE_H
#define COMMAND_RELAY_LOGLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	LOGLINE_FIELDS = 32,
	LOGLINE_MOST = 4096 /* bytes of a line; no more than PIPE_BUF, so that
			       a pipe with room takes it whole */
};

struct logline_field {
	struct str key, value;
	bool number;
};

struct logline {
	uint64_t level, pid;
	struct str service, event;
	struct logline_field field[LOGLINE_FIELDS];
	size_t fields;
};

/*
 * Takes a record apart, in its place; text has a NUL behind its n bytes. False:
 * it is none. What it gives lends from text.
 */
bool logline_parse(char *text, size_t n, struct logline *out);

/*
 * The next line of text of an event, from "NAME/SERVICE[PID]: " on and without
 * a line end; *at counts, from 0. False: there are no more.
 */
bool logline_text(const struct logline *l, struct str name, size_t *at,
    struct buf *out);

/* All of it as one line of JSON, line end included. when: wall clock. */
void logline_json(const struct logline *l, int64_t when, struct buf *out);
#endif
