/* SPDX-License-Identifier: MIT */
/*
 * world: a machine with a clock that can be set, a folder for tokens, and a
 * sign-in service that follows a script, for tests.
 */
#ifndef UNIT_WORLD_H
#define UNIT_WORLD_H

#include <stdio.h>

#include "graph/token.h"
#include "serve.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define TOKEN(text, more)                                                      \
	JSON "{\"token_type\":\"Bearer\"," more "\"access_token\":\"" text "\"}"
#define HOUR "\"expires_in\":3599,"

enum { NOW = 1800000000, WAIT_MS = 10000, LATE_MS = 5000 };

struct world {
	struct serve server;
	struct http http;
	struct clock clock;
	int64_t now;
	struct secret secret;
	struct log log;
	FILE *said; /* what was logged */
	struct token_source source;
	char login[64], folder[256], file[512];
};

/* The service plays its script again and again; nothing is kept yet. */
void world_start(struct world *w, const struct serve_step *step, size_t n);
void world_stop(struct world *w);

/* Token requests so far. */
unsigned world_requests(const struct world *w);
bool world_get(const struct world *w, struct token *t, struct err *e);
/* Checks that it gives this token. */
void world_check(const struct world *w, struct token *t, const char *want,
    const char *when);
/* Lines of the log, whose level is that of warnings. */
size_t world_lines_said(const struct world *w);
/* Puts the path of the cache file in w->file. False: there is none. */
bool world_find_file(struct world *w);

#endif
