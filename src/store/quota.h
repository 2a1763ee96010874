/* SPDX-License-Identifier: MIT */
/*
 * quota: how much was taken lately, so that no more than allowed is taken in
 * any stretch of time as long as the window. Pure.
 *
 * Time is counted in parts of the window, and what was taken in a part counts
 * until the last moment of it is as old as the window: a window and a part at
 * the most. Fixed in size, whatever is counted.
 *
 * A clock that is set back makes all that is counted as new as can be, so
 * nobody waits for longer than that either; one that jumps ahead forgets.
 *
 * As text: QUOTA_FIELDS numbers of twelve digits: the window, the newest part
 * and what was taken in it, then in the ones before.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdint.h>

#include "base/str.h"

enum {
	QUOTA_PARTS = 30, /* the window is a multiple, in seconds */
	QUOTA_FIELDS = QUOTA_PARTS + 3,
	QUOTA_SIZE = QUOTA_FIELDS * 13 /* bytes of the text */
};

struct quota {
	int64_t window;                  /* seconds */
	int64_t part;                    /* the newest one: time / its length */
	uint64_t taken[QUOTA_PARTS + 1]; /* newest first */
};

/* What is no such text, or is about another window, is empty. */
void quota_read(struct quota *q, struct str text, int64_t window);
void quota_write(const struct quota *q, char out[QUOTA_SIZE]);

/* n is wanted, of `most`; `mine` was taken for the same thing before. */
struct quota_ask {
	uint64_t most, n, mine;
};

/*
 * Seconds until it may be taken; 0: now. What nobody else took in the window
 * may always be: one thing larger than `most` can never wait long enough.
 */
int64_t quota_wait(struct quota *q, const struct quota_ask *ask, int64_t now);

void quota_add(struct quota *q, uint64_t n, int64_t now);

#endif
