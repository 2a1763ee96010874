/* SPDX-License-Identifier: MIT */
/*
 * slot: one of the few requests that a mailbox takes at a time.
 *
 * Shared by all processes and users of this machine: a slot is an abstract
 * UNIX socket, whose name has a hash of the mailbox and a number. Who binds
 * it has it, until the slot is given back or the process is gone. Nothing is
 * left behind, and nobody needs a folder that all may write.
 *
 * Abstract sockets belong to a network namespace: a container with a network
 * of its own counts for itself.
 *
 * Source: facts.md 5.1 (4 for an app and a mailbox); unix(7).
 */
#ifndef DELIVER_SLOT_H
#define DELIVER_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { SLOT_MOST = 4 };

struct slot {
	int fd;
	bool taken; /* false: none is held */
};

/*
 * Waits for a slot until the deadline (monotonic ms). ERR_RETRY: all are in
 * use, or there can be no socket. The mailbox counts in any case of letters.
 */
bool slot_take(struct slot *s, struct str mailbox, int64_t deadline,
    struct err *e) __attribute__((warn_unused_result));
void slot_free(struct slot *s); /* a zeroed one is fine */

#endif
