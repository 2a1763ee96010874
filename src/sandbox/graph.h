/* SPDX-License-Identifier: MIT */
/*
 * sandbox_graph: Graph's part of the sandbox: who may, where, and sendMail.
 * sandbox_draft has the rest.
 *
 * Source: facts.md 3 (errors), 4.1 to 4.4 (sendMail), 6.1 (fields).
 */
#ifndef SANDBOX_GRAPH_H
#define SANDBOX_GRAPH_H

#include "sandbox/answer.h"
#include "sandbox/mail.h"
#include "sandbox/state.h"

/* Which rules a request to any path but the token endpoint's is for. */
enum rule_where sandbox_graph_where(struct str method, struct str path);

/*
 * Answers a request to any path but the token endpoint's. True: the answer
 * is 202, and m holds a message to keep. Release m in any case.
 */
bool sandbox_graph_answer(const struct sandbox *s,
    const struct sandbox_request *r, struct sandbox_mail *m,
    struct sandbox_answer *a);

/* 413, for a request whose body was not read to its end. */
void sandbox_graph_too_large(const struct sandbox_request *r,
    struct sandbox_answer *a);

#endif
