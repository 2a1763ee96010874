/* SPDX-License-Identifier: MIT */
/*
 * call: one authorised request to Graph, and what its answer means.
 *
 * Adds Authorization and a client-request-id of its own, opens the
 * connection to Graph while the token is still being fetched, and asks once
 * more with a fresh token after a 401 (with the claims that it wants) and
 * after a 403 for want of permission to a kept one. Only the status that the
 * caller expects is a success.
 */
#ifndef GRAPH_CALL_H
#define GRAPH_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/os.h"
#include "graph/fault.h"
#include "graph/meter.h"
#include "graph/token.h"

struct graph {
	struct token_source source;
	struct meter meter; /* of bodies, uploads included */
	struct token token;
	struct url url;      /* of graph_url, with the version */
	struct str url_text; /* what url slices; without a final slash */
	int64_t timeout_ms;  /* for one call */
};

struct graph_request {
	struct str method;
	struct str path;         /* after graph_url: "/users/x/sendMail" */
	struct str content_type; /* of the body */
	struct source body;
	struct str prefer;  /* the Prefer field; empty: none */
	int expect;         /* 202 */
	struct str what;    /* for messages: "sendMail for a@b" */
	bool repeatable;    /* doing it twice does no harm */
	bool secret;        /* the answer is not for -v */
	int64_t timeout_ms; /* 0: that of struct graph */
};

struct graph_answer {
	struct http_answer http;
	char request_id[FAULT_ID_SIZE];
	char client_request_id[OS_UUID_SIZE]; /* of the last attempt */
	unsigned attempts;                    /* requests made to Graph */
};

/*
 * True: answered with r->expect. False: *e says what it means. The answer
 * is filled as far as it came; release it in any case.
 */
bool graph_call(struct graph *g, const struct graph_request *r,
    struct graph_answer *out, struct err *e)
    __attribute__((warn_unused_result));
void graph_answer_release(struct graph_answer *a);

#endif
