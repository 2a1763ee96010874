/* SPDX-License-Identifier: MIT */
/* worker_tell: who hears what became of a message, and where it is written. */
#ifndef DELIVER_WORKER_TELL_H
#define DELIVER_WORKER_TELL_H

#include "deliver/worker_job.h"

/*
 * After the verdict: its sender gets a report, the machine's log a line, a
 * person an alert. The report is durable before the message leaves the queue:
 * where it cannot be stored, the message is not given up yet.
 */
void worker_tell(struct worker_job *j);

/* A line of the journal. False: it is not written; as journal_add. */
bool worker_tell_journal(const struct worker_job *j, const char *verdict,
    struct err *e) __attribute__((warn_unused_result));

/*
 * A line that those of the part have it, and where NOTIFY asks for it a
 * report; both before they count as settled.
 */
bool worker_tell_sent(struct worker_job *j, struct err *e)
    __attribute__((warn_unused_result));

/*
 * A report on those of the part who are bad, and a line, before they count as
 * settled.
 */
bool worker_tell_part(struct worker_job *j, struct err *e)
    __attribute__((warn_unused_result));

#endif
