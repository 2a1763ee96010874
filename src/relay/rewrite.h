/* SPDX-License-Identifier: MIT */
/*
 * rewrite: addresses that the relay changes before a message is stored:
 * recipients by recipient_map, in envelope and header, and From by the word
 * rewrite=, the old one becoming Reply-To.
 *
 * A line of the map is an address or @domain, and behind blanks one address
 * or several. What it gives is not looked up again.
 *
 * Source: relay.md 1 (recipient_map, rewrite).
 */
#ifndef RELAY_REWRITE_H
#define RELAY_REWRITE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/addr.h"

struct rewrite_line {
	struct str domain;     /* of "@domain"; or empty */
	const struct addr *of; /* else the address */
	const struct addr *to;
	struct rewrite_line *next;
};

/* file: its name, for messages. The text is lent. ERR_CONFIG. */
bool rewrite_parse(struct arena *a, const char *file, struct str text,
    struct rewrite_line **out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Each address, or what the map makes of it, with the old one as its original
 * recipient where none was named; once each. Lives in a.
 */
const struct addr *rewrite_list(struct arena *a, const struct rewrite_line *map,
    const struct addr *list);

struct rewrite {
	const struct rewrite_line *map; /* may be NULL */
	struct str from;                /* the new From; empty: it stays */
};
/*
 * Appends the header, changed; the same bytes where nothing is to change.
 * Fields that are no lists of addresses stay. ERR_INPUT, ERR_RETRY.
 */
bool rewrite_header(const struct rewrite *r, struct str header, struct buf *out,
    struct err *e) __attribute__((warn_unused_result));

#endif
