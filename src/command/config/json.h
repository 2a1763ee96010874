/* SPDX-License-Identifier: MIT */
/*
 * json: `post365 config show --json`: the settings for programs. It works with
 * settings that are broken or not there, and says why they cannot be used. No
 * secret is in it.
 */
#ifndef COMMAND_CONFIG_JSON_H
#define COMMAND_CONFIG_JSON_H

#include "codec/jsonw.h"
#include "command/config/config.h"

int settings_show_json(const struct settings *s);

/* A member "error": key, if there is one, message and remedy. */
void settings_json_error(struct jsonw *w, const char *key, const struct err *e);

#endif
