/* SPDX-License-Identifier: MIT */
/*
 * sandbox_play: writes the answer to a request, or what a fault rule makes
 * of it.
 */
#ifndef SANDBOX_PLAY_H
#define SANDBOX_PLAY_H

#include "net/conn.h"
#include "sandbox/answer.h"
#include "sandbox/rule.h"

struct play {
	struct conn *conn;
	int fd; /* the socket below conn, for what conn does not do */
	const struct rule *rule;         /* NULL: no fault */
	const struct sandbox_request *r; /* for the ids of error answers */
	struct sandbox_answer *answer;   /* what the service would say */
	bool login;      /* errors as Entra ID writes them, not as Graph */
	bool keep_alive; /* in: the client wants it; out: it goes on */
	int status;      /* of play_prepare: as answered; 0: no answer */
};

/* Makes of the answer what p->rule wants, so that it can be logged. */
void play_prepare(struct play *p);

/* Plays p->rule. Failures are those of the connection, which ends then. */
bool play_answer(struct play *p, struct err *e)
    __attribute__((warn_unused_result));

/* A rule of RULE_AT_ACCEPT, on the bare socket, until the peer is gone. */
void play_accepted(int fd, const struct rule *rule);

/* "100 Continue", for a request that waits for it (RFC 9110 10.1.1). */
bool play_continue(struct conn *c, struct err *e)
    __attribute__((warn_unused_result));

/* Lets a peer that is still sending see an early answer (RFC 9112 9.6). */
void play_linger(struct conn *c);

#endif
