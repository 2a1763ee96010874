/* SPDX-License-Identifier: MIT */
/*
 * sandbox_inbox: an inbox that has nothing but delivery reports, one for each
 * recipient of kept mail that traces.h says failed; each with its header in
 * the list, and as MIME by /$value.
 *
 * Needs Mail.Read or Mail.ReadWrite. Knows $filter=receivedDateTime ge TIME,
 * gives the oldest first and 100 at most, whatever $top says.
 *
 * Source: facts.md 4.1, 4.5; RFC 3464.
 */
#ifndef SANDBOX_INBOX_H
#define SANDBOX_INBOX_H

#include "sandbox/answer.h"
#include "sandbox/state.h"

/* .../mailFolders/inbox/messages, or .../messages/ID/$value */
bool inbox_is_path(struct str path);

/* Answers a GET of it; mailbox is decoded. */
void inbox_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, struct sandbox_answer *a);

#endif
