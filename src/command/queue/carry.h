/* SPDX-License-Identifier: MIT */
/*
 * queue_carry: messages as files that a person carries to another host.
 *
 * The file is that of the spool, byte for byte: envelope, where the message
 * stands (a recipient who has it, a request whose outcome is not known) and
 * an end record with the SHA-256. A message is at all times in at least one
 * place that survives a power cut; a cut between the two steps leaves it in
 * both, under the same id.
 */
#ifndef COMMAND_QUEUE_CARRY_H
#define COMMAND_QUEUE_CARRY_H

#include <stdbool.h>

#include "base/dir.h"
#include "store/claim.h"

#define QUEUE_CARRY_END ".post365"

/*
 * Writes an owned message into the folder as ID.post365, synced whatever
 * spool_sync says. The claim stays open. ERR_RETRY; ERR_INPUT: there is a
 * file of that name.
 */
bool queue_carry_out(const struct claim *c, const struct dir *to, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Takes a file in, as queued. Its id stays if it is free, else it gets a new
 * one. *here: that very message is in the queue already, and nothing is done.
 * ERR_INPUT: no file, none of ours, cut short or changed; ERR_CONFIG: of a
 * later version; ERR_RETRY: not stored.
 */
bool queue_carry_in(struct spool *s, const char *path,
    char id[ENVELOPE_ID_SIZE], bool *here, struct err *e)
    __attribute__((warn_unused_result));

#endif
