/* SPDX-License-Identifier: MIT */
/* submit: a prepared message to Graph: by which route, and one attempt. */
#ifndef DELIVER_SUBMIT_H
#define DELIVER_SUBMIT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "compose/prepare.h"
#include "deliver/client.h"
#include "graph/outgoing.h"

/*
 * Chooses the route (want: ROUTE_AUTO or --via). With a client, and where it
 * matters, it finds out which permissions the app has; c may be NULL.
 * ERR_INPUT: for more people than Exchange takes at a time; or what
 * route_choose says.
 */
bool submit_route(struct client *c, const struct prepared *p, enum route want,
    struct route_choice *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Makes one attempt by the route that was chosen. Which, why, and what is
 * lost on it goes to log.
 */
bool submit_send(struct client *c, const struct prepared *p,
    const struct route_choice *by, const struct log *log,
    struct send_result *out, struct err *e) __attribute__((warn_unused_result));

#endif
