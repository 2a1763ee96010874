/* SPDX-License-Identifier: MIT */
/*
 * serve: HTTP/1.1 for many clients in one loop that never blocks.
 *
 * Requests are read whole (codec/http1.h), each within its cap and its
 * deadline, and answered in one piece, at once or later; then the next one of
 * that client is read. What a request may bring is decided by its head alone
 * (admit), before a byte of its body is taken; a large body goes to a file.
 *
 * A client that says too little in time is ended. Where all places are taken,
 * a newcomer gets the place of the client that has been silent for longest,
 * after an answer or before its first request; a client in the middle of a
 * request keeps its place. Nobody but this machine has more than half of them.
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
#include "base/temp.h"
#include "codec/http1.h"
#include "net/cert.h"
#include "net/io.h"

enum {
	SERVE_CLIENTS = 64,
	SERVE_PEER_CLIENTS =
	    SERVE_CLIENTS / 2, /* of one peer: see serve_peer */
	SERVE_FDS = SERVE_CLIENTS + 1,
	SERVE_ANSWER_MAX = 1024 * 1024,
	SERVE_HEAD_MS = 10000,  /* handshake and head: who is slow is hostile */
	SERVE_BODY_MS = 60000,  /* a body, and an answer on its way out */
	SERVE_BODY_RATE = 32,   /* bytes of a body for 1 ms more: 35 MB may take
				   20 min, and a trickle gets nothing */
	SERVE_IDLE_MS = 60000,  /* between requests */
	SERVE_LATE_MS = 900000, /* until a late answer is there; then 504 */
	/* Keeps its place before its first request: a handshake, and 64 places
	   that change hands 4 times a second outlast 1,000 silent ones. */
	SERVE_GRACE_MS = 250,
	SERVE_PEER_SIZE = 46 /* INET6_ADDRSTRLEN */
};

/* Who calls. IPv4 addresses stand as ::ffff:a.b.c.d. */
struct serve_peer {
	unsigned char ip[16];
	bool counted;               /* not of this machine, not unknown */
	char text[SERVE_PEER_SIZE]; /* "127.0.0.1", "::1"; "": unknown */
};

struct serve_request {
	uint64_t id; /* no other request of this serve has it */
	/* as sent: a path may be "", "*" or "http://..."; query: without '?' */
	struct str method, path, query;
	struct str body;          /* empty if it is in file */
	struct temp *file;        /* NULL: the body is in body */
	const struct http1 *head; /* for http1_field */
	const char *peer;         /* serve_peer.text */
	bool tls;
};

enum { SERVE_LATER = 0 }; /* a status: the answer comes by serve_reply */

struct serve_answer {
	int status;
	const char *type;  /* of the body; NULL: none */
	struct buf fields; /* its own, "Name: value" CRLF each */
	struct buf body;
};

/*
 * An answer of one's own, for serve_reply: status 404, and empty. A handler
 * is given one that is made already. A zeroed one may be released, too.
 */
void serve_answer_init(struct serve_answer *a);
void serve_answer_release(struct serve_answer *a);

/*
 * Writes the answer: status is 404 before. What it is given is lent, body and
 * file too: who needs them longer has a child by then.
 */
typedef void serve_handler(void *arg, const struct serve_request *r,
    struct serve_answer *a);

/* What the body of a request may be. */
struct serve_admit {
	uint64_t body_max; /* bytes; more is answered 413 */
	bool to_file;      /* into a temp, never whole in memory */
};

/*
 * Asked once a head is whole and sound, before its body and "100 Continue".
 * False: *a (status 404 before, never SERVE_LATER) is the answer; the body is
 * not read, the connection ends.
 */
typedef bool serve_admitter(void *arg, const struct serve_request *r,
    struct serve_admit *out, struct serve_answer *a);

/*
 * Puts a refusal of serve's own into words: *a has its status, why is lent.
 * What came of the request may be as little as half of its first line.
 */
typedef void serve_refuser(void *arg, const struct serve_request *r,
    const char *why, struct serve_answer *a);

struct serve_how {
	const struct cert *cert; /* NULL: plain */
	uint64_t body_max;       /* serve_admit's, if nobody says otherwise */
	struct str spool;        /* of temp_open; may be empty */
	struct str fields;     /* of each answer, refusals too; may be empty */
	serve_admitter *admit; /* NULL: all, in memory */
	serve_refuser *refuse; /* NULL: as text/plain */
	serve_handler *handle;
	void *arg;
};

struct serve_client {
	enum serve_phase {
		SERVE_FREE,
		SERVE_SHAKING,
		SERVE_IDLE, /* between requests */
		SERVE_READING,
		SERVE_WAITING, /* for a late answer */
		SERVE_WRITING,
		SERVE_LINGERING /* the last answer is out: RFC 9112 9.6 */
	} phase;
	struct serve_peer peer;
	struct serve *s;  /* it is one of these */
	struct arena mem; /* of tls */
	struct io_stream stream;
	short events; /* what it waits for */
	int64_t deadline;
	int64_t spare_at; /* from then on its place may be a newcomer's */
	uint64_t id;      /* of the request */
	struct http1 head;
	struct buf body, out, ahead; /* ahead: bytes of the next request */
	struct temp file;            /* open: the body goes there */
	size_t sent;                 /* of out */
	bool keep, headed, begun;    /* begun: the body's first bytes, too */
	bool bare;                   /* HEAD: the answer has no body */
};

struct serve {
	struct serve_how how;
	int listener;      /* borrowed; does not block */
	int64_t now, wall; /* of the last step */
	int64_t rest;      /* until then nobody is accepted */
	uint64_t last_id;
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
 * The late answer to a request whose handler said SERVE_LATER; it goes out by
 * the next steps, with the time of the last one. False: that client has gone,
 * or was told 504 meanwhile.
 */
bool serve_reply(struct serve *s, uint64_t id, const struct serve_answer *a);

/*
 * Does it still wait for its answer? A client that has ended its side of the
 * connection is gone; serve_wants wakes for that.
 */
bool serve_is_waiting(const struct serve *s, uint64_t id);

/*
 * What a whole head lacks, in words, with the status that says so; NULL:
 * nothing. One Host (RFC 9112 3.2), and none of it must be there in 1.0.
 */
const char *serve_flaw(const struct http1 *h, int *status);

/* "Not Found"; "Unknown" for what has no name here. */
const char *serve_reason(int status);

#endif
