/* SPDX-License-Identifier: MIT */
/*
 * preview: what --dry-run shows: the message as its reader will see it, the
 * requests as they would be made, the route and why, and what the service does
 * to the message on the way.
 */
#ifndef COMMAND_SEND_PREVIEW_H
#define COMMAND_SEND_PREVIEW_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "compose/prepare.h"
#include "config/config.h"
#include "graph/route.h"

/*
 * Prints the message to standard output, decoded: its header, its texts, and
 * a line for each file.
 */
bool preview_message(const struct prepared *p, const struct config *config,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Prints the requests to standard output, with Graph's address; the ids in
 * them are placeholders.
 */
bool preview_requests(const struct prepared *p, const struct config *config,
    struct str url, enum route route, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Tells the log the route, why, and what becomes of fields on it
 * (mail/fidelity.h). loud: as warnings, else as a trace.
 */
void preview_tell(const struct prepared *p, const struct route_choice *choice,
    const struct log *log, bool loud);

#endif
