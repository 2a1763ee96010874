/* SPDX-License-Identifier: MIT */
/*
 * sheet: the lines of check, for a person or as JSON. Each is written at once,
 * since the next step may take a while.
 */
#ifndef COMMAND_CHECK_SHEET_H
#define COMMAND_CHECK_SHEET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/screen.h"

enum sheet_state { SHEET_OK, SHEET_NOTE, SHEET_FAIL, SHEET_SKIP, SHEET_STATES };

struct sheet {
	struct screen screen;
	bool json;
	unsigned count[SHEET_STATES];
	int code; /* exit status: of the first failure */
};

struct sheet_line {
	const char *step;
	enum sheet_state state;
	struct str text, code, remedy; /* the last two may be empty */
	int exit;                      /* of SHEET_FAIL */
};
/* Where standard output cannot be written, that is a failure, too. */
void sheet_add(struct sheet *s, const struct sheet_line *line);

/* What stands behind the last line; as JSON the exit status. */
void sheet_end(struct sheet *s, struct str text);

#endif
