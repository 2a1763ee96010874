/* SPDX-License-Identifier: MIT */
/*
 * alias: local names and where their mail goes.
 *
 * The file is that of aliases(5): "name: address, name, ..." with '#'
 * comments, lines that go on after blanks, names in any case, and "default:"
 * or "*:" for all that has no entry of its own. Commands, files and includes
 * are refused with a message: they would run or write as whoever sends.
 *
 * Source: aliases(5) of Postfix and Sendmail; SENDMAIL.md 1.7.
 */
#ifndef MAIL_ALIAS_H
#define MAIL_ALIAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/addr.h"

enum { ALIAS_DEPTH = 32 }; /* of names that lead to names */

struct alias {
	struct str name; /* in lower case; "*": all others */
	struct addr *to;
	unsigned line; /* of the file, from 1 */
	struct alias *next;
};

/*
 * Parses a file's text. The list lives in a. ERR_CONFIG names file, line and
 * what is wrong: a line without a colon, a name twice, a command.
 */
bool alias_parse(struct arena *a, struct str text, struct str file,
    struct alias **out, struct err *e) __attribute__((warn_unused_result));

/* What becomes of local names. */
struct alias_rules {
	const struct alias *alias;
	const struct str *local; /* domains whose names are local ones too */
	size_t n_local;
	struct str default_domain; /* for names without an alias; or empty */
	struct str mailbox;        /* for them where there is no domain */
};

/*
 * Replaces local names in a list by what they stand for; other addresses
 * stay. The result is a new list in a, display names kept for names that
 * lead to one address. ERR_CONFIG: aliases that lead in a circle; ERR_INPUT
 * with exit 67: a name that leads nowhere.
 */
bool alias_expand(struct arena *a, const struct alias_rules *r,
    const struct addr *list, struct addr **out, struct err *e)
    __attribute__((warn_unused_result));

#endif
