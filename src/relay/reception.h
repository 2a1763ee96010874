/* SPDX-License-Identifier: MIT */
/*
 * reception: the process that serves all clients of the relay in one loop. It
 * knows no secret and opens no connection: it adds to the spool and tells the
 * manager.
 *
 * SIGTERM and SIGINT end it: each client may end its message, for `drain` at
 * most. SIGHUP: it takes no new ones, for another one does by now, and ends
 * when the last has gone. So does the end of its parent.
 *
 * Source: design.md 6, relay.md 2, 6.
 */
#ifndef RELAY_RECEPTION_H
#define RELAY_RECEPTION_H

/*
 * Runs it, with what bundle.h says. log_level: of -v. Gives the process's exit
 * status; what is wrong has been told.
 */
int reception_main(int log_level);

#endif
