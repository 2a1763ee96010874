/* SPDX-License-Identifier: MIT */
/*
 * replace: a small file, written whole or not at all.
 *
 * Readers see the old bytes or the new ones, never half. A writer that is
 * killed may leave a temporary file beside it. That file has a lock as long as
 * its writer lives, so the next write with `sweep` in that folder knows it and
 * removes it: no token, ticket or secret stays for longer.
 */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/os.h"
#include "base/str.h"

struct replace_how {
	mode_t mode;
	bool durable; /* file and folder are synced (fsync) */
	bool sweep;   /* for secrets, and in folders of few files */
	/* whose it is to be, with exactly that mode; NULL: see replace_file */
	const struct os_stat *as;
};

/*
 * Makes path a file that holds s. ERR_RETRY; with exit 73 where it cannot be
 * made. What root writes belongs to whom the folder belongs.
 */
bool replace_file(const char *path, struct str s, struct replace_how how,
    struct err *e) __attribute__((warn_unused_result));

#endif
