/* SPDX-License-Identifier: MIT */
/*
 * completion: what shells need to complete commands, options and the words
 * that an operand may be, from the tables of help.
 *
 * Source: bash(1) Programmable Completion, zshcompsys(1), fish's complete(1).
 */
#ifndef COMMAND_COMPLETION_H
#define COMMAND_COMPLETION_H

#include "base/buf.h"

enum { COMPLETION_SHELLS = 3 };

extern const struct completion_shell {
	const char *name; /* as post365 print calls it */
	void (*write)(struct buf *out);
} completion_shells[COMPLETION_SHELLS];

#endif
