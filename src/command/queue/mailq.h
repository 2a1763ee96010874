/* SPDX-License-Identifier: MIT */
/* mailq: the queue in Postfix's words (text.h). */
#ifndef COMMAND_QUEUE_MAILQ_H
#define COMMAND_QUEUE_MAILQ_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

/*
 * Prints what mailq prints: all but what is dead, which mailq never shows. To
 * who may not see the queue a relay shows his own (own.h).
 */
bool queue_mailq(const struct config_ask *ask, const struct log *log,
    struct err *e) __attribute__((warn_unused_result));
/* Only what this user of the machine handed in. */
bool queue_mailq_own(const struct config *c, uid_t uid, const struct log *log,
    struct err *e) __attribute__((warn_unused_result));

#endif
