/* SPDX-License-Identifier: MIT */
/*
 * queue: what waits, for a person who looks after it.
 *
 *	walk.h	the messages that are meant
 *	text.h	how they are printed
 *	carry.h	export and import
 *
 * Lists read whatever other processes do meanwhile. What changes a message
 * claims it first: one that is being sent is told, and the exit status is 75.
 * One message that fails does not stop the others; the exit status is that of
 * the first failure.
 */
#ifndef COMMAND_QUEUE_QUEUE_H
#define COMMAND_QUEUE_QUEUE_H

#include "cli/cli.h"

extern const struct cli_option queue_options[];

int queue_main(const struct cli_command *self, int argc, char **argv);

/* What may be asked for, for struct cli_command. */
const char *queue_word(size_t i);

#endif
