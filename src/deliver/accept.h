/* SPDX-License-Identifier: MIT */
/*
 * accept: the way into the queue for whatever takes messages in: send --queue,
 * sendmail, sendmail -bs, the relay, and the drop folder (pickup.h). Only
 * reports and `queue import`, which are files ready to go, do without it. It
 * needs no secret and makes no second copy.
 *
 *	accept_begin	who asks, for whom
 *	accept_feed	the text, in lines of CRLF, in any pieces
 *	accept_end	it is whole, and so what can never go is refused
 *	accept_commit	it survives a power cut
 *	accept_release
 *
 * Who has many at a time seals each instead (accept_seal, which does not wait),
 * and settles them elsewhere in one go (accept_settle).
 *
 * The header (ACCEPT_HEADER at the most) is collected in memory. Once it is
 * whole, the caller says by whose settings the message goes and into which
 * queue, and entry.h decides on recipients and Message-ID. From then on the
 * text goes straight into a file of the spool's tmp/, in one pass; a message
 * of up to ACCEPT_MEMORY stays in memory until its end. Nothing waits but for
 * the disk, so many can be fed in turn from one loop.
 *
 * What is stored is what was handed in (entry.h); the worker prepares it, each
 * time anew, so that mended settings count. Its envelope has the option `raw`
 * (options.h): a message without it was prepared before it was stored, by an
 * earlier version or as a report. With `check` it is prepared here once, from
 * where it stands, and what no route can carry or the From policy forbids is
 * refused at once.
 *
 * Source: design.md 5.
 */
#ifndef DELIVER_ACCEPT_H
#define DELIVER_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/source.h"
#include "base/temp.h"
#include "compose/entry.h"
#include "config/config.h"
#include "deliver/options.h"
#include "deliver/outbox.h"
#include "store/envelope.h"
#include "store/spool.h"

enum {
	ACCEPT_HEADER = 1 << 20,   /* bytes; 10,000 addresses fit */
	ACCEPT_MEMORY = 64 * 1024, /* a file is made for what is larger */
	ACCEPT_PIECE = 64 * 1024,  /* that accept_read reads at a time */
	ACCEPT_SETTLE_MOST = 256   /* messages in one commit */
};

/* By whose settings it goes, and where to; good until accept_release. */
struct accept_to {
	const struct config *config;
	struct str sender;     /* who is told of a failure; empty: nobody */
	struct str header;     /* in place of what came; empty: that */
	struct outbox *outbox; /* NULL: it cannot be stored, why says it */
	struct err why;
};

/* header: as it came. False: nobody may send this. */
typedef bool accept_choose(void *arg, struct str header, struct accept_to *to,
    struct err *e);

/* All of it is borrowed until accept_release. */
struct accept_ask {
	accept_choose *choose;
	void *arg;
	/* config is choose's; when and zone are now */
	struct entry_ask entry;
	struct str received; /* what stands in a Received field before its date:
				"by host with SMTP"; empty: none is added */
	struct options options;
	unsigned notify; /* of recipients that have none of their own */
	struct str envelope_id, ret; /* as in the envelope */
	const char *client;          /* which program asks, "send" */
	struct str who; /* for whom, in words of the envelope; empty: the
			   user of this process */
	const struct log *log;
	struct arena_stash *stash; /* or NULL */
	bool check;                /* by the route of options */
	bool keep; /* where it cannot be stored it is kept elsewhere, for the
		      caller to send: accept_source */
};

struct accept {
	struct accept_ask ask;
	struct accept_to to;
	struct entry entry;
	char id[ENVELOPE_ID_SIZE]; /* once it is in the spool */
	const char *why;           /* check: the reason of its route; static */
	struct err unstored; /* keep: why it is not; kind ERR_NONE: it may be */
	struct spool_add add;
	/* the rest is accept.c's */
	struct arena mem;
	struct buf text;  /* what came and is not written yet */
	size_t line;      /* of the header: where its last line begins */
	bool too_large;   /* so it is not read further */
	bool headed;      /* the header is whole, text is its body */
	uint64_t size;    /* bytes of the message as it is kept */
	int fd;           /* of its file in the spool, or -1 */
	struct temp temp; /* where it is kept else */
	struct accept_look *look; /* check: its parts; or NULL */
};

void accept_begin(struct accept *a, const struct accept_ask *ask);
/* Forgets what is not committed. A zeroed one is fine. */
void accept_release(struct accept *a);

/*
 * False: it is refused or cannot be stored, and nothing is left of it;
 * ERR_INPUT: a header or a message that is too large, or what entry.h says;
 * ERR_RETRY: memory or the disk. Further text is none of accept's then.
 */
bool accept_feed(struct accept *a, struct str text, struct err *e)
    __attribute__((warn_unused_result));
/* The same; with check, what prepare.h and route_choose say. */
bool accept_end(struct accept *a, struct err *e)
    __attribute__((warn_unused_result));
/*
 * True: a->id is in the queue. False: nothing is; with keep the text is still
 * there.
 */
bool accept_commit(struct accept *a, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The same for up to ACCEPT_SETTLE_MOST of one queue, without keep, that share
 * one commit of the disk: seal each (false: that one is over), then settle
 * them, in another thread if need be (store/spool.h). True: all are in the
 * queue; false: those are whose accept_is_stored.
 */
bool accept_seal(struct accept *a, struct err *e)
    __attribute__((warn_unused_result));
bool accept_settle(struct accept **list, size_t n, struct err *e)
    __attribute__((warn_unused_result));
bool accept_is_stored(const struct accept *a);

/* After accept_end: the text as it is kept, until accept_release. */
struct source accept_source(const struct accept *a);

/* The same of its envelope; lives until then. */
bool accept_envelope(struct accept *a, struct envelope *v, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Feeds what a program writes (mail/intake.h) up to its end, and ends it. All
 * is read even where it is refused: who writes into a pipe that nobody reads
 * is killed before he sees why. But what is too large is not read further.
 * ERR_INPUT with exit 66: it cannot be read.
 */
struct accept_input {
	int fd;
	const char *name; /* for messages */
	bool dot_ends;    /* a line that is only a dot ends it */
};
bool accept_read(struct accept *a, const struct accept_input *in, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Bytes of the largest message that may be handed in: the settings count
 * files; base64 and its line ends make 37 % more.
 */
uint64_t accept_largest(const struct config *c);

#endif
