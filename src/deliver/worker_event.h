/* SPDX-License-Identifier: MIT */
/*
 * worker_event: an attempt in the log of the relay: an event for each
 * recipient, with all that is known of it. Nothing where the worker's syslog
 * has no way (base/syslog.h).
 *
 * Source: relay.md 4.
 */
#ifndef DELIVER_WORKER_EVENT_H
#define DELIVER_WORKER_EVENT_H

#include "deliver/bounce.h"
#include "deliver/worker_job.h"

/* How it ended for those of the job's part; LATER, DEAD, SENT and so on. */
void worker_event(const struct worker_job *j, enum verdict_message m);
/* All mail of its account waits for a person; or no more. */
void worker_event_waits(const struct worker_job *j, bool waits);
/* It left the queue. */
void worker_event_removed(const struct worker_job *j);
/* A report on it is in the queue, as id. */
void worker_event_report(const struct worker_job *j, const struct bounce *b,
    const char *id);

#endif
