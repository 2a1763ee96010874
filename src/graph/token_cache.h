/* SPDX-License-Identifier: MIT */
/*
 * token_cache: tokens kept in files, so that a program that runs for one mail
 * does not sign in for each, and ten of them at once sign in once.
 *
 * A file is named by a hash of what its token belongs to, and is 0600; a
 * broken one is as good as none, and one that nobody has renewed for a week
 * goes when another is kept. Beside a token, it is remembered how long
 * the sign-in service wants to be left alone. Nothing here is an error:
 * without a cache a token is asked for.
 *
 * Source: facts.md 1.6 (single flight; throttle memory of MSAL-Py).
 */
#ifndef GRAPH_TOKEN_CACHE_H
#define GRAPH_TOKEN_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "graph/token.h"

enum { TOKEN_CACHE_PATH = 4096 };

/* Where a token is kept; empty names: nowhere. */
struct token_cache {
	char folder[TOKEN_CACHE_PATH], file[TOKEN_CACHE_PATH];
	char lock[TOKEN_CACHE_PATH], hold[TOKEN_CACHE_PATH];
};

/* folder: empty for none. */
void token_cache_open(struct token_cache *c, struct str folder,
    const struct identity *who);

/* Reads what is kept; false: nothing, or nothing sound. */
bool token_cache_read(const struct token_cache *c, int64_t now,
    struct token *t);

/* Keeps a token; warns if that cannot be done. */
void token_cache_put(const struct token_cache *c, const struct token *t,
    const struct log *l);

void token_cache_remove(const struct token_cache *c);

/*
 * One process at a time may ask. False: another is at it until the deadline.
 * Where locks cannot be had at all there is nobody to wait for; *fd is -1
 * then. Close it to let go.
 */
bool token_cache_lock(const struct token_cache *c, int64_t deadline, int *fd);

/*
 * The service is not to be asked again for e->retry_after_ms from now on (an
 * hour at most). Until then token_cache_held is true and fills *e with why:
 * ERR_RETRY, and the time that is left.
 */
void token_cache_hold(const struct token_cache *c, int64_t now,
    const struct err *e);
bool token_cache_held(const struct token_cache *c, int64_t now, struct err *e);

/* RFC 6750 2.1 says b64token; nothing that could end a header line. */
bool token_is_sound(struct str bearer);

#endif
