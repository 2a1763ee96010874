/* SPDX-License-Identifier: MIT */
/*
 * route: by which of Graph's calls a message leaves.
 *
 * One pure decision. The first row that fits:
 *
 * - larger than max_message_size: refused
 * - --via names a route: that one, if it can
 * - delivery = exact, and not to be kept in Sent Items: refused
 * - delivery = exact: draft, if one can be made
 * - not to be kept in Sent Items: json, if it can; else refused where --no-save
 *   asked for it, and where a setting did, as below with a copy, which is said
 * - only JSON delivers a field (x-, List-Unsubscribe), and nothing is lost:
 *   json. Of a message that came as MIME its x- fields do not count
 * - up to mime_limit: mime
 * - JSON carries all of it and nothing is lost: json
 * - the token has no Mail.ReadWrite and JSON can: json, saying what is lost
 * - a draft would have to send its text as a file, and JSON can: json
 * - it can be taken apart: draft
 * - JSON can: json, saying what is lost
 * - else: refused
 *
 * Source: design.md 3; facts.md 4.3 to 4.5.
 */
#ifndef GRAPH_ROUTE_H
#define GRAPH_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum route { ROUTE_AUTO, ROUTE_MIME, ROUTE_JSON, ROUTE_DRAFT };

/* What a permission is known to be: a token may tell, or say nothing. */
enum route_may { ROUTE_MAY_UNKNOWN, ROUTE_MAY, ROUTE_MAY_NOT };

struct route_facts {
	uint64_t mime_size;        /* bytes of the whole message */
	uint64_t rest_size;        /* without the files that a draft uploads */
	uint64_t json_size;        /* bytes of the JSON request, about */
	const char *json_cannot;   /* why JSON cannot carry it; NULL: it can */
	const char *json_loses;    /* what it would lose; NULL: nothing */
	bool json_fields;          /* has fields that MIME may not deliver */
	const char *rest_loses;    /* what a draft of it loses; NULL: nothing */
	const char *sealed;        /* why it cannot be taken apart; NULL: can */
	bool no_save;              /* not to be kept in Sent Items, */
	bool no_save_asked;        /* as --no-save says: nothing less will do */
	bool exact;                /* delivery = exact */
	enum route_may read_write; /* Mail.ReadWrite */
	uint64_t mime_limit, max_message_size;
};

struct route_choice {
	enum route route;
	const char *why;   /* a clause: "it is larger than mime_limit" */
	const char *loses; /* what the route loses of it; NULL: nothing */
};

/*
 * want: ROUTE_AUTO, or what --via says. ERR_INPUT: no route can carry the
 * message, with the reason and what to do; ERR_USAGE: not the one wanted;
 * ERR_CONFIG: settings that exclude each other.
 */
bool route_choose(const struct route_facts *f, enum route want,
    struct route_choice *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Refuses a message of so many bytes: ERR_INPUT with the code DSN_TOO_LARGE;
 * gives false.
 */
bool route_too_large(uint64_t size, uint64_t most, struct err *e);

/* "auto", "mime", "json", "draft". */
const char *route_name(enum route route);
bool route_parse(const char *name, enum route *out);

#endif
