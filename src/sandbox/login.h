/* SPDX-License-Identifier: MIT */
/*
 * sandbox_login: the token endpoint, for the client-credentials flow with a
 * secret or a client assertion.
 *
 * Stricter than Entra ID: a parameter that it does not know, or one that
 * stands twice, is an error.
 *
 * Source: RFC 6749 4.4, RFC 7523, facts.md 1.2, 1.6, 1.7 and 2.
 */
#ifndef SANDBOX_LOGIN_H
#define SANDBOX_LOGIN_H

#include "sandbox/answer.h"
#include "sandbox/state.h"

/* /TENANT/oauth2/v2.0/token, of any tenant. */
bool login_is_path(struct str path);

/* Answers a request to that path; issues the token. */
void login_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a);

#endif
