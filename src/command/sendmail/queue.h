/* SPDX-License-Identifier: MIT */
/*
 * sendmail_queue: -q, which tries what waits, due or not, until the service is
 * found to be away.
 *
 *	-q		all, in the background; -qf or -v: while the caller
 *			waits
 *	-qIid -qRtext -qStext
 *			those of an id, a recipient, a sender; the caller waits
 *	-q15m		how often a daemon would do it: nothing to do
 *
 * Source: sendmail.md 1.2.
 */
#ifndef COMMAND_SENDMAIL_QUEUE_H
#define COMMAND_SENDMAIL_QUEUE_H

#include <stdbool.h>

#include "base/err.h"
#include "command/sendmail/option.h"
#include "command/sendmail/post.h"

/*
 * What stays in the queue is no failure. ERR_USAGE: -q with another letter;
 * ERR_INPUT: no such message; or the spool cannot be read or written.
 */
bool sendmail_queue_run(struct sendmail_post *d, const struct sendmail_ask *ask,
    struct err *e) __attribute__((warn_unused_result));

#endif
