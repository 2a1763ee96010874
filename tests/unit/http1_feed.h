/* SPDX-License-Identifier: MIT */
/*
 * http1_feed: feeds a message to http1 in every way that a network might,
 * for the tests of http1.
 */
#ifndef UNIT_HTTP1_FEED_H
#define UNIT_HTTP1_FEED_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/http1.h"

enum {
	LIMIT = 1 << 20, /* of bodies, where a test does not say */
	BYTEWISE = -1
};

#define ANSWER  HTTP1_ANSWER
#define NO_BODY HTTP1_ANSWER_NO_BODY
#define REQUEST HTTP1_REQUEST

#define OK "HTTP/1.1 200 OK\r\n"
#define CH OK "Transfer-Encoding: chunked\r\n\r\n"

/* One message, fed whole (cut 0), in two pieces, or byte by byte. */
struct feeding {
	enum http1_kind kind;
	struct str in;
	size_t limit; /* of the body */
	long cut;
};

struct seen {
	struct http1 h;
	struct buf body;
	enum parse fed, end; /* after the bytes; after the close */
	size_t left;
};

/* Feeds, and then says that the connection ended. */
void see(struct feeding f, struct seen *s);
void forget(struct seen *s);

/*
 * "200 keep [body]+left" if complete; "eof" instead of "keep" or "close" if
 * the end of the connection made it so. "bad: reason", "cut: reason" if it
 * was the end that broke it.
 */
void summary(const struct seen *s, struct buf *out);

/* Where the network cuts may not change anything: every cut, compared. */
void check_cuts(struct feeding f, const char *name);

#endif
