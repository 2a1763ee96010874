/* SPDX-License-Identifier: MIT */
/*
 * print: `post365 print NAME`, files for the machine: who runs the queue
 * where no relay does.
 *
 * They name this executable where it is. One text each in a table, so that
 * what is printed is what is to be installed, with no edit.
 *
 * Source: systemd.service(5), systemd.timer(5), systemd.exec(5), crontab(5).
 */
#ifndef COMMAND_PRINT_H
#define COMMAND_PRINT_H

#include "base/buf.h"
#include "cli/cli.h"

/* ERR_USAGE: no name, several, or an unknown one. */
int print_main(const struct cli_command *self, int argc, char **argv);
extern const char print_more[];

/*
 * Appends the file of that name; program is the executable's path. False:
 * there is none.
 */
bool print_file(const char *name, const char *program, struct buf *out);

#endif
