/* SPDX-License-Identifier: MIT */
/* queue_import: files that were exported, taken in one by one. */
#ifndef COMMAND_QUEUE_IMPORT_H
#define COMMAND_QUEUE_IMPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "store/spool.h"

/* One that fails does not stop the others. */
typedef void queue_import_fail_fn(void *arg, const struct err *e);

struct queue_import {
	struct spool *spool;
	const struct log *log;
	bool keep;       /* the files stay */
	struct buf *out; /* "ID is queued", a line each */
	queue_import_fail_fn *fail;
	void *arg;
	size_t n; /* taken, or here already */
};

/* A file, or all that end as carry.h says of a folder. */
void queue_import(struct queue_import *m, const char *path);

#endif
