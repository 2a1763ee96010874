/* SPDX-License-Identifier: MIT */
/*
 * room: may another message be taken in?
 *
 * Who accepts asks before each message. What is full is full for now: that is
 * not remembered, and once there is room the next question says so.
 */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/os.h"
#include "store/spool.h"

enum { SPOOL_FREE_FILES = 64 /* inodes that stay free */ };

/* The settings min_free, max_spool and max_queue; 0: no limit. */
struct spool_limits {
	uint64_t min_free;  /* bytes that stay free on the disk */
	uint64_t max_spool; /* bytes of all files of the spool */
	uint64_t max_queue; /* messages in new/ and work/ */
};

/*
 * Is there room for a message of so many bytes (0: not known)? On a small disk
 * a tenth of it stays free, and of its inodes, if that is less. This costs
 * three or four system calls: the queue is listed only where its folder is
 * large enough to hold max_queue names, and looked through for max_spool. What
 * was found is good for ten times as long as that took, less what was let in
 * since by s; so messages of unknown sizes may exceed max_spool for a moment.
 * False: ERR_RETRY with e->full and what to do.
 */
bool spool_room(struct spool *s, const struct spool_limits *l, uint64_t size,
    struct err *e) __attribute__((warn_unused_result));
/* The same of the disk alone, where at->fd is. */
bool spool_room_at(const struct os_at *at, uint64_t min_free, uint64_t size,
    struct err *e) __attribute__((warn_unused_result));

#endif
