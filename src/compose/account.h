/* SPDX-License-Identifier: MIT */
/*
 * prepare_account: whose account a ready message goes by, where neither an
 * option nor its envelope says: that of its author (From; Sender where From
 * names several), if there is one.
 */
#ifndef COMPOSE_ACCOUNT_H
#define COMPOSE_ACCOUNT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

/*
 * Loads the settings again where another account than c's counts for this
 * message; warnings were given the first time. ask: as for the first time, or
 * with the sender of this message. False: *c is as it was.
 */
bool prepare_account(struct config *c, const struct config_ask *ask,
    struct str header, struct err *e) __attribute__((warn_unused_result));

#endif
