/* SPDX-License-Identifier: MIT */
/*
 * sandbox_sent: Sent Items, searched by Message-ID: what was kept in
 * FOLDER/mail, but for messages that were not to be saved. Who removes the
 * files of a message there has removed its copy.
 *
 * Strict: the one filter, on the one folder, by exact Message-ID.
 *
 * Source: facts.md 4.5 (the filter), 4.6 (permissions).
 */
#ifndef SANDBOX_SENT_H
#define SANDBOX_SENT_H

#include "sandbox/answer.h"
#include "sandbox/state.h"

/* /v1.0/users/MAILBOX/mailFolders/sentitems/messages */
bool sent_is_path(struct str path);

/* Answers a GET of it; mailbox is decoded. */
void sent_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, struct sandbox_answer *a);

#endif
