/* SPDX-License-Identifier: MIT */
/*
 * permit: what the token says that the app may do.
 *
 * A right that was given in Exchange does not show there (facts.md 1.6), so a
 * token without roles says nothing.
 */
#ifndef GRAPH_PERMIT_H
#define GRAPH_PERMIT_H

#include "graph/call.h"
#include "graph/route.h"

/* Both get a token, if need be; without one nothing is known. */
enum route_may permit_write(struct graph *g); /* Mail.ReadWrite */
enum route_may permit_read(struct graph *g);  /* that, or a lesser one */

#endif
