/* SPDX-License-Identifier: MIT */
/*
 * trace: the command `post365 trace`: what became of mail after Microsoft 365
 * took it, by Exchange's message trace and by our own journal.
 */
#ifndef COMMAND_TRACE_H
#define COMMAND_TRACE_H

#include "cli/cli.h"

extern const struct cli_option trace_options[];

int trace_main(const struct cli_command *self, int argc, char **argv);

#endif
