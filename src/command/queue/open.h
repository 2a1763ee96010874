/* SPDX-License-Identifier: MIT */
/* open: the settings and the queue, for who looks after it. */
#ifndef COMMAND_QUEUE_OPEN_H
#define COMMAND_QUEUE_OPEN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "deliver/outbox.h"

/* What is opened; release both in any case. */
struct queue_open {
	struct config *config;
	struct outbox *outbox;
	const struct log *log;
	bool look; /* only reads: makes no folder */
};

/* ERR_CONFIG: where either is closed to this user, it says whose it is. */
bool queue_open(const struct queue_open *q, const struct config_ask *ask,
    struct err *e) __attribute__((warn_unused_result));
/* After it failed: because settings or queue are closed to this user? */
bool queue_is_closed(const struct config *c);

#endif
