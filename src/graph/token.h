/* SPDX-License-Identifier: MIT */
/*
 * token: access tokens by the client-credentials flow, kept on disk.
 *
 * A token is used until 300 s before it expires, renewed earlier where the
 * answer's refresh_in says so (a failing renewal is ignored while the old
 * token is good), and asked for once however many processes want it: the
 * cache file's lock is held during the request. Cache files are 0600 and
 * token_cache.h's.
 *
 * Source: RFC 6749 4.4, facts.md 1.2, 1.6, 1.7.
 */
#ifndef GRAPH_TOKEN_H
#define GRAPH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "graph/identity.h"
#include "net/http.h"

enum {
	TOKEN_EARLY = 300,        /* seconds before expiry (MSAL's number) */
	TOKEN_ASSUMED_LIFE = 600, /* without expires_in (MSAL-Py) */
	TOKEN_REQUEST_MS = 30000, /* MSAL's timeout for one request */
	TOKEN_HOLD_S = 5,         /* after 429 without Retry-After (MSAL-Py) */
	TOKEN_HOLD_5XX_S = 2,     /* after 5xx: it may have been one server */
	TOKEN_HOLD_MAX = 3600     /* and with one, at most (the same) */
};

struct token_source {
	struct http *http;
	const struct clock *clock;
	const struct log *log;
	struct str folder; /* of the cache; empty: memory only */
	struct identity who;
	/*
	 * JSON that the service wants in the next request (a claims
	 * challenge); a kept token is not good enough then. Usually empty.
	 */
	struct str claims;
};

struct token {
	struct secret bearer;
	int64_t expires, refresh_at; /* wall clock */
	bool fresh; /* the service gave it to this very call, no cache */
};

/*
 * A valid token, from *t itself, the cache, or the service. ERR_AUTH,
 * ERR_CONFIG, ERR_RETRY with the service's words and the remedy.
 */
bool token_get(const struct token_source *s, int64_t deadline, struct token *t,
    struct err *e) __attribute__((warn_unused_result));

/* Forgets a token that Graph refused, here and in the cache. */
void token_drop(const struct token_source *s, struct token *t);

void token_release(struct token *t);

#endif
