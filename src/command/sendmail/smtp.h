/* SPDX-License-Identifier: MIT */
/*
 * sendmail_smtp: sendmail -bs: SMTP on standard input and output, for programs
 * that speak it to a child of theirs (smtp/session.h).
 *
 * A message is stored before it is answered: 250 says that it survives a power
 * cut, and 451 that there is no place for it. Source: LSB 5.0 sendmail(1).
 */
#ifndef COMMAND_SENDMAIL_SMTP_H
#define COMMAND_SENDMAIL_SMTP_H

#include <stdbool.h>

#include "base/err.h"
#include "command/sendmail/post.h"

/* The two streams; for tests others than 0 and 1. */
struct sendmail_smtp {
	int in, out;
	bool deliver; /* what is stored is sent in the background */
};

/*
 * Until QUIT or the end of the input. ERR_RETRY with exit 74: a stream cannot
 * be read or written.
 */
bool sendmail_smtp_serve(const struct sendmail_smtp *streams,
    struct sendmail_post *post, struct err *e)
    __attribute__((warn_unused_result));

/* The dialogue of a server that has no settings to work with. */
void sendmail_smtp_apologize(const struct sendmail_smtp *streams);

#endif
