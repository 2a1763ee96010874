/* SPDX-License-Identifier: MIT */
/*
 * reconcile: makes the recipient fields of a message say what its envelope
 * says, since Graph knows no envelope: To, Cc and Bcc are the delivery list.
 *
 * Addresses are compared, not texts (addr_same), in n log n: lists of
 * thousands are ordinary.
 *
 * Source: design.md 3, Envelope.
 */
#ifndef MAIL_RECONCILE_H
#define MAIL_RECONCILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "mail/addr.h"

struct reconciled {
	struct addr *to, *cc;         /* those of the fields in the envelope */
	struct addr *bcc;             /* those of the envelope in no field */
	struct addr *off_to, *off_cc; /* of the fields, not in the envelope */
};

/*
 * to, cc: as the message has them; rcpt: the envelope. The lists of *out are
 * copies in a, in their old order, each recipient in exactly one place: of
 * an address that a field or the envelope names twice the first is kept.
 * ERR_RETRY: out of memory; ERR_INPUT: the limit of a.
 */
bool reconcile(struct arena *a, const struct addr *rcpt, const struct addr *to,
    const struct addr *cc, struct reconciled *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
