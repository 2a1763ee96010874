/* SPDX-License-Identifier: MIT */
/*
 * prepare_from: the From policy. Graph sends only as the mailbox, and as those
 * whom it has the right to send as; programs write what they please.
 *
 * `from` and `mailbox` of the account always stay. Of any other From:
 *
 * - keep: stays
 * - rewrite: becomes `from`; its name and address stay visible in the display
 *   name ("Cron Daemon (root at web1)"), in X-Original-From, and in Reply-To
 *   if an answer could get there
 * - map: becomes what from_map says, with X-Original-From; else as rewrite
 *
 * In no display name stays an '@', for which Graph answers ErrorSendAsDenied
 * (sendmail.md 1.4).
 */
#ifndef COMPOSE_FROM_H
#define COMPOSE_FROM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "compose/names.h"
#include "config/config.h"
#include "mail/addr.h"

struct prepare_from {
	const struct addr *from;     /* as it must be; never NULL */
	bool changed;                /* false: may stay as it is written */
	const struct addr *original; /* for X-Original-From; NULL: none */
	const struct addr *reply_to; /* NULL: none */
};

/*
 * old: the addresses of From; NULL: there is none, `from` it becomes. A local
 * name has this host behind its "at". ERR_INPUT: keep, and there are several
 * addresses; else what arena_ok says.
 */
bool prepare_from(struct arena *a, const struct config *config,
    const struct prepare_names *names, const struct addr *old,
    struct prepare_from *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
