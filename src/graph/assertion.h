/* SPDX-License-Identifier: MIT */
/*
 * assertion: the JSON Web Token by which a certificate's key signs in.
 *
 * Source: RFC 7523 3, RFC 7515 3.1 and 4.1.8; facts.md 1.3.
 */
#ifndef GRAPH_ASSERTION_H
#define GRAPH_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "graph/identity.h"

enum {
	ASSERTION_MAX = 16 * 1024, /* two short objects and a signature */
	ASSERTION_LIFE_S = 600     /* MSAL's; Entra ID names no bound */
};

/*
 * Appends a new assertion of who->sign for its token endpoint, good from
 * `now` on (wall clock). ERR_BUG, ERR_RETRY.
 */
bool assertion_make(const struct identity *who, int64_t now, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
