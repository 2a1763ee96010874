/* SPDX-License-Identifier: MIT */
/* token: the command `token`, for people who call Graph by other means. */
#ifndef COMMAND_TOKEN_H
#define COMMAND_TOKEN_H

#include "cli/cli.h"

extern const struct cli_option token_options[];

/* 0, or the exit status of what is wrong. */
int token_main(const struct cli_command *self, int argc, char **argv);

#endif
