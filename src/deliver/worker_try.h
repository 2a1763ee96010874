/* SPDX-License-Identifier: MIT */
/* worker_try: one request for a message, or the search for what became of it.
 */
#ifndef DELIVER_WORKER_TRY_H
#define DELIVER_WORKER_TRY_H

#include "deliver/worker_job.h"

/*
 * For the recipients in j->part. True: it is sent. False: *e says why not, and
 * j->what whether it was tried.
 */
bool worker_try(struct worker_job *j, struct err *e)
    __attribute__((warn_unused_result));

/* Will Sent Items tell, before it is sent once more or given up? */
bool worker_try_will_search(struct worker_job *j);
bool worker_try_is_once(const struct worker_job *j); /* delivery = once */

#endif
