/* SPDX-License-Identifier: MIT */
/*
 * dir: the files of one folder, by the folder's descriptor: what is renamed
 * and removed is in the folder that was opened, whoever moves its path.
 *
 * Names are plain, without a slash. Symbolic links are not followed. Failures
 * are ERR_RETRY and name folder and file; a full, read-only or closed disk
 * comes with what to do.
 */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/os.h"

struct dir {
	const char *path; /* borrowed; NULL: not open */
	const char *name; /* of a folder below path, or NULL; borrowed */
	int fd;           /* -1: there is no such folder (DIR_LOOK) */
	mode_t mode; /* new files may be read and written by whom the folder
			lets in, others excepted */
	uid_t owner;
};

/*
 * Opens path, or the folder `name` below it. Made with `mode` if missing, and
 * then durable in its parent; with DIR_LOOK a missing one is not made, and is
 * empty for dir_file, dir_stat and dir_each. Keeps both texts. ERR_CONFIG:
 * cannot be made or opened (exit 73), or the world may write into it.
 */
enum { DIR_LOOK = 0 }; /* a mode: only look at what is there */
bool dir_open(struct dir *d, const char *path, const char *name, mode_t mode,
    struct err *e) __attribute__((warn_unused_result));
void dir_close(struct dir *d); /* a zeroed one is fine; zeroes *d */

/* An entry in this folder is durable only after this (exit 74). */
bool dir_sync(const struct dir *d, struct err *e)
    __attribute__((warn_unused_result));

enum dir_how {
	DIR_READ,
	DIR_UPDATE, /* read and write */
	DIR_CREATE, /* the same, and there was none */
	DIR_APPEND  /* the same at the end, made if missing */
};
/*
 * True with *fd -1 is no failure: there is no such file, or with DIR_CREATE
 * there is one already. Does not wait for a pipe's other end.
 */
bool dir_file(const struct dir *d, const char *name, enum dir_how how, int *fd,
    struct err *e) __attribute__((warn_unused_result));

/* Is the open file still the one of that name? */
bool dir_has(const struct dir *d, const char *name, int fd);
/* False: there is none. Of a link itself; says nothing of the mount. */
bool dir_stat(const struct dir *d, const char *name, struct os_stat *out);

/* Atomic. A file of that name in `to` is a failure, never overwritten. */
bool dir_move(const struct dir *from, const char *name, const struct dir *to,
    const char *as, struct err *e) __attribute__((warn_unused_result));
/* There being none is fine. */
bool dir_remove(const struct dir *d, const char *name, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Calls f for each name but those that begin with a dot, in any order. No file
 * is looked at where the folder itself says what is regular.
 */
typedef void dir_each_fn(void *arg, const char *name, bool regular);
bool dir_each(const struct dir *d, dir_each_fn *f, void *arg, struct err *e)
    __attribute__((warn_unused_result));

#endif
