/* SPDX-License-Identifier: MIT */
/*
 * explain: what an error code means, what post365 does about it, and what a
 * person should do. Needs no network and no settings.
 *
 * It knows codes of Graph and Entra ID, statuses of HTTP, codes of delivery
 * reports (5.7.708) and exit statuses of its own; without one it lists them
 * all. An operand may also be a line
 * of a log: the first known code in it counts. Exit: 64 if one is unknown.
 */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

#include "cli/cli.h"

extern const struct cli_option explain_options[];

int explain_main(const struct cli_command *self, int argc, char **argv);

#endif
