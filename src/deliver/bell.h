/* SPDX-License-Identifier: MIT */
/*
 * bell: how other processes reach the manager of a spool (manager.h).
 *
 * A socket "bell" in the spool's folder, made by who holds the manager's lock.
 * Who stored a message rings with its id; who changed what waits (`queue
 * retry`, `release`) rings for a look at all; `queue run` asks for a pass and
 * waits for its sum. A ring that reached nobody says so, and the caller starts
 * a manager of its own. Connections in place of datagrams: so an answer finds
 * its way back, and a manager that ends is noticed by who waits for it.
 *
 * The socket belongs to the spool, so that containers that share the folder
 * find it; its mode is that of the folder's files.
 *
 * Source: design.md 5 (manager); unix(7).
 */
#ifndef DELIVER_BELL_H
#define DELIVER_BELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/spool.h"

enum bell_what {
	BELL_NEW = 1, /* this id is in the queue */
	BELL_AGAIN,   /* look at all anew, whatever was known of mailboxes */
	BELL_RUN      /* the same, and answer when it is done */
};

struct bell_ring {
	int what; /* enum bell_what */
	char id[ENVELOPE_ID_SIZE];
};

/* Begins to listen; an old socket of that name is removed. ERR_RETRY. */
bool bell_open(const struct spool *s, int *fd, struct err *e)
    __attribute__((warn_unused_result));
/* From here on nobody is reached. */
void bell_close(const struct spool *s, int *fd);

/* The next who rang: its connection, non-blocking; -1: errno says why not. */
int bell_accept(int fd);
/* True: *ring is what it wants. False: it went, or said nothing yet. */
bool bell_read(int fd, struct bell_ring *ring)
    __attribute__((warn_unused_result));

/* True: a manager was told. id may be NULL. */
bool bell_ring(const struct spool *s, enum bell_what what, const char *id);
/* The same of a new message, on a connection that the manager has already. */
void bell_tell(int fd, const char *id);
/*
 * Asks for a pass and waits for its answer of n bytes, however long that
 * takes. False: nobody listens, or it ended before it answered.
 */
bool bell_ask(const struct spool *s, void *answer, size_t n);

#endif
