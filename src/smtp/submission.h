/* SPDX-License-Identifier: MIT */
/*
 * submission: the client's side of SMTP, as a state machine without sockets:
 * one message to one server.
 *
 *	for (;;) {
 *		switch (submission_next(&s, &in)) {
 *		case SUBMISSION_MORE:
 *			write s.out, buf_reset(&s.out);
 *			if in is empty, read into it;
 *		...
 *
 * A command waits for the reply to the one before: its server is on this
 * machine. Of more recipients than the server takes at a time (LIMITS
 * RCPTMAX) the message goes as often as that takes. One recipient that is
 * refused refuses the message for all of its transaction: nobody gets half.
 *
 * Source: RFC 5321; RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8),
 * RFC 3461 (DSN), RFC 9422 (LIMITS).
 */
#ifndef SMTP_SUBMISSION_H
#define SMTP_SUBMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/addr.h"

enum {
	SUBMISSION_REPLY_MAX = 64 * 1024, /* bytes of a reply with its lines */
	SUBMISSION_TEXT_SIZE = 512        /* kept of its last line */
};

/* What is asked for; all borrowed. */
struct submission_ask {
	struct str hello;  /* what we call ourselves */
	struct str sender; /* empty: the null sender */
	const struct addr *rcpt;
	unsigned notify;        /* of recipients that have none of their own */
	struct str envelope_id; /* xtext; or empty */
	struct str ret;         /* "full", "hdrs", or empty */
	uint64_t size;          /* bytes of the text, as it is handed over */
};

enum submission_event {
	SUBMISSION_MORE,  /* write s->out; give more input, if it is empty */
	SUBMISSION_BODY,  /* submission_text for all of it, submission_end */
	SUBMISSION_DONE,  /* it is the server's: s->reply; write s->out */
	SUBMISSION_FAILED /* s->why; write s->out */
};

struct submission {
	struct submission_ask ask;
	struct buf out; /* to be written */
	/* the last line of the latest reply, with its code */
	char reply[SUBMISSION_TEXT_SIZE];
	/*
	 * ERR_RETRY: nothing was taken, with `away` where the server closes or
	 * speaks no SMTP; ERR_REFUSED, ERR_INPUT: the reply says why.
	 */
	struct err why;
	uint64_t taken; /* recipients for whom the server has it already */
	/* the rest is the machine's own */
	struct buf line;
	int state;
	unsigned offers;
	uint64_t most;           /* of a transaction */
	const struct addr *next; /* who is not named yet */
	uint64_t named;
	bool inside; /* a line of the text: its first byte is out */
};

/* Waits for the greeting. */
void submission_init(struct submission *s, const struct submission_ask *ask);
void submission_release(struct submission *s);

/* Takes bytes of the server off *in until there is something to tell. */
enum submission_event submission_next(struct submission *s, struct str *in);

/* A piece of the text, whose lines end in CRLF, appended to s->out. */
void submission_text(struct submission *s, struct str piece);
/* That was all of it. */
void submission_end(struct submission *s);

#endif
