/* SPDX-License-Identifier: MIT */
/* What session.c and session_verb.c share; for nobody else. */
#ifndef SMTP_SESSION_OWN_H
#define SMTP_SESSION_OWN_H

#include "smtp/session.h"

enum session_state {
	SESSION_AT_COMMAND, /* a line is expected */
	SESSION_AT_SIGN_IN, /* the next line of an AUTH */
	SESSION_AT_DATA,    /* behind DATA */
	SESSION_AT_CHUNK,   /* behind BDAT */
	SESSION_AT_END,     /* all of a message is here */
	SESSION_AT_CLOSE
};

/* A reply, without its line end. The first does not count as an error. */
void session_say(struct session *s, struct str text);
void session_reply_line(struct session *s, struct str text);
/* One that refuses, and is no error. */
void session_refuse(struct session *s, struct str text);
void session_sayz(struct session *s, const char *text);

enum session_event session_ask(struct session *s, enum session_event what);
enum session_event session_close_with(struct session *s, const char *text);
/* The transaction is over; the second tells the caller of its pieces. */
void session_reset(struct session *s);
enum session_event session_abandon(struct session *s);
/* The message is not taken; what comes of it is thrown away. */
void session_condemn(struct session *s, struct str why);

/* A command; line is all of it. */
enum session_event session_obey(struct session *s, enum syntax_verb verb,
    struct str line, struct str argument);
/* What auth_begin or auth_line said. */
enum session_event session_sign_in(struct session *s, const char *answer);

#endif
