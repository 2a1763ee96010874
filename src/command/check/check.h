/* SPDX-License-Identifier: MIT */
/*
 * check: `post365 check` and `post365 test`, the two that a person runs after
 * setting up: each prerequisite in order, and at the first that lacks, what
 * cures it.
 */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "cli/cli.h"

extern const char check_more[], test_more[];

/* Sends nothing. 0, or the exit status of what is wrong. */
int check_main(const struct cli_command *self, int argc, char **argv);

/* The same, and then one real message to the address given. */
int test_main(const struct cli_command *self, int argc, char **argv);

#endif
