/* SPDX-License-Identifier: MIT */
/*
 * token_answer: the JSON that brings a token, from Entra ID or from the
 * endpoint of a managed identity.
 *
 * Source: RFC 6749 5.1, facts.md 1.5 (numbers as strings, expires_on in many
 * forms), 1.6.
 */
#ifndef GRAPH_TOKEN_ANSWER_H
#define GRAPH_TOKEN_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "graph/token.h"
#include "net/http.h"

/*
 * Makes *t of the body of a success. now: wall clock. ERR_RETRY: it is no
 * token; says what it is instead, and never quotes what may be one.
 */
bool token_answer(const struct http_answer *a, int64_t now, struct token *t,
    struct err *e) __attribute__((warn_unused_result));

/*
 * A clock that is far from the server's makes sign-ins fail: says so in the
 * remedy. Returns false.
 */
bool token_mention_clock(const struct http_answer *a, struct err *e);

#endif
