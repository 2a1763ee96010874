/* SPDX-License-Identifier: MIT */
/*
 * returns: bounces come home (read_bounces = yes): reports in the mailbox's
 * inbox are matched by Message-ID with our journal, which gets a line of its
 * own for each recipient, once: verdict "bounced", code "5.1.10". A Message-ID
 * is no proof: of a recipient that the journal does not have for that message
 * the reason says so.
 *
 * Looked for by `post365 queue run`, by what sends after `sendmail`, by the
 * relay, and by `post365 trace --bounces`; the first three at most every
 * RETURNS_EVERY_S for a mailbox. How far the inbox was read stands in the
 * spool, in returns-HASH. Nothing in the mailbox is changed.
 */
#ifndef DELIVER_RETURNS_H
#define DELIVER_RETURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "deliver/client.h"
#include "store/journal.h"

enum { RETURNS_EVERY_S = 300 };

struct returns {
	struct client *client; /* borrowed, as are all */
	const struct config *config;
	const struct journal *journal;
	const struct log *log;
	bool now; /* whenever the last look was */
};

/*
 * Looks, for some seconds at most. *found: lines that were written. False: the
 * inbox could not be read or the journal not be written; the next look begins
 * where this one ended.
 */
bool returns_look(const struct returns *r, size_t *found, struct err *e)
    __attribute__((warn_unused_result));

#endif
