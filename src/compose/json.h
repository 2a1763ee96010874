/* SPDX-License-Identifier: MIT */
/*
 * prepare_json: a ready message taken apart into what Graph's JSON carries:
 * one text, one HTML text, files.
 */
#ifndef COMPOSE_JSON_H
#define COMPOSE_JSON_H

#include <stdbool.h>

#include "base/err.h"
#include "compose/part.h"
#include "compose/raw.h"
#include "graph/route.h"
#include "mail/message.h"

/*
 * *out is NULL when JSON cannot carry it, and f->json_cannot says why; else
 * f->json_loses has what it loses. Failures are those of reading.
 */
bool prepare_json(const struct prepare_raw *h, struct prepare_part *parts,
    const struct message **out, struct route_facts *f, struct err *e)
    __attribute__((warn_unused_result));

#endif
