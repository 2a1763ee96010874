/* SPDX-License-Identifier: MIT */
/*
 * upload: one attachment of a draft, of any size up to 150 MB, in ranges.
 *
 * The session's address carries its own right: no Authorization goes there,
 * and it is used as it came, whatever its host. A range that got lost is sent
 * again, or the upload goes on where the server says; a session that is gone
 * is replaced. Memory is that of one HTTP request.
 *
 * Source: FACTS.md 4.5 (Graph, outlook-large-attachments and
 * attachment-createuploadsession).
 */
#ifndef GRAPH_UPLOAD_H
#define GRAPH_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/call.h"
#include "graph/outgoing.h"

enum {
	UPLOAD_RANGE = 3932160, /* bytes, under 4 MB: 12 times 320 KiB */
	UPLOAD_LEAST = 3000000, /* smaller files are no upload to Graph */
	UPLOAD_FAILURES = 5,    /* in a row without a byte of progress */
	UPLOAD_SESSIONS = 3,    /* begun for one file */
	UPLOAD_WAIT_MS = 60000  /* the longest Retry-After that is waited for */
};

/*
 * Uploads f to the draft whose attachments are at path ("/users/x/messages/
 * ID/attachments"). progress may be NULL; done counts f's bytes. False: the
 * draft lacks the file; ERR_RETRY: a later try may do.
 */
bool upload_file(struct graph *g, struct str path,
    const struct outgoing_file *f, const struct outgoing_progress *progress,
    struct err *e) __attribute__((warn_unused_result));

/* The offset that nextExpectedRanges of an answer names; false: none. */
bool upload_next(struct str body, uint64_t *next);

#endif
