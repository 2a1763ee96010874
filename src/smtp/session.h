/* SPDX-License-Identifier: MIT */
/*
 * session: the server's side of SMTP, as a state machine without sockets.
 *
 * Bytes of the client go in, replies come out, and in between events ask the
 * caller: may this one send, may that one receive, here is a piece of the
 * message, it is complete. So one machine serves standard input (sendmail -bs)
 * and a relay's poll loop, and can be fed byte by byte.
 *
 *	for (;;) {
 *		switch (session_next(&s, &in)) {
 *		case SESSION_MORE:
 *			write s.replies, buf_reset(&s.replies);
 *			if in is empty, read into it;
 *		...
 *
 * Commands are dealt with one at a time, so pipelining needs no care: what
 * follows a command waits in the input until the reply is known.
 *
 * Source: RFC 5321; RFC 2920 (PIPELINING), RFC 1870 (SIZE), RFC 3030
 * (CHUNKING), RFC 2034 and 3463 (enhanced status codes), RFC 6531 (SMTPUTF8),
 * RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 9422 (LIMITS); sendmail.md 4 (what
 * clients do); relay.md 2 (each reply), 3 (what devices do).
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "mail/addr.h"
#include "mail/intake.h"
#include "smtp/auth.h"
#include "smtp/syntax.h"

enum {
	SESSION_LINE_MAX = 2048, /* Postfix's line_length_limit */
	SESSION_RCPT_MAX = 1000, /* RFC 5321 4.5.3.1.8 wants 100; Exchange
				    takes 1000 at the most */
	SESSION_ERRORS_MAX = 20, /* Postfix's smtpd_hard_error_limit */
	SESSION_ERRORS_SLOW = 10,
	SESSION_IDLE_MAX = 20, /* commands of a stranger that do nothing, since
				  its last message */
	SESSION_REPLY_MAX = 512, /* RFC 5321 4.5.3.1.5 */
	SESSION_NAME_SIZE = 256, /* of the client's name, a NUL included */
	SESSION_PIECE = 16384,   /* of the message, in one event */
	SESSION_REPLIES = 4096,  /* bytes of them to collect before writing */
	SESSION_TEXT_MAX = 2 * SESSION_PIECE + 4
};

struct session;

struct session_conf {
	struct str host;       /* what we call ourselves; borrowed */
	uint64_t max_size;     /* bytes of a message, as offered by SIZE */
	size_t max_rcpt;       /* of a message; 0: SESSION_RCPT_MAX */
	unsigned max_errors;   /* 0: SESSION_ERRORS_MAX */
	bool lf_ends;          /* standard input: mail/intake.h */
	bool reject_bare;      /* bare_newline = reject */
	bool dsn;              /* offer DSN (RFC 3461) */
	bool limits;           /* offer LIMITS (RFC 9422) */
	bool starttls;         /* there is a certificate, and no TLS yet */
	bool tls;              /* the bytes come through TLS */
	bool auth;             /* there are users who may sign in, */
	bool auth_in_clear;    /* without TLS, too, */
	bool auth_only;        /* and nobody else may send */
	bool auth_legacy;      /* also say "AUTH=", for old devices */
	bool trusted;          /* a stranger's bounds do not count */
	const struct log *log; /* told of the dialogue; borrowed */
	/* Where pieces of a message are put, with room for SESSION_TEXT_MAX
	   bytes: needed within one event only, so that many sessions can share
	   one. Borrowed; NULL: each has its own. */
	struct buf *text;
	struct arena_stash *stash; /* of transactions; or NULL */
	/* Hears of each reply that refuses something; or NULL. */
	void (*heard)(struct session *s, struct str reply);
	/* May STARTTLS be followed now? NULL: always. */
	bool (*may_secure)(struct session *s);
};

enum session_event {
	SESSION_MORE, /* write the replies; give more input, if it is empty */
	SESSION_MAIL, /* the sender is in s->mail: answer */
	SESSION_RCPT, /* a recipient is in s->rcpt: answer */
	SESSION_DATA, /* a message begins: answer */
	SESSION_TEXT, /* s->piece is a piece of it, good until the next call */
	SESSION_MESSAGE,  /* it is complete: answer */
	SESSION_FORGET,   /* it will not be: forget what came since DATA */
	SESSION_AUTH,     /* somebody signs in, by s->auth: answer */
	SESSION_STARTTLS, /* write the reply; all input so far is void */
	SESSION_CLOSE     /* write the replies, and hang up */
};

struct session_rcpt {
	struct addr *list; /* in order, each once */
	struct addr **tail;
	struct syntax_rcpt latest;
	size_t n;
};

struct session {
	struct session_conf conf;
	struct buf replies;
	struct str piece;
	struct arena mem; /* of the transaction */
	struct syntax_mail mail;
	struct session_rcpt rcpt;
	/* the client's name as printable ASCII; empty: it has said none */
	char hello[SESSION_NAME_SIZE];
	bool greeted, extended; /* by EHLO or HELO; by EHLO */
	bool in_transaction;    /* MAIL was accepted */
	bool signed_in;
	struct auth auth;
	const char *auth_method; /* "PLAIN", "LOGIN"; of the last sign-in */
	/* commands: the last one, how many there were, and were refused */
	enum syntax_verb verb;
	unsigned did[SYNTAX_VERBS], failed[SYNTAX_VERBS];
	/* the rest is the machine's own */
	struct buf line, own_text;
	struct intake lines;
	int state;
	enum session_event asked; /* MORE: nothing waits for an answer */
	struct str verdict;       /* on a message that is not taken; in mem */
	uint64_t size;            /* of the message, as it came */
	uint64_t chunk;           /* bytes of BDAT still to come */
	unsigned errors;          /* since the last message */
	unsigned idle, noise;     /* idle commands; unknown ones in a row */
	bool began;               /* some byte came */
	bool cut;                 /* the line is longer than was kept */
	bool lf;                  /* the command's line ended in LF */
	bool open;                /* the caller has pieces of a message */
	bool chunked, last;       /* BDAT; BDAT LAST */
};

/* Puts the greeting into s->replies. */
void session_init(struct session *s, const struct session_conf *conf);
void session_release(struct session *s); /* a zeroed one is fine */

/*
 * Takes bytes off *in until there is something to tell. After an event that
 * wants an answer, the next call comes behind session_answer.
 */
enum session_event session_next(struct session *s, struct str *in);

/*
 * The answer: a whole reply without its line end ("550 5.1.1 No such user").
 * The empty str is the usual consent. One that does not begin with '2' refuses
 * the sender, the recipient or the message.
 */
void session_answer(struct session *s, struct str reply);

/* After SESSION_STARTTLS, once the handshake is done: all begins anew. */
void session_secured(struct session *s);

/* A stranger who makes so many errors gets its replies late. */
bool session_is_slow(const struct session *s);

/*
 * Ends the session for a reason of the caller's, a whole reply ("421 4.4.2
 * ..."). The next event is SESSION_CLOSE, or first SESSION_FORGET.
 */
void session_end(struct session *s, struct str reply);

/* Appends the reply that a failure makes, design.md 1's table. */
void session_reply(struct buf *out, const struct err *e);

#endif
