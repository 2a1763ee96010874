/* SPDX-License-Identifier: MIT */
/*
 * asking: who is connected to the bell of a manager (bell.h, manager.h). Most
 * ring and are gone; who asked for a pass waits for its sum.
 *
 * At most ASKING_MOST are connected at a time; further ones wait in the
 * listener's queue, and so do all where there is no descriptor.
 *
 * Source: design.md 5 (manager).
 */
#ifndef DELIVER_ASKING_H
#define DELIVER_ASKING_H

#include <poll.h>

#include "deliver/bell.h"
#include "deliver/manager.h"

enum { ASKING_MOST = 16, ASKING_FDS = ASKING_MOST + 1 };

struct asking_one {
	int fd;     /* -1: none */
	bool wants; /* the sum; else it only connected, and may still ring */
	struct manager_sum before;
};

struct asking {
	int bell;     /* -1: nobody can ring */
	int64_t rest; /* monotonic ms: until then nobody is taken */
	struct asking_one one[ASKING_MOST];
};

/* Nobody yet, and no bell. */
void asking_init(struct asking *a);
/* The bell stays as it is: bell_close. */
void asking_close(struct asking *a);

/*
 * What to wait for, and *deadline (monotonic ms) earlier if need be. Gives how
 * many they are.
 */
size_t asking_poll(const struct asking *a, struct pollfd fds[ASKING_FDS],
    int64_t *deadline);

/* sum: what the manager has done so far. rang: for each ring. */
typedef void asking_rang(void *arg, const struct bell_ring *ring);
struct asking_take {
	const struct manager_sum *sum;
	asking_rang *rang;
	void *arg;
};
/* A descriptor of asking_poll is ready; any other one does nothing. */
void asking_ready(struct asking *a, int fd, const struct asking_take *take);

/* A pass is done: who waits for its sum gets it. */
void asking_answer(struct asking *a, const struct manager_sum *sum);

#endif
