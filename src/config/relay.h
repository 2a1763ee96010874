/* SPDX-License-Identifier: MIT */
/*
 * relay: the lines of [relay], as they stand in file and environment.
 */
#ifndef CONFIG_RELAY_H
#define CONFIG_RELAY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "config/file.h"

/*
 * Reads the file of *c once more, for its section [relay]. Variables
 * POST365_RELAY_<KEY> stand in place of all lines of that key; values of a key
 * that may be given several times are parted by ";". All texts live in a.
 * ERR_CONFIG, ERR_RETRY.
 */
bool config_relay(const struct config *c, struct arena *a,
    struct config_pair **out, struct err *e)
    __attribute__((warn_unused_result));

#endif
