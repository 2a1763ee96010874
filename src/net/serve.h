/* SPDX-License-Identifier: MIT */
/*
 * serve: HTTP/1.1 for many clients in one loop that never blocks.
 *
 * Requests are read whole (codec/http1.h), each within its cap and its
 * deadline, and answered in one piece; then the next one of that client is
 * read. A client that says too little in time is ended; where all places are
 * taken, the client that has been silent after its answer for longest is.
 * The loop is the caller's: serve_wants and serve_step stand in it.
 *
 * Source: RFC 9110, RFC 9112 (3.2 Host, 6.3 framing, 9.3 persistence, 9.6
 * closing).
 */
#ifndef NET_SERVE_H
#define NET_SERVE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/http1.h"
#include "net/cert.h"
#include "net/io.h"

enum {
	SERVE_CLIENTS = 64,
	SERVE_FDS = SERVE_CLIENTS + 1,
	SERVE_ANSWER_MAX = 1024 * 1024,
	SERVE_HEAD_MS = 10000, /* handshake and head: who is slow is hostile */
	SERVE_BODY_MS = 60000, /* a body, and an answer on its way out */
	SERVE_IDLE_MS = 60000  /* between requests */
};

struct serve_request {
	struct str method, path, query; /* query: without '?' */
	struct str body;
	const struct http1 *head; /* for http1_field */
};

struct serve_answer {
	int status;
	const char *type;  /* of the body; NULL: none */
	struct buf fields; /* further ones, "Name: value" CRLF each */
	struct buf body;
};

/* Writes the answer: status is 404 before. What it is given is lent. */
typedef void serve_handler(void *arg, const struct serve_request *r,
    struct serve_answer *a);

struct serve_how {
	const struct cert *cert; /* NULL: plain */
	size_t body_max;         /* bytes of a request's body */
	serve_handler *handle;
	void *arg;
};

struct serve_client {
	enum serve_phase {
		SERVE_FREE,
		SERVE_SHAKING,
		SERVE_IDLE, /* between requests */
		SERVE_READING,
		SERVE_WRITING,
		SERVE_LINGERING /* the last answer is out: RFC 9112 9.6 */
	} phase;
	struct arena mem; /* of tls */
	struct io_stream stream;
	short events; /* what it waits for */
	int64_t deadline;
	struct http1 head;
	struct buf body, out, ahead; /* ahead: bytes of the next request */
	size_t sent;                 /* of out */
	bool keep, headed, served;   /* served: a request before */
};

struct serve {
	struct serve_how how;
	int listener; /* borrowed; does not block */
	struct serve_client client[SERVE_CLIENTS];
};

/* Borrows what how and listener point to until serve_close. */
void serve_init(struct serve *s, const struct serve_how *how, int listener);
void serve_close(struct serve *s);

/* What to poll for (SERVE_FDS at most), and when to step at the latest. */
size_t serve_wants(const struct serve *s, struct pollfd fds[SERVE_FDS],
    int64_t *wake);

/* Gets on with all that can get on. now, wall: os_mono_ms and os_wall. */
void serve_step(struct serve *s, int64_t now, int64_t wall);

/*
 * What a whole head lacks, in words, with the status that says so; NULL:
 * nothing. One Host (RFC 9112 3.2), and none of it must be there in 1.0.
 */
const char *serve_flaw(const struct http1 *h, int *status);

/* "Not Found"; "Unknown" for what has no name here. */
const char *serve_reason(int status);

#endif
