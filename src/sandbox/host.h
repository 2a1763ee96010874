/* SPDX-License-Identifier: MIT */
/*
 * sandbox_host: a process for every connection.
 *
 * Faults may block a connection for minutes; with a process each, the others
 * never notice. No process outlives the host, however that ends.
 */
#ifndef SANDBOX_HOST_H
#define SANDBOX_HOST_H

#include "sandbox/state.h"

enum { SANDBOX_CONNECTIONS = 64 }; /* at a time; more wait in the queue */

/*
 * Serves what the listener accepts until SIGTERM, SIGINT or SIGHUP, or until
 * so many kept messages were answered (0: does not matter). Ends all
 * connections. ERR_RETRY: no descriptors, no processes.
 */
bool sandbox_host(struct sandbox *s, int listener, uint64_t exit_after,
    struct err *e) __attribute__((warn_unused_result));

#endif
