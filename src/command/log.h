/* SPDX-License-Identifier: MIT */
/* journal_log: the command `post365 log`, what became of which message. */
#ifndef COMMAND_LOG_H
#define COMMAND_LOG_H

#include "cli/cli.h"
#include "codec/json.h"

extern const struct cli_option journal_log_options[];

int journal_log_main(const struct cli_command *self, int argc, char **argv);

/* One line of the journal for people; appends. Pure. */
void journal_log_line(struct buf *out, const struct json *tree);

#endif
