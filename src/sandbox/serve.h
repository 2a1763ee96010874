/* SPDX-License-Identifier: MIT */
/*
 * sandbox_serve: one connection, from its acceptance to its end.
 *
 * Reads requests one after the other (RFC 9112), picks the fault rule for
 * each, has login or graph answer it, keeps the message, plays the answer,
 * writes the log. Blocking: every connection has its own process.
 */
#ifndef SANDBOX_SERVE_H
#define SANDBOX_SERVE_H

#include "sandbox/state.h"

/* Takes over fd. Returns when the connection is over. */
void sandbox_serve(const struct sandbox *s, int fd);

#endif
