/* SPDX-License-Identifier: MIT */
/*
 * shell: runs a command of the administrator's by /bin/sh -c, and reads what
 * it prints or gives it something to read. Standard error is ours.
 */
#ifndef COMMAND_SHELL_H
#define COMMAND_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends its standard output; its standard input is empty. ERR_CONFIG: it
 * could not be started, said too much for out, ended with another status than
 * 0, or was still running at the deadline (it is killed then).
 */
bool shell_read(const char *command, int64_t deadline, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Gives it text on its standard input, at most SHELL_TEXT_MOST bytes; what it
 * prints goes to our standard error. ERR_CONFIG as above.
 */
enum { SHELL_TEXT_MOST = 4096 }; /* an empty pipe takes a page: pipe(7) */
bool shell_write(const char *command, int64_t deadline, struct str text,
    struct err *e) __attribute__((warn_unused_result));

#endif
