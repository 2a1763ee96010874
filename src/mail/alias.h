/* SPDX-License-Identifier: MIT */
/*
 * alias: local names and where their mail goes.
 *
 * The file is that of aliases(5): "name: address, name, ..." with '#'
 * comments (at the start of a line or behind a blank), lines that go on after
 * blanks, names in any case, and "default:" or "*:" for all that has no entry
 * of its own. "\name" means that name and no alias of it. Commands, files and
 * includes would run or write as whoever sends: such an entry, one that cannot
 * be read, and a name that stands there already are of no use, and mail for
 * that name is refused; the others are as good as ever.
 *
 * Source: aliases(5) of Postfix and Sendmail; sendmail.md 1.7.
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
	struct str name;  /* "*": all others; empty: not "name: ..." */
	struct str value; /* as it stands behind the colon */
	unsigned line;    /* of the file, from 1 */
	unsigned first;   /* the line that has the name already; or 0 */
	struct alias *next, *link; /* in the file; with the same hash */
};

struct alias_file {
	struct str name; /* of the file, for messages */
	struct alias *list;
	struct alias **bucket;
	size_t buckets; /* a power of two, or 0 */
};

/*
 * Finds the entries of a file's text, which is lent to them, in time linear
 * in it. What is wrong with one of them is told when it is wanted.
 */
bool alias_parse(struct arena *a, struct str text, struct str file,
    struct alias_file *out, struct err *e) __attribute__((warn_unused_result));

/* NULL: the file does not have the name. */
const struct alias *alias_find(const struct alias_file *f, struct str name);

/* Where an entry leads. */
struct alias_target {
	struct addr *to; /* one or more */
	bool last;       /* "\name": no alias of it */
	struct alias_target *next;
};

/*
 * Parses one entry's targets. ERR_INPUT with exit 67 names file and line, and
 * what is wrong: no colon, a name twice, a command, no address.
 */
bool alias_targets(struct arena *a, const struct alias_file *f,
    const struct alias *alias, struct alias_target **out, struct err *e)
    __attribute__((warn_unused_result));

/* What becomes of local names. */
struct alias_rules {
	struct alias_file file;
	const struct str *local; /* domains whose names are local ones too */
	size_t n_local;
	struct str default_domain; /* for names without an alias; or empty */
	struct str mailbox;        /* for them where there is no domain */
};

/*
 * Replaces local names in a list by what they stand for; other addresses
 * stay. The result is a new list in a, display names kept for names that
 * lead to one address. ERR_CONFIG: aliases that lead in a circle; ERR_INPUT
 * with exit 67: a name that leads nowhere, or to what no mail is sent to.
 */
bool alias_expand(struct arena *a, const struct alias_rules *r,
    const struct addr *list, struct addr **out, struct err *e)
    __attribute__((warn_unused_result));

/* Has it no domain, or one of those? */
bool alias_is_local(const struct alias_rules *r, const struct addr *address);

#endif
