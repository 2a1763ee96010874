/* SPDX-License-Identifier: MIT */
/* worker_account: what the outcome of one message means for its account. */
#ifndef DELIVER_WORKER_ACCOUNT_H
#define DELIVER_WORKER_ACCOUNT_H

#include "deliver/worker_job.h"

/* After the verdict: its mailbox has to wait, or no more. */
void worker_account_note(struct worker_job *j, enum mailbox_event what);

#endif
