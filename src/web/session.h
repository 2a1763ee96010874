/* SPDX-License-Identifier: MIT */
/*
 * session: who is signed in. A browser holds a cookie; each form has a token
 * beside it, which another site cannot know.
 *
 * Ids are 256 random bits, compared in constant time; an id ends after an hour
 * without use, and a day after it began.
 *
 * Source: RFC 6265; OWASP Cross-Site Request Forgery Prevention (synchronizer
 * token).
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
	WEB_SESSION_MOST = 16,
	WEB_SESSION_BYTES = 32,
	WEB_SESSION_TEXT = 2 * WEB_SESSION_BYTES + 1, /* in hex, with a NUL */
	WEB_SESSION_IDLE_MS = 3600 * 1000,
	WEB_SESSION_LIFE_MS = 24 * 3600 * 1000,
	WEB_SESSION_USER = 257 /* users.h takes 256 bytes */
};

struct web_session {
	char id[WEB_SESSION_TEXT];    /* empty: a free place */
	char token[WEB_SESSION_TEXT]; /* of its forms */
	char user[WEB_SESSION_USER];  /* empty: the one who started it */
	int64_t began, used;          /* monotonic ms */
};

struct web_sessions {
	struct web_session one[WEB_SESSION_MOST];
};

/* A new random id. */
void web_session_random(char out[WEB_SESSION_TEXT]);
/* Are they the same? Takes as long, wherever they differ. */
bool web_session_same(const char id[WEB_SESSION_TEXT], struct str given);

/* A new one, in the place of the one that was not used for longest. */
struct web_session *web_sessions_begin(struct web_sessions *s, struct str user,
    int64_t now);
/* By its id, and notes that it is used; NULL: there is none. */
struct web_session *web_sessions_find(struct web_sessions *s, struct str id,
    int64_t now);
void web_session_end(struct web_session *s); /* wipes it */

#endif
