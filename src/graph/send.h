/* SPDX-License-Identifier: MIT */
/*
 * send: one message by Graph's sendMail, as JSON or as MIME.
 *
 * Source: facts.md 4.2 (JSON form), 4.3 (MIME form), 4.4 (sizes).
 */
#ifndef GRAPH_SEND_H
#define GRAPH_SEND_H

#include <stdbool.h>

#include "base/buf.h"
#include "graph/call.h"
#include "graph/route.h"
#include "mail/message.h"
#include "mail/rope.h"

enum {
	/* facts.md 4.4: "4 MB", nowhere given in bytes. The larger reading: a
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
	const char *via; /* the route, as route_name says it */
	char request_id[FAULT_ID_SIZE];
	char client_request_id[OS_UUID_SIZE];
	unsigned attempts; /* requests made to Graph */
	int status;        /* what the last one that was to send or to make
			      something was answered with; 0: with nothing */
	/* it was sent, as this clause says: no answer said so; or NULL */
	const char *inferred;
};

/*
 * Appends the request's JSON; files are read in pieces. ERR_INPUT is what
 * message_check says, or names the part that Graph's JSON cannot carry (a
 * field without x-, a sixth one, a subject, a file or a request too large), or
 * what a file's source says: nothing was sent, and out is as it was. Of text
 * and HTML the HTML goes: send_json_facts tells of the loss.
 */
bool send_json(const struct message *m, const struct send_options *o,
    struct buf *out, struct err *e) __attribute__((warn_unused_result));

/*
 * Whether JSON carries the field as a property, each once: a number below
 * SEND_PROPERTIES, or that. Source: facts.md 4.2 (observed, unverified).
 */
enum send_property {
	SEND_UNSUBSCRIBE,
	SEND_REFERENCES,
	SEND_IN_REPLY_TO,
	SEND_PROPERTIES
};
enum send_property send_property_of(struct str name);

/*
 * Fills the json_ members: what JSON could not carry, what it loses, and its
 * size or some bytes more.
 */
void send_json_facts(const struct message *m, struct route_facts *f);

/*
 * What the draft route posts. Appends the message without its files;
 * ERR_INPUT as send_json says it.
 */
bool send_json_draft(const struct message *m, struct str mailbox,
    struct buf *out, struct err *e) __attribute__((warn_unused_result));
/*
 * Appends one file as an attachment of its own. Borrows its content: a rope
 * takes no memory for it.
 */
bool send_json_file(const struct message_file *f, struct rope *out,
    struct err *e) __attribute__((warn_unused_result));

/* Appends "/users/{mailbox}/sendMail", encoded. */
void send_path(struct buf *out, struct str mailbox);

/* One attempt. *out is filled on failure too, as far as it went. */
bool send_message(struct graph *g, const struct message *m,
    const struct send_options *o, struct send_result *out, struct err *e)
    __attribute__((warn_unused_result));

/* The same with a whole message as MIME; it takes no memory for its size. */
bool send_mime(struct graph *g, const struct source *mime,
    const struct send_options *o, struct send_result *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
