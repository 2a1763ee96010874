/* SPDX-License-Identifier: MIT */
/* worker_account: what the outcome of one message means for its account. */
#ifndef DELIVER_WORKER_ACCOUNT_H
#define DELIVER_WORKER_ACCOUNT_H

#include "deliver/worker_job.h"

/* After an attempt whose outcome is settled: who has to wait, or no more. */
void worker_account_note(struct worker_job *j);

#endif
