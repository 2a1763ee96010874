/* SPDX-License-Identifier: MIT */
/*
 * queue_table: the queue for people, as columns that fit the screen.
 *
 *	ID        AGE  SIZE TRY NEXT    TO                      WHY
 *	6B0C8647   2m   41M   1 in 55s  ops@contoso.com         ErrorServerBusy
 *
 * TRY counts requests that were made: what waits with its mailbox and was
 * never tried has 0 and no code of its own. A screen of less than 60 columns
 * has WHY on a line of its own, and neither SIZE nor TRY; one of 110 has FROM,
 * too. Without a screen nothing is cut, and ids are whole. Ids of requests
 * are in `queue show`.
 *
 * Pure: each function appends.
 */
#ifndef COMMAND_QUEUE_TABLE_H
#define COMMAND_QUEUE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "command/queue/wait.h"
#include "store/claim.h"

enum { QUEUE_TABLE_BOXES = 8 /* waiting mailboxes that are named */ };

/* Begins zeroed but for the first four. */
struct queue_table {
	size_t width; /* columns; 0: no screen */
	int64_t now;
	struct buf *out;
	bool subject; /* a column for it */
	size_t id;    /* letters of an id; set by the first row */
	struct {
		char key[MAILBOX_KEY_SIZE], name[MAILBOX_NAME_SIZE];
		char id[ENVELOPE_ID_SIZE]; /* of one that waits */
		char code[ERR_CODE_SIZE], act[QUEUE_WAIT_ACT];
		int64_t until;
		enum err_kind kind;
	} box[QUEUE_TABLE_BOXES];
	size_t boxes; /* may be more than are named */
};

/* unique: letters by which ids of the queue differ; 0: the whole id. */
void queue_table_row(struct queue_table *t, const struct claim *c,
    const struct queue_wait *w, size_t unique);
/* The mailboxes that wait, and how many messages there are; shown: rows. */
void queue_table_end(struct queue_table *t, size_t shown, size_t messages);

#endif
