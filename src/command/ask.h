/* SPDX-License-Identifier: MIT */
/* ask: what a command line says about the settings: -C and -A. */
#ifndef COMMAND_ASK_H
#define COMMAND_ASK_H

#include "cli/cli.h"
#include "config/config.h"

/* For config_load. Its texts are those of the command line. */
struct config_ask command_ask(const struct cli *c);

#endif
