/* SPDX-License-Identifier: MIT */
/*
 * auth: the exchange of lines behind AUTH, up to a user name and a password.
 * Whether they fit is for others to say. Pure, no sockets.
 *
 * PLAIN: one line, of this form in base64: who to be, NUL, user, NUL,
 * password. LOGIN: two lines, asked for by exactly the words that devices
 * wait for ("Username:", "Password:"). Both may begin in the line of AUTH.
 *
 * Source: RFC 4954 4 (the exchange), RFC 4616 (PLAIN); relay.md 2, 3.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	AUTH_LINE_MAX = 12288, /* RFC 4954 4 */
	AUTH_WORD_MAX = 1024   /* of a name, or a password */
};

enum auth_wants { AUTH_NOTHING, AUTH_PLAIN, AUTH_USER, AUTH_PASSWORD };

/* A zeroed one is fine; release in any case. */
struct auth {
	enum auth_wants wants;     /* the next line */
	struct buf user, password; /* once it is over; both may be empty */
};

/*
 * Takes what stands behind AUTH, or the next line. NULL: it is over, and user
 * and password are there. Else the reply: one that begins with '3' asks for
 * another line, any other is the end. Who wants to be somebody else than who
 * signs in has an empty name and no password.
 */
const char *auth_begin(struct auth *a, struct str argument);
const char *auth_line(struct auth *a, struct str line);

void auth_release(struct auth *a); /* wipes and zeroes */

#endif
