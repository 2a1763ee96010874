/* SPDX-License-Identifier: MIT */
/*
 * private: small files that settings and secrets are read from.
 */
#ifndef BASE_PRIVATE_H
#define BASE_PRIVATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/os.h"

/*
 * Appends a regular file to out, whose limit is the file's; says in *st what
 * it was. Nothing else is opened, so no pipe or device can hold us up. It has
 * to belong to root or to who runs this, and nobody else may write it (but the
 * group whose number is the owner's): whoever changes settings could have a
 * secret sent to himself, or a command run by those who mail. Where containers
 * mount secrets, and on read-only mounts, the owner is not looked at: it is
 * that of another machine.
 * ERR_CONFIG names the file and what mends it.
 */
bool private_read(const char *path, struct buf *out, struct os_stat *st,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Refuses a file with a secret that all users may read (ERR_CONFIG, with the
 * chmod that mends it). Where containers mount secrets, and on read-only
 * mounts, nobody can mend it: a warning there.
 */
bool private_check(const char *path, const struct os_stat *st,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));

#endif
