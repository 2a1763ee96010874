/* SPDX-License-Identifier: MIT */
/*
 * sendmail: the sendmail(8) command line, mailq and newaliases.
 *
 *	sendmail.c	   modes, the message on standard input
 *	sendmail_option.h  the options, as a table
 *	sendmail_smtp.h	   -bs
 *	sendmail_post.h	   the way out
 *	sendmail_queue.h   -q
 *
 * A message is stored first, and 0 says that it survives a power cut; then a
 * process in the background sends it. -odi and -v wait for that, -odq leaves
 * it for another one.
 *
 * Source: sendmail.md 1, LSB 5.0 sendmail(1).
 */
#ifndef COMMAND_SENDMAIL_SENDMAIL_H
#define COMMAND_SENDMAIL_SENDMAIL_H

#include "cli/cli.h"

int sendmail_main(const struct cli_command *self, int argc, char **argv);
int mailq_main(const struct cli_command *self, int argc, char **argv);
int newaliases_main(const struct cli_command *self, int argc, char **argv);

/* Prints what `sendmail --help` prints; gives the exit code. */
int sendmail_help(void);

#endif
