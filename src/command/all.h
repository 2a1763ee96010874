/* SPDX-License-Identifier: MIT */
/*
 * all: the commands of the program, in the order of help and manual.
 */
#ifndef COMMAND_ALL_H
#define COMMAND_ALL_H

#include "cli/cli.h"

enum { COMMAND_ALL = 19 };
extern const struct cli_command command_all[COMMAND_ALL];

/* NULL and ERR_USAGE with the nearest name. */
const struct cli_command *command_find(const char *name, struct err *e);

/* The name of the i-th; NULL behind the last. */
const char *command_word(size_t i);

/* Prints them, a line each; gives the exit code. */
int command_list(const struct cli *c);

#endif
