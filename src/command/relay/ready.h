/* SPDX-License-Identifier: MIT */
/*
 * ready: the line of the log that says that the relay serves: where it
 * listens, for whom, how many messages wait, and who sends them.
 *
 * Source: relay.md 4.
 */
#ifndef COMMAND_RELAY_READY_H
#define COMMAND_RELAY_READY_H

#include "base/record.h"
#include "command/relay/plan.h"

/* event: "start", or "reload" once the settings were read anew. */
void ready_tell(const struct plan *p, const struct record_way *way,
    const char *event);

#endif
