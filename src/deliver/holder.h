/* SPDX-License-Identifier: MIT */
/*
 * holder: which process hands out the messages of a spool (manager.h): the one
 * that holds the lock of the file "worker" in its folder.
 */
#ifndef DELIVER_HOLDER_H
#define DELIVER_HOLDER_H

#include <stdbool.h>

#include "base/err.h"
#include "store/spool.h"

/* True with *lock -1: another process is. ERR_RETRY. */
bool holder_lock(const struct spool *s, int *lock, struct err *e)
    __attribute__((warn_unused_result));

/* Writes the number of this process into it, for people. */
void holder_write_number(int lock);

#endif
