/* SPDX-License-Identifier: MIT */
/*
 * sandbox_answer: a request as the two services see it, and their answer.
 *
 * Nothing here reads or writes a connection or a file: what the services
 * decide can be tested with plain structs.
 */
#ifndef SANDBOX_ANSWER_H
#define SANDBOX_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/os.h"
#include "base/str.h"

enum {
	/* "4 MB" is nowhere given in bytes (facts.md 4.4): the larger one */
	SANDBOX_BODY_MAX = 4 * 1024 * 1024,
	/* room for the decoded parts of one such body, several times over */
	SANDBOX_MEMORY_MAX = 64 * 1024 * 1024,
	SANDBOX_ANSWER_MAX = 64 * 1024
};

struct sandbox_request {
	struct str method, path; /* the path as sent, without the query */
	struct str query;        /* without '?' */
	struct str content_type, authorization, client_request_id;
	struct str content_range, prefer, host;
	struct str body;
	int64_t now;           /* wall clock */
	int64_t life;          /* of a token, seconds */
	bool session_gone;     /* an upload session is to end here */
	char id[OS_UUID_SIZE]; /* ours: request-id, Trace ID */
	struct arena *mem;     /* for the time of this request */
};

struct sandbox_answer {
	int status;
	const char *type;  /* of the body; NULL: there is none */
	struct buf fields; /* further ones, "Name: value" CRLF each */
	struct buf body;
	struct str code; /* of the error, for the log; literal or in mem */
};

void answer_init(struct sandbox_answer *a);
void answer_release(struct sandbox_answer *a);

/* Empty again, with this status. */
void answer_reset(struct sandbox_answer *a, int status);

/* "Name: value"; what is no text in value becomes '?' (no second line). */
void answer_field(struct sandbox_answer *a, struct str name, struct str value);

/* The fields that every answer of Graph carries (facts.md 6.1). */
void answer_graph_fields(struct sandbox_answer *a,
    const struct sandbox_request *r);

/* An error as Graph writes it (facts.md 3.1). Borrows code. */
void answer_graph_error(struct sandbox_answer *a,
    const struct sandbox_request *r, int status, struct str code,
    struct str message);

/*
 * What a reader of the request has found wrong: e->code is Graph's, from
 * which the status follows. Without one it is ours: 500.
 */
void answer_flaw(struct sandbox_answer *a, const struct sandbox_request *r,
    const struct err *e);

/*
 * An error as Entra ID writes it (facts.md 1.7). code: "AADSTS7000215", the
 * number is taken from it.
 */
struct answer_sign_in {
	int status;
	struct str error; /* "invalid_client" */
	struct str code, text;
};
void answer_login_error(struct sandbox_answer *a,
    const struct sandbox_request *r, const struct answer_sign_in *why);

#endif
