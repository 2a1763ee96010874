/* SPDX-License-Identifier: MIT */
/*
 * init: `post365 config init`. On a terminal it asks; with options, and the
 * secret on standard input, it does not; with neither it writes the file to
 * fill in. Nothing is written before all of it is known and could be loaded.
 */
#ifndef COMMAND_CONFIG_INIT_H
#define COMMAND_CONFIG_INIT_H

#include "command/config/settings.h"

int settings_init(const struct settings *s);

#endif
