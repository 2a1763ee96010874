/* SPDX-License-Identifier: MIT */
/*
 * pair: an HTTP client and a scripted server for it, for tests.
 */
#ifndef UNIT_PAIR_H
#define UNIT_PAIR_H

#include "net/http.h"
#include "serve.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

enum {
	SHORT_MS = 600,  /* for servers that never finish */
	LONG_MS = 20000, /* for those that do */
	SMALL = 100,
	LATE_MS = 5000, /* a busy machine is late, no hung program */
	LARGE = 3000000,
	HUGE = 64 * 1024 * 1024 /* more than sockets hold back */
};

#define ACCEPTED  "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
#define TOO_LARGE "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nbig!"

struct pair {
	struct serve server;
	struct http http;
	struct url url;
	char text[64];
};

void pair_start(struct pair *p, const struct serve_step *step, size_t n);
/* The same with a script that is played again and again. */
void pair_start_again(struct pair *p, const struct serve_step *step, size_t n);
void pair_stop(struct pair *p);

/* The client alone, for p->server; log may be NULL. */
void pair_client(struct pair *p, const struct log *log);

/* The steps of a row: those up to the first without an answer. */
size_t pair_steps(const struct serve_step step[3]);

/* Byte `at` of what pair_post sends. */
char pair_byte(uint64_t at);
bool pair_read(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e);
/* A POST with so many bytes of body, which must be over in ms. */
struct http_request pair_post(const struct pair *p, size_t body, int64_t ms);

/* Calls, and gives the status of a whole answer, or 0. */
int pair_call(struct pair *p, const struct http_request *r, struct err *e);
/* The same for a small POST. */
int pair_small(struct pair *p);

#endif
