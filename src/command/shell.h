/* SPDX-License-Identifier: MIT */
/* shell: runs a command of the administrator's and reads what it prints. */
#ifndef COMMAND_SHELL_H
#define COMMAND_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Runs /bin/sh -c and appends its standard output. Its standard input is
 * empty, its standard error ours. ERR_CONFIG: it could not be started, said
 * too much for out, ended with another status than 0, or was still running
 * at the deadline (it is killed then).
 */
bool shell_read(const char *command, int64_t deadline, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
