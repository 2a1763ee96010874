/* SPDX-License-Identifier: MIT */
/*
 * worker_returns: after sending, the inboxes of all accounts that want it are
 * looked into for bounces (returns.h), when no mail waits for it. What fails
 * is logged and holds up nothing.
 */
#ifndef DELIVER_WORKER_RETURNS_H
#define DELIVER_WORKER_RETURNS_H

#include "base/log.h"
#include "config/config.h"
#include "store/journal.h"

/* path: -C, or NULL; c: what it says, for the names of the accounts. */
void worker_returns(const struct config *c, const char *path,
    const struct journal *j, const struct log *log);

/*
 * The same every RETURNS_EVERY_S, by a process of its own that ends with this
 * one; none is started where no account wants it.
 */
void worker_returns_start(const struct config *c, const char *path,
    const struct log *log);

#endif
