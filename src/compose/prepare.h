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
#include "graph/outgoing.h"
#include "mail/addr.h"
#include "mail/head.h"
#include "mail/message.h"
#include "mail/mime.h"
#include "mail/rope.h"

enum { PREPARE_MEMORY = 96 * 1024 * 1024 /* bytes, most for its parts */ };

/* Who it is from and for, beside what the header says. */
struct prepare_envelope {
	const struct addr *sender; /* NULL: the null sender, or not given */
	const struct addr *rcpt;   /* may have bare names */
	bool again; /* prepared before: it comes from the queue */
	bool look;  /* whether it can go, not what goes: files have about
		       their size, nothing is decoded */
	bool no_save_asked; /* --no-save, not a setting */
	enum route want;    /* --via: that route's form is made, too */
	const struct mime_part *root; /* mime.h has read it; NULL: not yet */
};

struct prepared {
	struct arena mem;
	struct outgoing out;
	struct str message_id;
	struct str subject;      /* log_subject = yes: entry_subject */
	const struct addr *rcpt; /* who gets it, each once */
	size_t n_rcpt;
	const struct head *head;      /* as it came; NULL: made from parts */
	struct prepared_state *state; /* of prepare.c: open files, ropes */
	struct outgoing_progress
	    progress; /* the caller's, once it is prepared */
};

/* From parts. Borrows m until prepare_release. */
bool prepare_message(struct prepared *p, const struct config *config,
    const struct message *m, struct err *e) __attribute__((warn_unused_result));

/*
 * From a ready message: all of `raw`, as entry.h keeps it, borrowed until
 * prepare_release. ERR_USAGE with exit 64: nobody to send it to; ERR_INPUT;
 * ERR_CONFIG.
 */
bool prepare_raw(struct prepared *p, const struct config *config,
    const struct source *raw, const struct prepare_envelope *envelope,
    const struct log *log, struct err *e) __attribute__((warn_unused_result));

/* A message from parts as it is handed in: before the From policy. */
bool prepare_text(const struct message *m, struct rope *out, struct err *e)
    __attribute__((warn_unused_result));

void prepare_release(struct prepared *p); /* a zeroed one is fine */

#endif
