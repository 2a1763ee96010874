/* SPDX-License-Identifier: MIT */
/*
 * compose_text: text of a command line, a file or a pipe as UTF-8.
 *
 * An alarm must go, whatever its bytes are: a byte order mark says what it is
 * in (UTF-8, UTF-16), else it is UTF-8 where it can be, else windows-1252, as
 * old programs and `sendmail` have it. NULs are left out. Both are said.
 */
#ifndef COMPOSE_TEXT_H
#define COMPOSE_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

struct compose_text {
	struct arena *mem;
	const char *charset; /* --charset: what it is in; NULL: see above */
	const char *hint;    /* how to say it better, for a warning */
	const struct log *log;
};

/*
 * Replaces *text, "the subject", by the same in UTF-8, in t->mem. ERR_USAGE:
 * the charset is not known.
 */
bool compose_text(const struct compose_text *t, const char *what,
    struct str *text, struct err *e) __attribute__((warn_unused_result));

#endif
