/* SPDX-License-Identifier: MIT */
/*
 * prepare: makes a message ready to leave (graph/outgoing.h), whether `send`
 * collected its parts or it came as one from a file or a pipe.
 *
 * Here the From policy is applied, local names are replaced, the header is
 * reconciled with the envelope, what is missing is added, and what the draft
 * route would upload by itself is set apart. All that is decided here is
 * decided once: every attempt and every route sends the same message.
 */
#ifndef COMPOSE_PREPARE_H
#define COMPOSE_PREPARE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "deliver/client.h"
#include "graph/outgoing.h"
#include "mail/addr.h"
#include "mail/head.h"
#include "mail/message.h"

/* Who it is from and for, beside what the header says. */
struct prepare_envelope {
	const struct addr *sender; /* NULL: the null sender, or not given */
	const struct addr *rcpt;   /* may have bare names */
	bool rcpt_from_header;     /* To, Cc and Bcc (or Resent-) as well */
	struct str sender_name;    /* for a From that must be made; or empty */
	bool again;         /* prepared before: it comes from the queue */
	bool some_will_do;  /* of the header's: who can be read gets it */
	bool no_save_asked; /* --no-save, not a setting */
	enum route want;    /* --via: that route's form is made, too */
};

/* What stands among the header's recipients and is no address. */
struct prepare_bad {
	struct str text, why;
	struct prepare_bad *next;
};

struct prepared {
	struct arena mem;
	struct outgoing out;
	struct str message_id;
	const struct addr *rcpt; /* who gets it, each once */
	size_t n_rcpt;
	const struct prepare_bad *bad; /* some_will_do: who does not get it */
	const struct head *head;       /* as it came; NULL: made from parts */
	struct prepared_state *state;  /* of prepare.c: open files, ropes */
	struct outgoing_progress
	    progress; /* the caller's, once it is prepared */
};

/* From parts. Borrows m until prepare_release. */
bool prepare_message(struct prepared *p, const struct config *config,
    const struct message *m, struct err *e) __attribute__((warn_unused_result));

/*
 * From a ready message: all of `raw`, whose lines end in CRLF
 * (mail/intake.h), borrowed until prepare_release. ERR_USAGE with exit 64:
 * nobody to send it to; ERR_INPUT; ERR_CONFIG.
 */
bool prepare_raw(struct prepared *p, const struct config *config,
    const struct source *raw, const struct prepare_envelope *envelope,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));

void prepare_release(struct prepared *p); /* a zeroed one is fine */

/*
 * Chooses the route (want: ROUTE_AUTO or --via). With a client, and where it
 * matters, it finds out which permissions the app has; c may be NULL.
 * ERR_INPUT: for more people than Exchange takes at a time; or what
 * route_choose says.
 */
bool prepare_route(struct client *c, const struct prepared *p, enum route want,
    struct route_choice *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Makes one attempt by the route that was chosen. Which, why, and what is
 * lost on it goes to log.
 */
bool prepare_send(struct client *c, const struct prepared *p,
    const struct route_choice *by, const struct log *log,
    struct send_result *out, struct err *e) __attribute__((warn_unused_result));

struct prepare_intake {
	int from;
	const char *name; /* of it, for messages */
	bool dot_ends;    /* a line that is only a dot ends it */
	const struct config
	    *config; /* of the folder and the limit; NULL: none */
};

/*
 * Reads a message from a descriptor into an unlinked temporary file of lines
 * that end in CRLF. The source is good until fd is closed, which is the
 * caller's. Keeps name as long. ERR_INPUT: more than prepare_largest bytes,
 * and no more than that is read; ERR_RETRY: no space.
 */
bool prepare_intake(const struct prepare_intake *i, int *fd, struct source *out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Bytes of the largest message that may be handed in: the settings count
 * files; base64 and its line ends make 37 % more.
 */
uint64_t prepare_largest(const struct config *c);

#endif
