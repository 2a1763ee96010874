/* SPDX-License-Identifier: MIT */
/*
 * queue_sum: what a pass did, for people, for scripts and as exit status.
 *
 *	sent, hold, dead	that became so
 *	later		tried and to be tried again, or not due yet
 *	waiting		held up with their mailbox, not tried
 *
 * Source: design.md 1 (`queue run`).
 */
#ifndef COMMAND_QUEUE_SUM_H
#define COMMAND_QUEUE_SUM_H

#include "base/buf.h"
#include "deliver/manager.h"

/* 0 when nothing stays that was tried in vain; else 75, 77 or 78. */
int queue_sum_exit(const struct manager_sum *s);

/*
 * Appends a line: "3 sent, 1 later (next 20:17), 1 dead", by this machine's
 * clock; "nothing is due" where nothing was done or is left.
 */
void queue_sum_text(struct buf *out, const struct manager_sum *s, int64_t now);

/* Appends an object and a line end. ERR_INPUT: out is full. */
bool queue_sum_json(struct buf *out, const struct manager_sum *s, struct err *e)
    __attribute__((warn_unused_result));

#endif
