/* SPDX-License-Identifier: MIT */
/*
 * enqueue: puts a prepared message into the queue, as it will leave.
 *
 * What prepare decided is kept: Message-ID, Date, From and the recipients, so
 * each later attempt sends the same message. A message for more people than a
 * mailbox takes at a time becomes several, each with the whole header in its
 * file and its own part of the recipients: who delivers shows those only.
 *
 * Source: facts.md 4.4 (RecipientLimits: 500 unless set).
 */
#ifndef DELIVER_ENQUEUE_H
#define DELIVER_ENQUEUE_H

#include <stdbool.h>

#include "base/err.h"
#include "compose/prepare.h"
#include "config/config.h"
#include "deliver/outbox.h"
#include "store/envelope.h"

enum {
	ENQUEUE_RECIPIENTS = 500, /* of one message at a time */
	ENQUEUE_PARTS = ENVELOPE_RECIPIENTS_MOST / ENQUEUE_RECIPIENTS
};

/* How it is to be sent, beside the settings: the envelope's Options. */
struct enqueue_options {
	enum route via;         /* ROUTE_AUTO: as the settings say then */
	bool no_save;           /* no copy in Sent Items */
	bool no_report;         /* who sent it wants none (NOTIFY=NEVER) */
	struct str envelope_id; /* a name that the report repeats (ENVID), as
				   xtext; or empty */
	struct str from; /* --from of send, an address: it chose the mailbox;
			    or empty */
};

/* Appends them as words; `from` is the last. */
void enqueue_options_write(const struct enqueue_options *o, struct buf *out);
/* Lends from words. Those that are not known are skipped. */
struct enqueue_options enqueue_options_read(struct str words);

struct enqueue {
	const struct config *config;
	const struct prepared *prepared;
	struct str sender;  /* who is told of a failure; empty: nobody */
	const char *client; /* which program asked, "send" */
	struct enqueue_options options;
};

struct enqueue_ids {
	char id[ENQUEUE_PARTS][ENVELOPE_ID_SIZE];
	size_t n;
};

/*
 * True: it survives a power cut, all of it; out names its parts. False:
 * nothing is stored. ERR_INPUT: more people than ENQUEUE_PARTS parts take.
 */
bool enqueue_message(struct outbox *o, const struct enqueue *q,
    struct enqueue_ids *out, struct err *e) __attribute__((warn_unused_result));

#endif
