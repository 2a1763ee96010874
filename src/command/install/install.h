/* SPDX-License-Identifier: MIT */
/*
 * install: `post365 install` and `post365 uninstall`, for who has only the one
 * file, and for build.sh.
 *
 * What they do stands in install.sh, which is inside the executable. This part
 * reads the command line, finds the folders that the settings name, writes the
 * units and becomes /bin/sh.
 */
#ifndef COMMAND_INSTALL_INSTALL_H
#define COMMAND_INSTALL_INSTALL_H

#include "cli/cli.h"

/*
 * ERR_USAGE: what only root can do, or a path that a unit cannot name.
 * ERR_CONFIG: the settings cannot be read; no /bin/sh. Else the script's exit
 * status: 0, or 73 where a step failed, which is named.
 */
int install_main(const struct cli_command *self, int argc, char **argv);
extern const struct cli_option install_options[], uninstall_options[];

#endif
