/* SPDX-License-Identifier: MIT */
/*
 * drop: the folder where users without a queue leave mail while no relay
 * answers (store/drop.h), as the settings want it.
 */
#ifndef COMMAND_RELAY_DROP_H
#define COMMAND_RELAY_DROP_H

#include "base/log.h"
#include "config/config.h"

/*
 * Makes it, and lets others through the spool to it: the spool's own folders
 * stay closed. Where there is to be none any more, the default one is closed.
 * What fails is told: the relay runs without it, too.
 */
void drop_prepare(const struct config *c, const struct log *log);

#endif
