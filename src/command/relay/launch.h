/* SPDX-License-Identifier: MIT */
/* launch: makes a process that was forked the relay's reception. */
#ifndef COMMAND_RELAY_LAUNCH_H
#define COMMAND_RELAY_LAUNCH_H

#include <stddef.h>

#include "base/log.h"
#include "relay/bundle.h"

enum {
	LAUNCH_DOORS = 68,
	LAUNCH_FIRST = BUNDLE_DOORS - BUNDLE_SETTINGS, /* besides the doors */
	LAUNCH_FDS = LAUNCH_FIRST + LAUNCH_DOORS + 1
};

/*
 * fd[0] .. fd[n - 1] become its descriptors from BUNDLE_SETTINGS on (-1: it has
 * none there), fd[n] is the executable. It gets SIGTERM when its parent ends.
 */
void launch_reception(int fd[LAUNCH_FDS], size_t n, const struct log *log)
    __attribute__((noreturn));

#endif
