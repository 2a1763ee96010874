/* SPDX-License-Identifier: MIT */
/*
 * direct: what a message that is sent while somebody waits, without the queue,
 * has in common with one of the queue.
 *
 * It obeys the time that Graph named for its mailbox, whoever was told it, and
 * what it is told itself holds up the workers (mailbox.h). Its outcome is in
 * the journal and in the machine's log: "sent", "failed", or "unknown" (perhaps
 * sent). The journal is not synced for it, since nothing depends on the line;
 * where no journal can be kept, the mail goes all the same.
 *
 * A setting or a permission that is wrong holds nobody up: who sends by hand
 * may have other settings, and is told.
 *
 * Source: design.md 1 (decided since the first version).
 */
#ifndef DELIVER_DIRECT_H
#define DELIVER_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/syslog.h"
#include "compose/prepare.h"
#include "config/config.h"
#include "graph/send.h"

struct direct {
	const struct config *config; /* all borrowed */
	const struct log *log;
	const struct syslog *syslog;
	const char *program; /* "send" */
	struct str sender;   /* empty: the null sender */
	int64_t started;     /* direct_begin's */
};

/*
 * May the mailbox send? Waits for ATTEMPT_WITHIN_MS at most. ERR_RETRY: not
 * before a time that Graph named.
 */
bool direct_begin(struct direct *d, struct err *e)
    __attribute__((warn_unused_result));

/* Adds to a failure that passes: nobody but its user tries it again. */
void direct_advise(struct err *e);

/* Notes how it ended; why NULL: it is sent. */
void direct_end(const struct direct *d, const struct prepared *p,
    const struct send_result *r, const struct err *why);

#endif
