/* SPDX-License-Identifier: MIT */
/*
 * pickup: takes what users without a queue left in the drop folder
 * (store/drop.h) into the queue. The manager does it, who is the only one of
 * its spool.
 *
 * Their uid stands in the envelope and in a Received field. A file that is
 * broken, too large or none of ours stays where it is, and is told of once.
 * In one round no user gets more than PICKUP_EACH in, so that one who leaves a
 * million there does not shut out the others.
 */
#ifndef DELIVER_PICKUP_H
#define DELIVER_PICKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "base/syslog.h"
#include "config/config.h"
#include "deliver/outbox.h"

enum {
	PICKUP_EACH = 1000, /* files of a user in one round */
	PICKUP_MOST = 100,  /* in one call: the manager has other work, too */
	PICKUP_USERS = 64,  /* who are counted apart */
	PICKUP_TOLD = 64    /* files that are remembered as told of */
};

struct pickup {
	struct outbox *outbox;       /* these are borrowed */
	const struct config *config; /* of the default account */
	const char *path;            /* -C, or NULL */
	const struct log *log;
	const struct syslog *syslog;
	/* the rest is pickup's */
	struct {
		uid_t uid;
		unsigned n;
	} user[PICKUP_USERS];
	size_t users, taken;
	uint64_t told[PICKUP_TOLD];
	size_t tellings;
	bool full;  /* the queue takes no more, for now */
	bool stuck; /* what was taken cannot be removed */
};

/*
 * Takes some; false: all that there was. What fails is told to the log and
 * stays for the next time.
 */
bool pickup_run(struct pickup *p);

#endif
