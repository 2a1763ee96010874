/* SPDX-License-Identifier: MIT */
/*
 * fault: what the services' errors mean and what to do about them.
 *
 * Two tables, AADSTS numbers (FACTS.md 2) and Graph codes (FACTS.md 3.2).
 * The kind follows from status, `error` and code, never from message text.
 * For the token endpoint `error` decides the kind and the number only
 * chooses the remedy (FACTS.md 1.7), but for one case: a number that stands
 * for a passing state makes a general `error` (invalid_request,
 * invalid_grant, unknown) ERR_RETRY. Without a code that is known the status
 * decides; 502 and 504 are never "safe to try again" for mail.
 */
#ifndef GRAPH_FAULT_H
#define GRAPH_FAULT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http.h"

struct fault {
	const char *code; /* "7000215", "ErrorAccessDenied", "503" */
	enum err_kind kind;
	int exit;            /* sysexits.h; 0: as the kind says */
	const char *meaning; /* a sentence */
	const char *remedy;  /* what to do, with the portal's menu path */
};

/*
 * By code in any case; "AADSTS7000215" and "7000215" alike; `error` values
 * ("invalid_client") and HTTP statuses ("503") are known, too. Or NULL.
 */
const struct fault *fault_find(struct str code);
/* The i-th entry of all, for lists; NULL after the last. */
const struct fault *fault_at(size_t i);

/* Ids that support needs, as text; empty where the service named none. */
enum { FAULT_ID_SIZE = 64 };

/*
 * Fill *e from an answer that is not the documented success: kind, code (the
 * status where the service named none), text of the service, its ids,
 * Retry-After, remedy. `what` was tried: "sign in at HOST". now: wall clock.
 * What could be an echo of a secret is not quoted. Return false.
 */
bool fault_token(const struct http_answer *a, struct str what, int64_t now,
    struct err *e);
bool fault_graph(const struct http_answer *a, struct str what, int64_t now,
    struct err *e);

#endif
