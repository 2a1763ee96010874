/* SPDX-License-Identifier: MIT */
/*
 * trace: Exchange's message trace: what became of mail after Graph took it.
 *
 * Both bounds of time go along with every request, in pieces of 10 days, and
 * pages are followed to the last one. What Graph names as the next page is
 * asked on our own way to it: a token never goes to another host.
 *
 * Not verified against the service: that messageId is compared with its angle
 * brackets (Exchange Online's own Get-MessageTraceV2 does), and the names of
 * the members of a detail. Members that are not known are left out, and a
 * status that is not known is given as it came.
 *
 * Source: facts.md 11.
 */
#ifndef GRAPH_TRACE_H
#define GRAPH_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/call.h"

enum {
	TRACE_WINDOW_S = 10 * 86400, /* of one request */
	TRACE_KEPT_S = 90 * 86400,   /* Exchange has no older ones */
	TRACE_MOST = 100,            /* requests in TRACE_MOST_S, each kind */
	TRACE_MOST_S = 300,
	/* Graph gives 1,000 unless told, of some 600 bytes; answers up to 1 MB
	   are read */
	TRACE_TOP = 500
};

enum trace_kind { TRACE_LIST, TRACE_DETAILS }; /* counted apart */

struct trace_ask {
	struct str message_id, from, to; /* all that are given must fit */
	int64_t since, until;            /* seconds since 1970; both count */
	/* Asked before each request; false ends it. NULL: nobody is. */
	bool (*may)(void *arg, enum trace_kind kind, struct err *e);
	void *arg;
};

/* One message and one recipient. Lent until the callback returns. */
struct trace_item {
	struct str id, message_id, from, to, subject, from_ip, to_ip;
	struct str status; /* "delivered", as Graph writes it */
	int64_t when;      /* received; seconds since 1970; 0: not said */
	int64_t size;      /* bytes */
};
typedef void trace_each_fn(void *arg, const struct trace_item *item);

/* What was done with it. */
struct trace_detail {
	int64_t when;
	struct str event, action, description, data;
};
typedef void trace_detail_fn(void *arg, const struct trace_detail *d);

/*
 * Calls each for all that fit. A busy service is asked again, for minutes.
 * ERR_AUTH: the app may not, or the tenant is not set up for it, with the
 * commands that mend it. ERR_RETRY: not now.
 */
bool trace_list(struct graph *g, const struct trace_ask *ask,
    trace_each_fn *each, void *arg, struct err *e)
    __attribute__((warn_unused_result));

/* The events of an item's recipient; of ask only `may` counts. */
bool trace_details(struct graph *g, const struct trace_ask *ask,
    const struct trace_item *item, trace_detail_fn *each, void *arg,
    struct err *e) __attribute__((warn_unused_result));

/* Parts of it, for tests. Pure. */

/* Appends path and query of the first page. As buf_ok. */
bool trace_path(struct buf *path, const struct trace_ask *ask, struct err *e)
    __attribute__((warn_unused_result));
/*
 * Reads a page; *next gets path and query of the one after it, or stays empty.
 * ERR_RETRY: it is none.
 */
bool trace_read(struct str body, trace_each_fn *each, void *arg,
    struct buf *next, struct err *e) __attribute__((warn_unused_result));
/* Makes of a refusal what it means here; returns false. */
bool trace_explain(int status, struct err *e);

/* What to do where a cloud has no trace by Graph. */
extern const char trace_not_here[];

/* Will this status not change any more? */
bool trace_is_final(struct str status);

#endif
