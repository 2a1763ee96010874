/* SPDX-License-Identifier: MIT */
/*
 * serve: a server of a few lines on loopback, in a process of its own, that
 * follows a script and behaves as badly as that says.
 *
 * Steps are done one after the other; where the peer ends the connection
 * meanwhile, the step goes on with the next one. After the last step the
 * server is gone, unless the script is played again and again.
 */
#ifndef UNIT_SERVE_H
#define UNIT_SERVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

enum serve_read {
	SERVE_ALL,
	SERVE_HEAD,
	SERVE_BODY, /* of the request whose head was read before */
	SERVE_NOTHING,
	SERVE_PAUSE /* nothing, for 20 ms */
};
enum serve_then {
	SERVE_KEEP,
	SERVE_CLOSE,
	SERVE_RESET,
	SERVE_HANG,   /* reads, and says nothing, until the peer goes */
	SERVE_STALL,  /* does not even read, for ever */
	SERVE_REPEAT, /* says the answer again until the peer goes */
	SERVE_DRIP    /* one byte of it every 10 ms, then hangs */
};

struct serve_step {
	enum serve_read read; /* how much of a request, before answering */
	struct str answer;
	enum serve_then then;
	size_t cut; /* the answer comes in two pieces; 0: whole */
};

enum { SERVE_SEEN = 256 * 1024 };

/* What the server saw, in memory shared with it. */
struct serve_seen {
	atomic_uint connections, requests, closed;
	atomic_uint at_once;  /* requests that came in one piece */
	atomic_uint body_sum; /* serve_sum of the last body */
	atomic_size_t n;      /* bytes of text */
	char text[SERVE_SEEN];
};

struct serve {
	pid_t pid;
	uint16_t port;
	struct serve_seen *seen;
};

/* Borrows the steps until serve_stop. Ends the program if it cannot. */
void serve_start(struct serve *s, const struct serve_step *step, size_t n,
    bool again);
void serve_stop(struct serve *s);

/* Waits, for 5 s at most, until the server closed so many connections. */
bool serve_wait_closed(const struct serve *s, unsigned n);
/* The bytes of all requests so far. */
struct str serve_text(const struct serve *s);
bool serve_saw(const struct serve *s, struct str needle);
/* Adds bytes to a checksum that depends on their order. */
uint32_t serve_sum(uint32_t sum, struct str bytes);

#endif
