/* SPDX-License-Identifier: MIT */
/*
 * walls_call: the system calls that reception may make once its threads run,
 * as a program for seccomp.
 *
 * What is not on the list gets ENOSYS, not EPERM: musl tries newer calls
 * first, and falls back to the older ones only on that. Calls that only an
 * intruder makes (execve, ptrace, ...) end the process.
 *
 * Source: relay.md 6.3; seccomp(2).
 */
#ifndef RELAY_WALLS_CALL_H
#define RELAY_WALLS_CALL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

enum { WALLS_PROGRAM_MOST = 512 /* instructions; half of it is used */ };

/*
 * Writes the program for this machine; returns how many instructions it has.
 * 0: nobody wrote a list for this machine. lists: folders may be listed.
 */
size_t walls_program(struct sock_filter out[WALLS_PROGRAM_MOST], bool lists);

#endif
