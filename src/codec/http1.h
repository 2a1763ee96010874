/* SPDX-License-Identifier: MIT */
/*
 * http1: reads HTTP/1.1 messages, byte by byte if need be.
 *
 * A push parser without input or output of its own: the caller feeds what
 * came from the network and gets the body bytes in a buf. It reads answers
 * (for the client) and requests (for the sandbox). Strict where leniency
 * would let two programs disagree on where a message ends: RFC 9112 6.3, no
 * bare LF or CR, no blanks before a colon, no folding, no two lengths, no
 * length beside chunked, no transfer coding but chunked.
 *
 * Source: RFC 9112 (framing), RFC 9110 (fields, status codes).
 */
#ifndef CODEC_HTTP1_H
#define CODEC_HTTP1_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/parse.h"
#include "codec/url.h"

enum {
	HTTP1_LINE_MAX = 1024,            /* status line with its CRLF */
	HTTP1_REQUEST_MAX = URL_MAX + 64, /* request line: method, version */
	HTTP1_HEAD_MAX = 64 * 1024,       /* whole head; curl: 300 kB */
	HTTP1_FIELDS_MAX = 100,           /* field lines; Graph sends 15 */
	HTTP1_INTERIM_MAX = 8,            /* 1xx answers before the final */
	HTTP1_CHUNK_LINE_MAX = 1024,      /* one chunk-size line */
	HTTP1_TRAILER_MAX = 4 * 1024,     /* all trailer fields */
	HTTP1_CHUNK_FREE = 64 * 1024,     /* chunk-size lines of a message */
	HTTP1_CHUNK_RATIO = 8             /* beyond it: their bytes to data's;
					     chunks of one byte have 5 */
};

enum http1_kind {
	HTTP1_ANSWER,         /* to a request that may have a body in it */
	HTTP1_ANSWER_NO_BODY, /* to HEAD, or 2xx to CONNECT */
	HTTP1_REQUEST
};

struct http1_field {
	uint32_t name, name_n, value, value_n; /* offsets into head */
};

struct http1 {
	enum http1_kind kind;
	unsigned phase, state; /* of the message; of the grammar in it */
	int status;            /* of an answer, 100 to 599 */
	int minor;             /* HTTP/1.minor, 0 or 1 */
	struct buf head;       /* start line and fields, as received */
	struct http1_field field[HTTP1_FIELDS_MAX]; /* values trimmed */
	size_t n_fields;
	uint32_t method, method_n, target, target_n; /* of a request */
	unsigned interim;                            /* 1xx answers seen */
	unsigned matched;                            /* bytes of "HTTP/1." */
	bool headed; /* what http1_has_head says */
	bool chunked, until_close, keep_alive, has_length;
	uint64_t length;    /* Content-Length */
	uint64_t left;      /* bytes of body or chunk still to come */
	uint64_t data;      /* bytes of all chunks so far */
	uint64_t framing;   /* bytes of all chunk-size lines so far */
	size_t line_n;      /* bytes of head, size line or trailers so far */
	const char *reason; /* of PARSE_BAD, a literal */
};

/* Keeps nothing. The parser owns head; release it with http1_release. */
void http1_init(struct http1 *h, enum http1_kind kind);
void http1_release(struct http1 *h);

/*
 * Takes bytes off *in; body bytes are appended to body (its limit is the
 * body limit). DONE: message complete, the rest of *in belongs to the next
 * (of an answer that nobody asked for, or of an answer to CONNECT that has a
 * body after all: close). BAD: h->reason says why (a limit, a violation, or
 * no memory); the byte that broke it is the last one taken. A length or a
 * chunk that cannot fit into body is BAD before its first byte.
 *
 * Answers of 1xx are skipped. keep_alive, once DONE: the message leaves the
 * connection usable; never true of HTTP/1.0. A Content-Encoding is the
 * caller's to refuse, a missing Host as well.
 */
enum parse http1_feed(struct http1 *h, struct str *in, struct buf *body);

/*
 * The connection ended. DONE if that is how this message ends (body until
 * close) or it was complete, BAD if something is missing.
 */
enum parse http1_finish(struct http1 *h);

/*
 * The head of the final answer, or of the request, is complete and sound:
 * status and fields can be asked for, even if the body then breaks.
 */
bool http1_has_head(const struct http1 *h);
/* Not one byte was received; http1_finish does not change that. */
bool http1_is_untouched(const struct http1 *h);

/*
 * The value of a field, trimmed; p is NULL if it is absent. Of a field that
 * stands several times, the first. Lends until release. Before the head is
 * complete, this and the next two give the empty str.
 */
struct str http1_field(const struct http1 *h, struct str name);
struct str http1_method(const struct http1 *h);
struct str http1_target(const struct http1 *h);

#endif
