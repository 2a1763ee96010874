/* SPDX-License-Identifier: MIT */
/*
 * queue_text: a message of the queue as text. Pure: each function appends.
 *
 * The JSON's names and the words of `state` are a contract (design.md 1); the
 * text of mailq is Postfix's with long ids, blank for blank, for other
 * software reads it (sendmail.md 3.4; postfix 3.7 src/postqueue).
 */
#ifndef COMMAND_QUEUE_TEXT_H
#define COMMAND_QUEUE_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "command/queue/wait.h"
#include "store/claim.h"

/*
 * "queued", "active", "hold", "dead". What a worker left that died is queued:
 * the next one takes it.
 */
const char *queue_text_state(const struct claim *c);

/*
 * One object and a line end. ERR_INPUT: a text is not UTF-8, or out is full.
 */
bool queue_text_json(struct buf *out, const struct claim *c,
    const struct queue_wait *w, struct err *e)
    __attribute__((warn_unused_result));

/* All that is known, as "Name: value" lines. */
void queue_text_show(struct buf *out, const struct claim *c,
    const struct queue_wait *w);

/* mailq: the heading comes with the first message. */
struct queue_total {
	uint64_t bytes;
	size_t n;
};
void queue_text_mailq(struct buf *out, struct queue_total *t,
    const struct claim *c, const struct queue_wait *w);
void queue_text_mailq_end(struct buf *out, const struct queue_total *t);

#endif
