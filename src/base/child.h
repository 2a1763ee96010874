/* SPDX-License-Identifier: MIT */
/* child: the end of a process that we started. */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <sys/types.h>

/* Waits until it has ended, and leaves no zombie. Its status: wait(2). */
int child_wait(pid_t pid);
/* Kills it before, which one that has ended does not mind. */
int child_kill(pid_t pid);

#endif
