/* SPDX-License-Identifier: MIT */
/*
 * queue_walk: the messages of the queue that somebody means, one by one,
 * whoever works on them meanwhile.
 */
#ifndef COMMAND_QUEUE_WALK_H
#define COMMAND_QUEUE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "store/claim.h"
#include "store/spool.h"

enum { QUEUE_WALK_MEMORY = 8 << 20 /* of one message's head, read twice */ };

/* Which ones: all that is given must hold. */
struct queue_pick {
	const char *const *prefix; /* of ids, one of them; n 0: any */
	size_t n;
	struct str from, to; /* a part of an address, any case */
	int64_t before;      /* arrived; 0: any time */
};

struct queue_seen {
	const char *id;
	const struct claim *claim; /* a look; NULL: the file is not readable */
	const struct err *why;     /* of NULL */
	size_t unique; /* letters by which ids differ here; 0: not known */
};
/* False with *e ends the walk. */
typedef bool queue_walk_fn(void *arg, const struct queue_seen *seen,
    struct err *e);

struct queue_walk {
	struct spool *spool;
	unsigned folders; /* where no id is named */
	const struct queue_pick *pick;
	const struct log *log; /* files that are not ours are told there */
	queue_walk_fn *each;
	void *arg;
	/* NULL: all are told. Else only the first `most`; counts them all */
	size_t *total;
	size_t most;
	/* by folder. NULL, or else, where no filter stands and no id is named,
	   all are counted here, and none is opened and told */
	size_t *count;
};

/*
 * Calls w->each for each, the oldest first; for named ids in their order,
 * wherever they are. What cannot be read passes only where no filter stands.
 * False: each said so, or a prefix fits none or several (ERR_INPUT), or a
 * folder cannot be read.
 */
bool queue_walk(const struct queue_walk *w, struct err *e)
    __attribute__((warn_unused_result));

#endif
