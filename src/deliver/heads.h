/* SPDX-License-Identifier: MIT */
/*
 * heads: reads the heads of messages, one after another, for what the index
 * has to know of each: whose it is and whether it is large.
 *
 * Source: design.md 5 (index).
 */
#ifndef DELIVER_HEADS_H
#define DELIVER_HEADS_H

#include <stdint.h>

#include "base/arena.h"
#include "deliver/index.h"
#include "deliver/mailbox.h"
#include "store/spool.h"

struct heads {
	struct spool *spool;        /* kept */
	uint64_t large;             /* bytes: more is a large message */
	struct arena mem;           /* of one head */
	struct mailbox_known known; /* of the last one */
};

void heads_open(struct heads *h, struct spool *s, uint64_t large);
void heads_close(struct heads *h);

/*
 * The item of a message, its box made in x if it is new. A mailbox that
 * refused a message before this process knew of it begins with another one.
 * One that cannot be read goes to a worker, who tells why. Box INDEX_NO_BOX:
 * it has gone, or there is no memory.
 */
struct index_item heads_read(struct heads *h, const char *id, struct index *x);

#endif
