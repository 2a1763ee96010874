/* SPDX-License-Identifier: MIT */
/*
 * shell: runs a command of the administrator's by /bin/sh -c, and reads what
 * it prints or gives it something to read.
 *
 * It has a process group of its own, which ends as a whole when the command
 * fails, takes too long, or this process dies; but where a person sits at the
 * terminal it stays in ours, so that it can ask that person. A command that
 * has ended is done with: what it left running in the background (an agent, a
 * tunnel) goes on, and is not waited for even if it holds the output open.
 *
 * ERR_RETRY: it ended with status 75 (EX_TEMPFAIL) or by a signal, or was
 * still running at the deadline: that may pass by itself. ERR_CONFIG: any
 * other status, or it could not be started.
 */
#ifndef BASE_SHELL_H
#define BASE_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends its standard output; its standard input is empty, its standard
 * error is ours. ERR_CONFIG, too: it said too much for out.
 */
bool shell_read(const char *command, int64_t deadline, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Gives it text on its standard input, at most SHELL_TEXT_MOST bytes. The
 * last line that it prints is in the error, if it fails.
 */
enum { SHELL_TEXT_MOST = 4096 }; /* an empty pipe takes a page: pipe(7) */
bool shell_write(const char *command, int64_t deadline, struct str text,
    struct err *e) __attribute__((warn_unused_result));

#endif
