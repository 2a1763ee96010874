/* SPDX-License-Identifier: MIT */
/*
 * sandbox_assert: client assertions, as the token endpoint judges them.
 *
 * Form, names and times are checked, and that none is used twice, which
 * Entra ID does not do. Signatures are not verified: the sandbox knows no
 * certificate. An assertion whose issuer is not the client is taken for the
 * token of another identity provider (a federated credential), which may
 * come again.
 *
 * Source: RFC 7523 3, facts.md 1.3, 1.4 and 2.
 */
#ifndef SANDBOX_ASSERT_H
#define SANDBOX_ASSERT_H

#include <stdbool.h>

#include "sandbox/answer.h"
#include "sandbox/state.h"

/* False: *why has the answer of Entra ID; its texts live in r->mem. */
bool sandbox_assert(const struct sandbox *s, const struct sandbox_request *r,
    struct str assertion, struct answer_sign_in *why);

#endif
