/* SPDX-License-Identifier: MIT */
/*
 * parent: the relay's first process. It reads the settings, opens what
 * listens, lets go of root's rights where `user` says so, and keeps two others
 * running: reception, executed anew with the public half of the settings
 * (relay/reception.h), and the manager of the queue (deliver/manager.h), whose
 * workers send; where `web` is set, the dashboard (command/web/house.h), too.
 *
 * SIGTERM, SIGINT	ends all in order, within `drain`; a second one at once
 * SIGHUP		reads settings, users and certificates anew: a new
 *			reception takes over, the old one serves its clients
 * SIGCHLD		who ended is started again, after 0.1 s, then after
 *			twice as long each time, up to 30 s
 *
 * As PID 1 it takes in the orphans.
 *
 * Source: design.md 6, relay.md 6.
 */
#ifndef COMMAND_RELAY_PARENT_H
#define COMMAND_RELAY_PARENT_H

#include "cli/cli.h"

/* Runs the relay: its exit status. */
int parent_main(const struct cli *cli);

#endif
