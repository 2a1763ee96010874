/* SPDX-License-Identifier: MIT */
/*
 * check: `post365 check` and `post365 test`, the two that a person runs after
 * setting up: each prerequisite a line with its sign, and under each failure
 * what cures it.
 *
 *	step.h		what a step knows and says
 *	sheet.h		how that is printed
 *	local.c		what this machine itself knows
 *	queue.c		the queue of this machine, who runs it, the relay
 *	service.c	the way to Microsoft, and what the service says
 *	others.c	the other accounts
 *	test.c		the message of test, and what became of it
 *
 * Nothing is written and no folder made. Local steps come first; a step that
 * needs another one that failed is shown as not tried, the others go on.
 */
#ifndef COMMAND_CHECK_CHECK_H
#define COMMAND_CHECK_CHECK_H

#include "cli/cli.h"

extern const struct cli_option check_options[], test_options[];

/* Sends nothing. 0, or the exit status of the first failure. */
int check_main(const struct cli_command *self, int argc, char **argv);

/* What signing in needs, and then one real message to the address given. */
int test_main(const struct cli_command *self, int argc, char **argv);

#endif
