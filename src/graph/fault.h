/* SPDX-License-Identifier: MIT */
/*
 * fault: what the services' errors mean and what to do about them.
 *
 * Two tables, AADSTS numbers (facts.md 2) and Graph codes (facts.md 3.2).
 * The kind follows from status, `error` and code, never from message text.
 * For the token endpoint `error` decides the kind and the number only
 * chooses the remedy (facts.md 1.7), but for one case: a number that stands
 * for a passing state makes a general `error` (invalid_request,
 * invalid_grant, unknown) ERR_RETRY.
 *
 * Of Graph, status and code decide together:
 *
 *	answer				kind
 *	2xx, not the documented one	unsure
 *	429				retry, whatever the code
 *	5xx with a code that lasts	retry; the few that Exchange sends with
 *					500 are refused at the third try
 *	a known code			the code's
 *	an unknown code			the status's: 4xx may be refused
 *	no code: a page, nothing, cut	the status's, and never refused: it
 *					need not be Graph that answers
 *	502, 504, where the above	unsure
 *	says retry
 */
#ifndef GRAPH_FAULT_H
#define GRAPH_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http.h"

struct fault {
	uint8_t kind; /* enum err_kind */
	uint8_t exit; /* sysexits.h; 0: as the kind says */
	/*
	 * "7000215", "ErrorAccessDenied", "503"; behind its NUL stands the
	 * meaning. One pointer less in each row is 2 kB of the executable.
	 */
	const char *code;
	const char *remedy; /* what to do, with the portal's menu path */
};

/*
 * By code in any case; "AADSTS7000215" and "7000215" alike; `error` values
 * ("invalid_client") and HTTP statuses ("503") are known, too. Or NULL.
 */
const struct fault *fault_find(struct str code);
/* What a code means: a sentence. */
const char *fault_meaning(const struct fault *f);
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
