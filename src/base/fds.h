/* SPDX-License-Identifier: MIT */
/* fds: the descriptors that a child process got from its parent. */
#ifndef BASE_FDS_H
#define BASE_FDS_H

#include <stddef.h>

enum { FDS_KEEP_MOST = 4 };

/*
 * Closes all but the three standard ones and these (any order; -1 is none).
 * So nobody waits for the end of a file, or for a lock, that only came down to
 * us.
 */
void fds_close_but(const int *keep, size_t n);

/* The standard ones lead nowhere from here on. */
void fds_leave_standard(void);

#endif
