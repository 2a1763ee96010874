/* SPDX-License-Identifier: MIT */
/* settings: the command `config`. */
#ifndef COMMAND_CONFIG_H
#define COMMAND_CONFIG_H

#include "cli/cli.h"

extern const char settings_more[];

/*
 * show: 78 for settings that cannot be used. path: 66 if there is no file.
 * init: 73 if there is one, or it cannot be made.
 */
int settings_main(const struct cli_command *self, int argc, char **argv);

/* What may be asked for, for struct cli_command. */
const char *settings_word(size_t i);

#endif
