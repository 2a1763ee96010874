/* SPDX-License-Identifier: MIT */
/* worker_try: one request for a message, or the search for what became of it.
 */
#ifndef DELIVER_WORKER_TRY_H
#define DELIVER_WORKER_TRY_H

#include "deliver/worker_job.h"

/*
 * For the recipients in j->part. True: it is sent. False: *e says why not, or
 * j->result->full or j->put_off that it was not tried.
 */
bool worker_try(struct worker_job *j, struct err *e)
    __attribute__((warn_unused_result));

/* Opens the account's connections, if need be. */
bool worker_try_connect(struct worker_job *j, struct err *e)
    __attribute__((warn_unused_result));

bool worker_try_saves_copy(const struct worker_job *j); /* in Sent Items */
bool worker_try_is_once(const struct worker_job *j);    /* delivery = once */

#endif
