/* SPDX-License-Identifier: MIT */
/* set: `post365 config set KEY [VALUE]` and `post365 config unset KEY`. */
#ifndef COMMAND_CONFIG_SET_H
#define COMMAND_CONFIG_SET_H

#include "command/config/settings.h"

int settings_set(const struct settings *s);
int settings_unset(const struct settings *s);

#endif
