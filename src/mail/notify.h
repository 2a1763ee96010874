/* SPDX-License-Identifier: MIT */
/*
 * notify: what who sent a message wants to hear of one of its recipients.
 *
 * NOTIFY and ORCPT of RCPT TO, -N of sendmail, and lines of a file in the
 * queue have the same words.
 *
 * Source: RFC 3461 4.1 (NOTIFY), 4.2 (ORCPT).
 */
#ifndef MAIL_NOTIFY_H
#define MAIL_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	NOTIFY_NEVER = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8,
	NOTIFY_ORIGINAL_MOST = 500 /* bytes; RFC 3461 4.2 */
};

struct notify {
	unsigned when;       /* a set of them; 0: not said, which is failure */
	struct str original; /* ORCPT as sent, "rfc822;Bob+2Bx@example.com";
				or empty */
};

/* Words in any case with commas between them; NEVER stands alone. */
bool notify_parse(struct str words, unsigned *when);
void notify_write(unsigned when, struct buf *out);

/* Is this an ORCPT: a type of address, ';', and xtext? */
bool notify_is_original(struct str s);

/* Does it ask to hear of this (NOTIFY_SUCCESS or NOTIFY_FAILURE)? */
bool notify_wants(const struct notify *n, unsigned of);

#endif
