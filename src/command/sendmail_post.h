/* SPDX-License-Identifier: MIT */
/*
 * sendmail_post: the way of a message out of sendmail, whether it came on
 * standard input or by SMTP: settings, one client for all of them, and a line
 * in the machine's log for each.
 */
#ifndef COMMAND_SENDMAIL_POST_H
#define COMMAND_SENDMAIL_POST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "base/source.h"
#include "base/syslog.h"
#include "command/client.h"
#include "command/config.h"
#include "command/prepare.h"
#include "graph/send.h"

struct sendmail_post {
	struct config config;
	struct client client;
	bool connected; /* the client is open */
	const struct log *log;
	const struct syslog *syslog;
	struct send_result sent; /* of the latest message */
};

/*
 * Loads the settings. sender: of the envelope, as text, which may choose the
 * account. Borrows log and syslog, and must not be moved, until
 * sendmail_post_close. ERR_CONFIG.
 */
bool sendmail_post_open(struct sendmail_post *d, const struct config_ask *ask,
    const struct log *log, const struct syslog *syslog, struct err *e)
    __attribute__((warn_unused_result));
void sendmail_post_close(struct sendmail_post *d); /* a zeroed one is fine */

/* Prepares and sends, and notes a success, with the tries of command/attempt.h.
 */
bool sendmail_post_message(struct sendmail_post *d, const struct source *raw,
    const struct prepare_envelope *envelope, struct err *e)
    __attribute__((warn_unused_result));

/* Tells the machine's log of a failure. sender: NULL if there is none. */
void sendmail_post_note(const struct syslog *l, const struct addr *sender,
    const struct err *why);

#endif
