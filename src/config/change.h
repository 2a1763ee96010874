/* SPDX-License-Identifier: MIT */
/*
 * change: one key of a settings file's text changed, all else left as it is:
 * comments, order, ends of lines, keys that are not known.
 *
 * Pure. Source: design.md 1, "Syntax of the file".
 */
#ifndef CONFIG_CHANGE_H
#define CONFIG_CHANGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* All borrowed. */
struct change {
	struct str account; /* whose section; empty: the top */
	bool relay;         /* the section [relay], whatever account is */
	struct str key;
	/* what stands there instead, as one line or more; empty: nothing */
	struct str line;
};

/*
 * Appends the text with that change. The line takes the place of the key's
 * first (others of it in that section go), else of the first comment
 * `#key = ...` of that section (and of the comment above it that says it is an
 * example), else stands at the section's end; a missing section is added.
 * False: line is empty, and the key is not there; out has the text as it was.
 */
bool change_text(struct str text, const struct change *c, struct buf *out);

/* Does the section have the key? c->line does not matter. */
bool change_has(struct str text, const struct change *c);

#endif
