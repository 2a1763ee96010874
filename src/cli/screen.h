/* SPDX-License-Identifier: MIT */
/*
 * screen: how wide the output is, whether it takes colour, and texts broken
 * into lines that fit.
 *
 * Source: ioctl_tty(2) TIOCGWINSZ; no-color.org; POSIX 8.3 (COLUMNS, TERM).
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	SCREEN_WIDTH = 80, /* where nobody says */
	SCREEN_LEAST = 20,
	SCREEN_MOST = 10000
};

struct screen {
	unsigned width; /* columns */
	bool colour;
};

/*
 * Of an open descriptor: COLUMNS, else what the terminal says, else 80. Colour
 * on a terminal, unless NO_COLOR is set or TERM says dumb.
 */
void screen_find(struct screen *s, int fd);

/* Columns of a text: characters, each counted as one. */
size_t screen_columns(struct str text);

/*
 * Appends text, and breaks it at blanks. The first line begins at column `at`,
 * the others are indented by `indent`; what has no blank is never broken, so
 * that a path or an id can be copied.
 */
struct screen_lines {
	size_t at, indent, width;
};
void screen_wrap(struct buf *out, struct str text, struct screen_lines l);

#endif
