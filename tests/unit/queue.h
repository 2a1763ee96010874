/* SPDX-License-Identifier: MIT */
/* queue: a spool in a folder of its own, with a clock that stands. */
#ifndef UNIT_QUEUE_H
#define UNIT_QUEUE_H

#include "base/arena.h"
#include "store/claim.h"
#include "store/spool.h"

enum { QUEUE_NOW = 1795637400 };

struct queue {
	char path[256];
	struct clock clock;
	struct spool spool;
	struct arena arena;
};

/* A new folder; ends the program if that is not possible. */
void queue_new(struct queue *q);
/* The same over an existing folder. */
void queue_open(struct queue *q, const char *path);
void queue_close(struct queue *q);
/* Removes the folder too. */
void queue_end(struct queue *q);

/* One message; false with *e. */
bool queue_put(struct spool *s, const struct envelope *v, struct str body,
    char id[ENVELOPE_ID_SIZE], struct err *e);
/* The same with this body. */
bool queue_add(struct queue *q, struct str body, char id[ENVELOPE_ID_SIZE],
    struct err *e);
extern const struct envelope queue_envelope;

/* How many files are in this folder. */
size_t queue_count(struct queue *q, enum spool_where where);
/* Does the open claim have this body? */
bool queue_has(const struct claim *c, struct str body);

#endif
