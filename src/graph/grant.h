/* SPDX-License-Identifier: MIT */
/*
 * grant: what the permissions in a token say about a refusal.
 *
 * Entra ID and Exchange both grant, and what they grant adds up: who limits
 * an app by RBAC for Applications must not be told to grant Mail.Send in
 * Entra ID, which opens every mailbox to it.
 *
 * Source: facts.md 1.6, 7.2, 7.3.
 */
#ifndef GRAPH_GRANT_H
#define GRAPH_GRANT_H

#include <stdbool.h>

#include "graph/token.h"

/*
 * Replaces the remedy of *e, if it says that the app may not do this, by one
 * that fits the token's roles. sends: it was to send; else it needs
 * Mail.ReadWrite. Returns false.
 */
bool grant_remedy(const struct token *t, bool sends, struct err *e);

#endif
