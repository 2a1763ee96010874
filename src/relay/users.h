/* SPDX-License-Identifier: MIT */
/*
 * users: who may sign in, from the file of the setting auth_file.
 *
 *	# a comment
 *	printer:$2y$10$...:from=printer@example.com rate=60/min
 *
 * A line for each user: name, hash as crypt(3) knows it, words of rule.h. The
 * user's name is looked up as it was sent, and else what stands before its
 * "@": there are devices that send no name without one.
 *
 * Source: relay.md 1 (auth_file), 3 (names).
 */
#ifndef RELAY_USERS_H
#define RELAY_USERS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "relay/rule.h"

enum { USERS_HASH_SIZE = 128 /* crypt(3) makes 123 at the most, and a NUL */ };

struct user {
	struct str name, hash;
	struct rule rule;
	struct user *next;
};

/*
 * Appends to *out. `text` is lent. ERR_CONFIG names file and line: a hash that
 * crypt(3) does not know, or one that is no hash at all; a name twice.
 */
bool users_parse(struct arena *a, struct str file, struct str text,
    struct user **out, struct err *e) __attribute__((warn_unused_result));

/* NULL: there is no such user. */
const struct user *users_find(const struct user *list, struct str name);

/*
 * Does the password make this hash? Takes as long for a user that there is
 * not (hash empty) as for one that there is. Up to a second of computing.
 */
bool users_fits(struct str hash, struct str password);

/* A new hash ($6$, of 5,000 rounds) of a password. ERR_INPUT, ERR_BUG. */
bool users_hash(struct str password, char out[USERS_HASH_SIZE], struct err *e)
    __attribute__((warn_unused_result));

#endif
