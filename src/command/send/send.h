/* SPDX-License-Identifier: MIT */
/* send: the command that sends one message now. */
#ifndef COMMAND_SEND_SEND_H
#define COMMAND_SEND_SEND_H

#include "cli/cli.h"

extern const struct cli_option send_options[]; /* ends with a zeroed one */

/*
 * 0: accepted (202). 75: try later. 76: perhaps sent; never tried again by
 * itself. Others as err_exit says.
 */
int send_main(const struct cli_command *self, int argc, char **argv);

#endif
