/* SPDX-License-Identifier: MIT */
/*
 * beside: work that would hold up a loop, done in threads of its own.
 *
 * Jobs are handed over in order. A thread takes its share of all that wait at
 * once, so that they can share what is slow (an fsync); who polls `fd` learns
 * that some are done. What a job touches is the thread's from beside_add until
 * beside_done gives it back.
 */
#ifndef RELAY_BESIDE_H
#define RELAY_BESIDE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { BESIDE_THREADS = 8 };

struct beside_job {
	struct beside_job *next;
};

struct beside {
	/* does all of a list, in a thread */
	void (*work)(void *arg, struct beside_job *list);
	void *arg;
	int fd; /* readable: beside_done has something */
	pthread_t thread[BESIDE_THREADS];
	size_t threads; /* that were started */
	size_t wanted, n_waiting;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct beside_job *waiting, **waiting_end;
	struct beside_job *done, **done_end;
	bool over;
};

/*
 * Starts `wanted` threads, up to BESIDE_THREADS, of work(arg, ...): all three
 * are set. ERR_RETRY: there can be none. Must not be moved until beside_stop.
 */
bool beside_start(struct beside *b, struct err *e)
    __attribute__((warn_unused_result));
void beside_add(struct beside *b, struct beside_job *job);
/* All that are done, in order; NULL: none is. */
struct beside_job *beside_done(struct beside *b);
/* Waits until all that were added are done, and ends the threads. */
void beside_stop(struct beside *b);

#endif
