/* SPDX-License-Identifier: MIT */
/*
 * outgoing: a message ready to leave, in the forms that the routes want.
 *
 * Made by compose/prepare from what `send` collected or from a message that
 * came ready; sent by outgoing_send. All sources can be read again, so every
 * retry sends the same bytes.
 */
#ifndef GRAPH_OUTGOING_H
#define GRAPH_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/source.h"
#include "base/str.h"
#include "graph/route.h"
#include "graph/send.h"
#include "mail/message.h"

/* An attachment that the draft route sends by itself. */
struct outgoing_file {
	struct str name, type;
	struct str cid;        /* p NULL: an attachment, else inline */
	struct source content; /* decoded */
};

enum { OUTGOING_FILES_MAX = MESSAGE_FILES_MAX };

struct outgoing {
	struct str mailbox, message_id;
	const struct addr *rcpt; /* who gets it, each once */
	struct source mime;      /* all of it, as it goes by the mime route */
	struct source
	    rest; /* the same without file[]: what a draft is made of */
	struct outgoing_file *file; /* up to OUTGOING_FILES_MAX */
	size_t n_files;
	const struct message *message; /* the same as parts; NULL: none */
	struct route_facts facts;
	bool save_to_sent;
};

/* Told of how it goes on. Each may be NULL. */
struct outgoing_progress {
	/* bytes of an upload, for a bar on a terminal. False: it is to end
	   here, as *e says, and its draft is removed */
	bool (*step)(void *arg, uint64_t done, uint64_t all, struct err *e);
	/* a draft is complete and is sent next: its id for draft_resume. False:
	   it is not sent. "": it was not sent and is removed next, so that its
	   id must not be asked any more. False: it stays */
	bool (*keep)(void *arg, struct str id, struct err *e);
	void *arg;
};

/*
 * One attempt by one route. *out is filled on failure too, as far as it
 * went. A draft that cannot be completed is removed, and a mail never leaves
 * without one of its files.
 */
bool outgoing_send(struct graph *g, const struct outgoing *m, enum route route,
    const struct outgoing_progress *progress, struct send_result *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
