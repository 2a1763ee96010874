/* SPDX-License-Identifier: MIT */
/*
 * send: one message by Graph's sendMail, as JSON.
 *
 * Source: FACTS.md 4.2 (JSON form), 4.4 (sizes).
 */
#ifndef GRAPH_SEND_H
#define GRAPH_SEND_H

#include <stdbool.h>

#include "base/buf.h"
#include "graph/call.h"
#include "mail/message.h"

enum {
	/* FACTS.md 4.4: "4 MB", nowhere given in bytes. The larger reading: a
	   file of nearly 3 MB then fits, and 413 says if it was wrong. */
	SEND_REQUEST_MAX = 4 * 1024 * 1024,
	SEND_FILE_MAX = 3000000,   /* "under 3 MB" each, likewise */
	SEND_X_FIELDS_MAX = 5,     /* internetMessageHeaders */
	SEND_SUBJECT_MAX = 255,    /* characters */
	SEND_RECIPIENTS_MAX = 1000 /* the most that a mailbox may allow */
};

struct send_options {
	struct str mailbox; /* the user in the URL */
	bool save_to_sent;
};

struct send_result {
	const char *via; /* "json" */
	char request_id[FAULT_ID_SIZE];
	char client_request_id[OS_UUID_SIZE];
	unsigned attempts; /* requests made to Graph */
};

/*
 * Appends the request's JSON; files are read in pieces. ERR_INPUT is what
 * message_check says, or names the part that Graph's JSON cannot carry (a
 * field without x-, a sixth one, text beside HTML, a subject, a file or a
 * request too large), or what a file's source says: nothing was sent, and
 * out is as it was.
 */
bool send_json(const struct message *m, const struct send_options *o,
    struct buf *out, struct err *e) __attribute__((warn_unused_result));

/* Appends "/users/{mailbox}/sendMail", encoded. */
void send_path(struct buf *out, struct str mailbox);

/* One attempt. *out is filled on failure too, as far as it went. */
bool send_message(struct graph *g, const struct message *m,
    const struct send_options *o, struct send_result *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
