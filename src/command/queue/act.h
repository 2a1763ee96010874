/* SPDX-License-Identifier: MIT */
/*
 * queue_act: what a person does with one message of the queue: hold, release,
 * retry, drop, export. What ends it there stands in the journal.
 */
#ifndef COMMAND_QUEUE_ACT_H
#define COMMAND_QUEUE_ACT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/dir.h"
#include "base/err.h"
#include "command/queue/walk.h"
#include "deliver/outbox.h"
#include "store/claim.h"

struct queue_act;
/* Done with a message that is ours now. Ends the claim if true. */
typedef bool queue_act_fn(struct queue_act *a, struct claim *c, struct err *e);

struct queue_act {
	struct outbox *outbox;
	struct arena *mem; /* for what is noted */
	const char *name;  /* "hold", for messages */
	queue_act_fn *act;
	struct dir *folder; /* of export */
	bool force;         /* retry: also before a time of Microsoft's */
	bool keep;          /* export: on hold */
	bool due;           /* set: something was made so */
	int64_t until;      /* set by retry: its mailbox waits on; or 0 */
};

queue_act_fn queue_act_hold, queue_act_release, queue_act_retry, queue_act_drop,
    queue_act_export;

/*
 * Takes the message, if it is in one of these folders (SPOOL_IN), and acts.
 * ERR_RETRY: it is being sent, or the act cannot be done now. ERR_INPUT: it is
 * gone, or in a state that the act is not for.
 */
bool queue_act_on(struct queue_act *a, const struct queue_seen *seen,
    unsigned folders, struct err *e) __attribute__((warn_unused_result));

#endif
