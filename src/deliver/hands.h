/* SPDX-License-Identifier: MIT */
/*
 * hands: worker processes, one message in each. The manager gives a message
 * to a free one and gets an answer; a worker that dies takes nothing along
 * (store/spool.h). Where no process can be started, the caller is told.
 *
 * A worker opens its own spool (locks belong to open files) and loads its own
 * settings, secrets too: the manager knows none.
 *
 * Source: design.md 5 (worker).
 */
#ifndef DELIVER_HANDS_H
#define DELIVER_HANDS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "config/config.h"
#include "deliver/index.h"
#include "deliver/outbox.h"
#include "deliver/worker.h"

enum { HANDS_MOST = 16 };

struct hands_ask {
	struct outbox *outbox;
	const struct config *config; /* where the worker finds its spool */
	const char *path;            /* -C, or NULL */
	const struct log *log;
	const struct syslog *syslog;
};

struct hand {
	pid_t pid;
	int fd;
	bool busy;
	struct index_item item; /* of busy */
};

struct hands {
	struct hands_ask ask;
	struct hand hand[HANDS_MOST];
	size_t n;
};

/* A worker's answer. */
struct hands_answer {
	struct index_item item;
	bool died; /* the worker did; the rest says nothing */
	int signal;
	bool ok; /* false: it could not write down what it did */
	struct err why;
	struct worker_result result;
};

enum hands_given {
	HANDS_GIVEN,
	HANDS_BUSY, /* no more workers to be had; those at work go on */
	HANDS_NONE  /* no process can be started, and none is there */
};

/* Borrows all of ask. */
void hands_open(struct hands *h, const struct hands_ask *ask);
/* Ends the free workers and waits for the others. */
void hands_close(struct hands *h);

enum hands_given hands_give(struct hands *h, const struct index_item *item);
size_t hands_busy(const struct hands *h);
/* Is this message in a worker's hands? */
bool hands_has(const struct hands *h, uint64_t id);

/* For poll: at has HANDS_MOST places; how many it filled. */
size_t hands_poll(const struct hands *h, struct pollfd *at);
/* The answer on this descriptor. False: it was no worker's of ours. */
bool hands_take(struct hands *h, int fd, struct hands_answer *out);

/* The id as text, and back. */
void hands_id(uint64_t id, char out[ENVELOPE_ID_SIZE]);
uint64_t hands_number(const char *id);

#endif
