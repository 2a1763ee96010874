/* SPDX-License-Identifier: MIT */
/*
 * managed_find: which of Azure's endpoints for managed identities is here.
 *
 * Source: facts.md 1.5 (MSAL's order of detection).
 */
#ifndef CONFIG_MANAGED_FIND_H
#define CONFIG_MANAGED_FIND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "graph/managed.h"

/*
 * Fills source, endpoint, header and thumbprint from the environment and the
 * files of the Arc agent; the machine's own endpoint (IMDS) where nothing
 * points elsewhere. Texts live in a. An empty variable is none. ERR_CONFIG: a
 * variable cannot be what it should; Azure's Cloud Shell, where a person is
 * signed in and no program can be.
 */
bool managed_find(struct arena *a, struct managed *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
