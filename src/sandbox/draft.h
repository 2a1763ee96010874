/* SPDX-License-Identifier: MIT */
/*
 * sandbox_draft: what Graph has below /users/MAILBOX/messages: drafts, their
 * attachments, upload sessions, and /send.
 *
 * An id that was not asked for as an immutable one is gone once the draft is
 * sent, as in Exchange.
 *
 * Source: facts.md 4.5 (draft route), 4.4 (sizes), 3.2 (codes).
 */
#ifndef SANDBOX_DRAFT_H
#define SANDBOX_DRAFT_H

#include "sandbox/answer.h"
#include "sandbox/mail.h"
#include "sandbox/rule.h"
#include "sandbox/state.h"

/* /v1.0/users/MAILBOX/messages and all below it. */
bool draft_is_path(struct str path);

/* Which rules a request is for; RULE_ANY: no call that is known here. */
enum rule_where draft_where(struct str method, struct str path);

/*
 * Answers a request to such a path; m is empty and of the right mailbox.
 * True: the draft is sent, and m holds the message to keep.
 */
bool draft_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_mail *m, struct sandbox_answer *a);

/* A draft that was answered as sent could not be kept: it is one still. */
void draft_take_back(const struct sandbox *s, const struct sandbox_request *r);

#endif
