/* SPDX-License-Identifier: MIT */
/*
 * json: `post365 config show --json`: the settings for programs. It works with
 * settings that are broken or not there, and says why they cannot be used. No
 * secret is in it.
 */
#ifndef COMMAND_CONFIG_JSON_H
#define COMMAND_CONFIG_JSON_H

#include "command/config/settings.h"

int settings_show_json(const struct settings *s);

/*
 * The end of a command that changes settings: tells why it failed (e not
 * NULL), and with --json what became of it. at: whose value was refused, or
 * NULL. Gives the exit status.
 */
struct apply;
struct config_row;
int settings_end(const struct settings *s, struct apply *a, const struct err *e,
    const struct config_row *at);

#endif
