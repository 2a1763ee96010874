/* SPDX-License-Identifier: MIT */
/*
 * retry: makes a queued message due now, since a person or a program knows
 * better than what was noted: the network is up, a setting was mended.
 *
 * Source: design.md 1 (queue retry), sendmail(8) -q.
 */
#ifndef DELIVER_RETRY_H
#define DELIVER_RETRY_H

#include <stdbool.h>

#include "base/err.h"
#include "deliver/mailbox.h"
#include "store/claim.h"

/*
 * Ends the claim: the message is in new/ and due, and its mailbox is asked
 * anew, but for a time that Graph named; with `all` that too. *m: the mailbox
 * as it stands then.
 */
bool retry_claim(struct claim *c, bool all, struct mailbox *m, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Of a look: nobody has it, and it is due by itself, so that there is nothing
 * to write into it. It waits with its mailbox, at most, which this asks anew.
 */
bool retry_is_due(const struct claim *c);
bool retry_mailbox(const struct claim *c, bool all, struct mailbox *m,
    struct err *e) __attribute__((warn_unused_result));

/*
 * retry_claim by id, of one that waits. One in other hands, and one that was
 * perhaps sent and waits for what Sent Items will show, is left alone.
 */
bool retry_message(struct spool *s, const char *id, struct err *e)
    __attribute__((warn_unused_result));

#endif
