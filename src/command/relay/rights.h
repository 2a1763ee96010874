/* SPDX-License-Identifier: MIT */
/* rights: the setting `user`: a relay that root starts goes on as that one. */
#ifndef COMMAND_RELAY_RIGHTS_H
#define COMMAND_RELAY_RIGHTS_H

#include <stdbool.h>

#include "base/err.h"
#include "command/relay/plan.h"

/*
 * Makes the folders that are missing, its own, becomes it, and sees whether it
 * can read what a reload reads; without the setting nothing happens. The usual
 * folders of root go into the environment. ERR_CONFIG, ERR_RETRY.
 */
bool rights_drop(const struct plan *p, struct err *e)
    __attribute__((warn_unused_result));

/*
 * As root: becomes the user of the setting (else the owner of the queue), for
 * good, and appends a line for each file that it could not read and folder
 * that it could not write, or that all is well. False: something is not. For
 * others nothing is said.
 */
bool rights_check(const struct plan *p, struct buf *out)
    __attribute__((warn_unused_result));

#endif
