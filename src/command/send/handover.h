/* SPDX-License-Identifier: MIT */
/*
 * handover: send --queue of a user who may not read the settings: its message
 * goes to the relay of this machine, or is left for it (submit.h). The sender
 * is --from, else the user at this host; From policy, aliases and routes are
 * the relay's.
 */
#ifndef COMMAND_SEND_HANDOVER_H
#define COMMAND_SEND_HANDOVER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "command/sendmail/submit.h"
#include "config/config.h"
#include "deliver/accept.h"

struct handover {
	bool begun;
	struct err closed; /* why the settings are none */
	struct submit submit;
};

/*
 * After config_load failed, as *e says. True: because the file is closed, and
 * *c is what a message can be made by. Else false, and *e stays.
 */
bool handover_begin(struct handover *h, struct config *c,
    const struct config_ask *ask, const struct log *log, struct err *e)
    __attribute__((warn_unused_result));
/* Of a message that was accepted with keep; as submit_accepted. */
bool handover_end(struct handover *h, struct accept *a, struct err *e)
    __attribute__((warn_unused_result));
void handover_close(struct handover *h); /* a zeroed one is fine */

#endif
