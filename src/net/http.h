/* SPDX-License-Identifier: MIT */
/*
 * http: HTTP/1.1 requests over kept-alive connections.
 *
 * One struct http serves one process: it keeps an idle connection per origin
 * (HTTP_ORIGINS of them) and closes those idle for HTTP_IDLE_MS. A request
 * has a body that can be read again, so a kept-alive connection that the
 * server closed meanwhile is replaced without the caller seeing it, if not a
 * byte of an answer came and the request is safe to repeat: it is, when the
 * server had closed before we wrote, or when the request says so.
 *
 * What a failure means: until the request is fully written ERR_RETRY, after
 * that ERR_UNSURE (the server may have acted on it). Once the head of an
 * answer is whole, the call has succeeded, whatever the status: `cut` says
 * that its body did not come whole, or is compressed and cannot be read. A
 * success that came before the request was written is the one exception:
 * ERR_UNSURE. Redirects are not followed: the caller sees them, so no
 * Authorization ever goes to another host.
 *
 * Where an answer repeats a secret of its request (a field, client_secret or
 * client_assertion in the body, PAGE_ECHO bytes of them or more), stars stand
 * in its place before anybody sees it.
 *
 * Source: RFC 9110, RFC 9112.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/source.h"
#include "base/str.h"
#include "codec/http1.h"
#include "codec/url.h"
#include "net/conn.h"

enum {
	HTTP_ORIGINS = 3,     /* login, Graph, upload host */
	HTTP_IDLE_MS = 60000, /* facts.md 6.1: a server's limit is unknown */
	HTTP_BODY_MAX = 1024 * 1024, /* of an answer */
	HTTP_HOST_MAX = 253,         /* characters of a name, RFC 1035 2.3.4 */
	HTTP_ORIGIN_SIZE = HTTP_HOST_MAX + 20
};

struct http_conf {
	const struct trust *trust;
	const struct proxy *proxy; /* for https; NULL: none is ever used */
	const struct log *log;     /* may be NULL */
	struct str user_agent;
	struct str session_folder; /* for TLS sessions; may be empty */
	int64_t connect_timeout_ms;
	bool allow_plain; /* http:// to other hosts than loopback:
			     managed-identity endpoints only */
};

struct http {
	struct http_conf conf;
	struct http_slot {
		struct conn conn;
		char origin[HTTP_ORIGIN_SIZE]; /* "https://host:port", or "" */
		bool open;          /* was used; else it is still opening */
		int64_t idle_since; /* mono_ms; of opening: since when */
	} slot[HTTP_ORIGINS];
	int64_t clock_skew; /* as in the last answer that has a date */
	bool has_date;
	unsigned requests, connections; /* counted, for -v and tests */
};

/* Borrows what conf points to until release. */
void http_init(struct http *h, const struct http_conf *conf);
void http_release(struct http *h);

/*
 * Begins to open a connection that a later call will need; it gets on while
 * other calls wait. Failures show in that later call.
 */
void http_warm(struct http *h, const struct url *url);

/*
 * Opens the connection that a later call will need, and says how that went;
 * facts are filled as far as it came. As http_call before the request.
 */
bool http_connect(struct http *h, const struct url *url, int64_t deadline,
    struct conn_facts *facts, struct err *e)
    __attribute__((warn_unused_result));

struct http_field {
	struct str name, value;
	bool secret; /* shown as *** by -v */
};

struct http_request {
	struct str method;
	const struct url *url;
	const struct http_field *field; /* beside Host, User-Agent, lengths */
	size_t n_fields;
	struct source body; /* size 0: none; POST, PUT, PATCH say so */
	bool has_body;
	bool secret_body;   /* -v shows its size and the answer's only */
	bool secret_target; /* the URL gives a right: -v shows its origin */
	bool repeatable;    /* doing it twice does no harm: a token request */
	bool close;         /* Connection: close: a throwaway */
	int64_t deadline;   /* for everything */
};

struct http_answer {
	int status;
	struct http1 head; /* ask it with http1_field */
	struct buf body;
	bool cut;       /* the body is not whole; what came of it is here, */
	struct err why; /* and what http_is_whole gives */
	int64_t server_clock_skew; /* seconds we are ahead of its Date */
	bool has_date;
};

/*
 * Sends one request and reads its whole answer. Release the answer in any
 * case; a zeroed one is legal. ERR_CONFIG: plain http to another host than
 * this. ERR_INPUT: a field's value cannot be sent, or the body not be read.
 */
bool http_call(struct http *h, const struct http_request *r,
    struct http_answer *out, struct err *e) __attribute__((warn_unused_result));
/*
 * For those that need the body: false if it was cut, *e says how. ERR_RETRY,
 * or ERR_UNSURE if the request is not repeatable.
 */
bool http_is_whole(const struct http_answer *a, struct err *e)
    __attribute__((warn_unused_result));
void http_answer_release(struct http_answer *a);

#endif
