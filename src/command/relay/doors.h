/* SPDX-License-Identifier: MIT */
/*
 * doors: the sockets that listen. The parent opens them once; the same address
 * in new settings stays the same socket, so that nobody is turned away while
 * they change.
 */
#ifndef COMMAND_RELAY_DOORS_H
#define COMMAND_RELAY_DOORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "command/relay/launch.h"
#include "command/relay/plan.h"

struct doors {
	struct door {
		struct str text; /* as the settings have it */
		int fd;
	} door[LAUNCH_DOORS];
	size_t n;      /* of them, */
	size_t served; /* by reception, the first of them */
	/* of those behind: where users see their own messages, and the
	   dashboard's; 0: there is none, since at least one serves mail */
	size_t window, web;
	struct arena names;
};

/*
 * Opens what plan wants, in the order of bundle.h, and seals it; what is open
 * in have is shared. The names in out are the plan's until doors_follow.
 */
bool doors_open(const struct doors *have, struct plan *plan,
    const struct log *log, struct doors *out, struct err *e)
    __attribute__((warn_unused_result));
/* next counts: closes those of have that it has not. */
void doors_follow(struct doors *have, const struct doors *next);
/* next does not: closes those of it that have has not. */
void doors_give_up(const struct doors *have, struct doors *next);

#endif
