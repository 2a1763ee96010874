/* SPDX-License-Identifier: MIT */
/*
 * token: access tokens by the client-credentials flow, kept on disk.
 *
 * A token is used until 300 s before it expires, renewed earlier where the
 * answer's refresh_in says so (a failing renewal is ignored while the old
 * token is good), and asked for once however many processes want it: the
 * cache file's lock is held during the request. Cache files are 0600 and
 * named by a hash of login host, tenant, client, scope and secret (a changed
 * secret is tried at once); a broken one is as good as none.
 *
 * Source: RFC 6749 4.4, FACTS.md 1.2, 1.6, 1.7.
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
#include "net/http.h"

enum {
	TOKEN_EARLY = 300,        /* seconds before expiry (MSAL's number) */
	TOKEN_ASSUMED_LIFE = 600, /* without expires_in (MSAL-Py) */
	TOKEN_REQUEST_MS = 30000  /* MSAL's timeout for one request */
};

/* Who signs in, and for what. Borrowed texts. */
struct identity {
	struct str login_url; /* "https://login.microsoftonline.com" */
	struct str tenant;    /* GUID or domain */
	struct str client_id;
	struct str scope; /* "https://graph.microsoft.com/.default" */
	const struct secret *client_secret;
};

struct token_source {
	struct http *http;
	const struct clock *clock;
	const struct log *log;
	struct str folder; /* of the cache; empty: memory only */
	struct identity who;
};

struct token {
	struct secret bearer;
	int64_t expires, refresh_at; /* wall clock */
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

/* Appends the form that asks for a token (secrets included). */
bool token_request_body(const struct identity *who, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
