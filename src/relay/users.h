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
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "relay/rule.h"

enum {
	USERS_HASH_SIZE = 128, /* crypt(3) makes 123 at the most, and a NUL */
	USERS_FILE_MOST = 16 << 20, /* of memory for auth_file: 100,000 users */
	USERS_TOKEN_MOST = 4096,    /* bytes of web_token_file */
	USERS_TOKEN_LEAST = 16 /* characters: 64 bits of a hex digit each */
};

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

/*
 * The same of the whole auth_file, into an arena that should be a secret one.
 * path has a NUL behind it. ERR_CONFIG; ERR_RETRY: no memory.
 */
bool users_read(struct arena *a, struct str path, struct user **out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Appends the bearer token of web_token_file, its one line, to out, a secret
 * one. ERR_CONFIG: all users may read it, it is too short, there is more than
 * a line.
 */
bool users_read_token(struct str path, const struct log *log, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

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
