/* SPDX-License-Identifier: MIT */
/*
 * index: which message is tried next. Pure: no files, no processes, no clock.
 *
 * It knows 24 bytes of each message: its id, when it is due, its mailbox and
 * whether it is large. The rules, in this order:
 *
 *	a mailbox that is held up gives nothing before its time;
 *	one that waits for a setting or a permission (a probe) gives one
 *	message at a time, and another one than failed last, if there is one;
 *	one that sent nothing yet gives one message, and one more after each
 *	INDEX_GROW_MS: one message finds out what six need not find out;
 *	else INDEX_EACH messages of a mailbox are in workers' hands at a time,
 *	of them INDEX_LARGE large ones;
 *	the last INDEX_SPARE hands are for mailboxes that have none;
 *	mailboxes take turns;
 *	within a mailbox, what arrived first goes first.
 *
 * Six and not the four that Graph takes at a time: a message has work before
 * and after its request, and slot.h holds the requests to four.
 *
 * Times are the caller's: `now` and `due` in wall-clock seconds, ms monotonic.
 *
 * Source: design.md 5 (manager).
 */
#ifndef DELIVER_INDEX_H
#define DELIVER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	INDEX_EACH = 6,  /* messages of a mailbox in workers' hands */
	INDEX_LARGE = 2, /* of those, large ones */
	INDEX_SPARE = 4, /* hands that are for mailboxes without any */
	INDEX_GROW_MS = 5000,
	INDEX_KEY_SIZE = 17,
	INDEX_NO_BOX = -1
};

/* rank orders a heap: the id, or when it is due. */
struct index_item {
	uint64_t rank, id;
	int box;
	bool large;
};

struct index_box {
	char key[INDEX_KEY_SIZE]; /* which mailbox (mailbox.h) */
	struct buf ready[2];      /* heaps by id: small ones, large ones */
	unsigned busy[2];         /* the same, in workers' hands */
	int64_t until;            /* nothing before this; 0: it is free */
	bool probe;               /* it waits for a setting */
	uint64_t last;            /* id whose try failed last; 0: none */
	bool works;               /* a message of it was sent */
	int64_t began_ms;         /* when its first one was handed out; or 0 */
};

struct index {
	struct buf box;   /* struct index_box */
	struct buf later; /* a heap by due time */
	size_t turn;      /* the box that is asked first */
	size_t most;      /* hands that there may be */
	size_t busy;
};

/* Zeroes. most: workers at a time. */
void index_init(struct index *x, size_t most);
void index_release(struct index *x);
/* Forgets the messages; mailboxes and what is in hands stay. */
void index_clear(struct index *x);

/* The mailbox of this key, made if it is new; INDEX_NO_BOX: no memory. */
int index_find_box(struct index *x, const char key[INDEX_KEY_SIZE]);
struct index_box *index_box(const struct index *x, int box);
size_t index_boxes(const struct index *x);

/*
 * due 0: it is ready, and its mailbox is known. False: no memory for it.
 */
bool index_add(struct index *x, const struct index_item *item, int64_t due)
    __attribute__((warn_unused_result));

struct index_when {
	int64_t now, ms;
};

/*
 * Takes the next message. False: none may go now. The caller says index_done
 * when it is out of its worker's hands.
 */
bool index_next(struct index *x, struct index_when when,
    struct index_item *out);
void index_done(struct index *x, const struct index_item *item);

/*
 * Takes one that is due and whose mailbox is not known (box INDEX_NO_BOX): its
 * head is to be read, and it is added anew. index_next stops before it.
 */
bool index_next_unread(struct index *x, int64_t now, uint64_t *id);

/*
 * When (wall clock) something that waits for its time, or for its mailbox's,
 * is due; 0: nothing waits. What only waits for a free hand does not count.
 */
int64_t index_due(const struct index *x, int64_t now);
/* All messages; *oldest: the smallest id of them, unless it was smaller. */
size_t index_all(const struct index *x, uint64_t *oldest);
/* Messages that are ready, of all mailboxes or of one. */
size_t index_ready(const struct index *x);
size_t index_box_ready(const struct index_box *b);
/* Does one that may go wait for a free hand? */
bool index_may_go(struct index *x, int64_t now);

#endif
