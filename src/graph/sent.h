/* SPDX-License-Identifier: MIT */
/*
 * sent: whether a message is in the mailbox's Sent Items.
 *
 * A copy counts if it has the message's own Message-ID and went to all of its
 * recipients: the parts of a large message, and what a mail server hands over
 * in several transactions, share one Message-ID. Exchange may list an alias
 * by another address; then it is not found, and the policy decides as it does
 * where nobody may look. That the filter works on Sent Items is not verified:
 * what answers it is compared once more here, and where it is not understood
 * nothing is known. Nor does a copy count that is older than the request (by
 * the server's clock): devices use one Message-ID for all their mail.
 *
 * Needs Mail.Read, Mail.ReadBasic.All or Mail.ReadWrite, and that a copy is
 * saved there.
 *
 * Source: facts.md 4.5 (the filter), 4.6, 5.4.
 */
#ifndef GRAPH_SENT_H
#define GRAPH_SENT_H

#include <stdbool.h>

#include "graph/send.h"
#include "mail/addr.h"

enum sent_found {
	SENT_FOUND, /* so it was sent */
	SENT_NOT_FOUND,
	SENT_NOT_NOW, /* not asked or not answered: later */
	SENT_CANNOT   /* may not be asked, or is not understood */
};

struct sent_ask {
	struct str mailbox, message_id;
	const struct addr *rcpt;
	int64_t since; /* wall clock, of the first request that was perhaps
			  taken; 0: not known */
};

/* by which two clocks of Exchange may differ, and seconds that are cut off */
enum { SENT_SLACK_S = 10 };

/*
 * Asks once. *out notes the ids and counts the request. *why is set unless it
 * is found; of SENT_NOT_NOW it is ERR_RETRY, ERR_AUTH or ERR_CONFIG.
 */
enum sent_found sent_find(struct graph *g, const struct sent_ask *ask,
    struct send_result *out, struct err *why);

#endif
