/* SPDX-License-Identifier: MIT */
/* watch: what others can see of a relay's manager: that it lives, and its
 * queue in numbers (base/stats.h). Nothing where the log has no way. */
#ifndef DELIVER_WATCH_H
#define DELIVER_WATCH_H

#include "base/log.h"
#include "deliver/hands.h"
#include "deliver/index.h"
#include "store/spool.h"

enum { WATCH_WAKE_S = 10 /* how long the manager sleeps at most */ };

/*
 * Counts every few seconds, however often it is called. unread: messages of
 * the queue that are not in the index yet.
 */
void watch_queue(const struct log *log, const struct index *x,
    const struct hands *h, size_t unread, struct spool *s);

#endif
