/* SPDX-License-Identifier: MIT */
/*
 * smtp_play: the caller of a session in tests. It takes all senders but
 * those at refused.test, all recipients but those, no message from
 * full@..., and no message that has the word REFUSE in it.
 */
#ifndef UNIT_SMTP_PLAY_H
#define UNIT_SMTP_PLAY_H

#include <stddef.h>

#include "base/buf.h"
#include "smtp/session.h"

struct smtp_play {
	struct session session;
	struct buf said; /* replies, whole */
	struct buf mail; /* "FROM<a@b> TO<c@d> TO<e@f>\n", text, "=\n" */
	struct buf text; /* of the message that is coming */
	unsigned messages, forgotten;
	bool open, closed;
};

void smtp_play_init(struct smtp_play *p, const struct session_conf *conf);
void smtp_play_release(struct smtp_play *p);

/* Gives a piece of input to it, all of which it takes. */
void smtp_play_feed(struct smtp_play *p, struct str in);

/*
 * Appends the replies in short: "220 250 550" codes, of the last line of each;
 * with enhanced codes: "220 250 550-5.1.1".
 */
void smtp_play_codes(const struct smtp_play *p, bool enhanced, struct buf *out);

#endif
