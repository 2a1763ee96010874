/* SPDX-License-Identifier: MIT */
/*
 * upload: one attachment of a draft, of any size up to 150 MB, in ranges.
 *
 * The session's address carries its own right: no Authorization goes there,
 * it is used as it came, whatever its host, and -v does not show it. What
 * becomes of a range:
 *
 *	201, and it was the last	the attachment is there
 *	200				on where the server says, else behind it
 *	no answer, 408, 429, 5xx	once more (graph/patience.h)
 *	another offset is named		on from there
 *	401, 404, 410, session unknown	a new session, from the first byte; a
 *					401 of the last one is for want of a
 *					permission
 *	anything else			given up
 *
 * A session is also unknown once its file is complete. So, when the answer to
 * the last range got lost, the draft's attachments are counted before anything
 * else: the file is attached once, or the upload fails.
 *
 * Memory is that of one HTTP request.
 *
 * Source: facts.md 4.5 (Graph, outlook-large-attachments and
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
	UPLOAD_MOST = 150 * 1024 * 1024, /* "150 MB", the larger reading */
	UPLOAD_SESSIONS = 4,             /* begun for one file */
	/* that Exchange may add to the size of an attachment it lists */
	UPLOAD_OVERHEAD = 65536
};

/* One file on its way. All is borrowed. */
struct upload_job {
	struct graph *g;
	struct str path; /* of the draft: "/users/x/messages/ID" */
	const struct outgoing_file *file;
	/* of the draft's other files, those listed with this size or more */
	unsigned sure, perhaps;
	const struct outgoing_progress *progress; /* done, all: of the file */
	struct send_result *result;               /* counts the requests */
};

/*
 * False: the draft lacks the file, or may have it twice. ERR_RETRY: a later
 * try may do; ERR_UNSURE is turned into that, since nothing was sent.
 */
bool upload_file(const struct upload_job *job, struct err *e)
    __attribute__((warn_unused_result));

/* The offset that nextExpectedRanges of an answer names; false: none. */
bool upload_next(struct str body, uint64_t *next);

/* The value of Prefer that makes ids stay the same when a draft is sent. */
#define UPLOAD_PREFER STR("IdType=\"ImmutableId\"")

#endif
