/* SPDX-License-Identifier: MIT */
/*
 * slot: one of the few requests that a mailbox takes at a time.
 *
 * Shared by all processes and users of this machine: a slot is an abstract
 * UNIX socket, whose name has a hash of the mailbox and a number. Who binds
 * it has it, until the slot is given back or the process is gone. Nothing is
 * left behind, and nobody needs a folder that all may write.
 *
 * Anybody on the machine can bind these names, so a socket counts for as long
 * as it is there only where root or we ourselves listen on it. Where another
 * user holds one (or nobody listens, or its queue is full), it is waited for
 * until the deadline, as a request of that user may be under way; then the
 * request goes without a slot, and for SLOT_DOUBT_MS no such socket is waited
 * for. Nobody can stop a mailbox.
 *
 * Abstract sockets belong to a network namespace: a container with a network
 * of its own counts for itself.
 *
 * Source: facts.md 5.1 (4 for an app and a mailbox); unix(7) (SO_PEERCRED of
 * who connects is that of who called listen).
 */
#ifndef DELIVER_SLOT_H
#define DELIVER_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { SLOT_MOST = 4, SLOT_DOUBT_MS = 600000 };

struct slot {
	int fd;        /* -1: it goes without */
	bool taken;    /* false: none is held */
	int64_t doubt; /* monotonic ms: no other user is waited for until then;
			  stays when it is freed */
	long stranger; /* the other user; -1: not known */
};

/*
 * Waits for a slot until the deadline (monotonic ms). ERR_RETRY: all are in
 * use, or there can be no socket. The mailbox counts in any case of letters.
 * s begins zeroed, and then is the same for all requests of a process.
 */
bool slot_take(struct slot *s, struct str mailbox, int64_t deadline,
    struct err *e) __attribute__((warn_unused_result));
void slot_free(struct slot *s); /* a zeroed one is fine */

#endif
