/* SPDX-License-Identifier: MIT */
/*
 * serve_play: net/serve in a loop that never waits, on a clock of its own,
 * and clients that talk with it. Ends the program where it cannot begin.
 */
#ifndef UNIT_SERVE_PLAY_H
#define UNIT_SERVE_PLAY_H

#include <netinet/in.h>

#include "net/serve.h"

#define HOST "Host: h\r\n"

enum {
	PLAY_BODY_MAX = 100,
	PLAY_FILE_MAX = 4000000,
	PLAY_SMALL_MAX = 3,
	PLAY_WALL = 1795000000
};

/*
 * What it answers: "/later..." by nobody (id has it); all else by what was
 * asked, "METHOD|path|query|body", or of a body in a file "...|file SIZE SUM".
 * What it admits (if asked, see play_admits): "/no" nothing, answered 403;
 * "/small" 3 bytes; "/file" and "/later/file" 4 MB in a file.
 */
struct play {
	struct serve s;
	struct sockaddr_in at;
	int listener;
	int64_t now;
	uint64_t id;              /* of the latest request */
	unsigned asked, answered; /* calls of admit, and of the handler */
	char peer[SERVE_PEER_SIZE];
	bool tls;
};

void play_begin(struct play *t, bool admits, const struct cert *cert);
void play_end(struct play *t);

/* A connection that does not block. */
int play_connect(const struct play *t);

/* Steps where serve_wants says that there is something to do. */
void play_turn(struct play *t);

/*
 * Sends, so many bytes at a time, and gathers what comes until nothing does;
 * true: the server ended the connection.
 */
bool play_talk(struct play *t, int fd, struct str in, size_t step,
    struct buf *out);
/* The same over TLS, or not. */
bool play_talk_over(struct play *t, struct io_stream c, struct str in,
    size_t step, struct buf *out);

/*
 * One answer after the other: status line, a blank, the body, a semicolon;
 * "~" stands for "HTTP/1.1 200 OK".
 */
void play_shorten(struct str in, struct buf *out);

/* What play_shorten says of all that came for these bytes. */
void play_check(struct play *t, int fd, struct str in, const char *want);

/* A sum over bytes, which goes on. */
uint32_t play_sum(uint32_t sum, struct str bytes);

#endif
