/* SPDX-License-Identifier: MIT */
/*
 * window: where users ask for their own messages (command/queue/own.h). The
 * parent has a process answer each, of which a user has one at a time: it
 * reads nothing that was sent, and it ends after a minute at the latest.
 */
#ifndef COMMAND_RELAY_WINDOW_H
#define COMMAND_RELAY_WINDOW_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "config/config.h"

enum { WINDOW_MOST = 4 };

struct window {
	int64_t rest; /* monotonic ms: until then nobody is answered */
	struct {
		pid_t pid; /* 0: none */
		uid_t uid;
	} one[WINDOW_MOST];
};

/* Is there a place for one more? now: monotonic ms. */
bool window_is_free(const struct window *w, int64_t now);
/* Somebody connects to the socket fd. mask: of signals, for the process. */
void window_answer(struct window *w, int fd, const struct config *c,
    const struct log *log, const sigset_t *mask);
/* That process ended: was it one of these? */
void window_ended(struct window *w, pid_t pid);

#endif
