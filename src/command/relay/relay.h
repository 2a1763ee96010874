/* SPDX-License-Identifier: MIT */
/*
 * relay: the SMTP relay as a command.
 *
 *	relay.c   options, --check, --hash-password
 *	plan.h    the settings, read and checked
 *	parent.h  the processes; rights.h: as which user
 *	logbook.h the log of all of them; logline.h: its lines
 *	notify.h  systemd's readiness and watchdog
 *
 * Source: relay.md.
 */
#ifndef COMMAND_RELAY_RELAY_H
#define COMMAND_RELAY_RELAY_H

#include "cli/cli.h"

extern const struct cli_option relay_options[]; /* ends with a zeroed one */

/*
 * What --check prints, a line each: "ok    ", "warn  " or "FAIL  " and what was
 * looked at; "; do: " stands before a cure. *worst: the exit status. At its end
 * this process may be the user that a relay of root's becomes. False: the
 * settings, *e says what is wrong with them.
 */
bool relay_look(const struct cli *cli, struct buf *out, int *worst,
    struct err *e) __attribute__((warn_unused_result));

int relay_main(const struct cli_command *self, int argc, char **argv);

#endif
