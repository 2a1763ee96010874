/* SPDX-License-Identifier: MIT */
/*
 * own: each user's own messages, for who may not see the queue. A relay that
 * runs listens on a socket beside that of the setting `socket`; who connects
 * sends nothing: the kernel says who it is, and the answer is what mailq
 * prints, of the messages that this uid handed in by a UNIX socket or the drop
 * folder, and of no other.
 *
 * Source: relay.md 6.10.
 */
#ifndef COMMAND_QUEUE_OWN_H
#define COMMAND_QUEUE_OWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

enum { QUEUE_OWN_PATH = 108 /* as long as a socket's name may be */ };

/* Where it listens, by that of `socket`. False: it has no room. */
bool queue_own_path(const char *socket, char out[QUEUE_OWN_PATH]);

/* Prints the answer. False: nobody answers, and nothing was printed. */
bool queue_own_ask(const struct config *c);

/* Was it handed in by that user of this machine? client: of the envelope. */
bool queue_own_is(struct str client, uid_t uid);

#endif
