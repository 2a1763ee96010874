/* SPDX-License-Identifier: MIT */
/*
 * param: fields that have a value and parameters, Content-Type and
 * Content-Disposition.
 *
 * Reads extended and continued parameters (RFC 2231), and the encoded words
 * in quotes that many mailers write instead. What is malformed is skipped up
 * to the next semicolon. Comments are skipped.
 *
 * Source: RFC 2045 5.1, RFC 2183, RFC 2231.
 */
#ifndef MAIL_PARAM_H
#define MAIL_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { PARAM_MAX = 64 }; /* parameters of one field, sections included */

struct param {
	struct str name;  /* in lower case, without '*' and section number */
	struct str value; /* decoded, UTF-8 */
	struct param *next;
};

/*
 * Parses an unfolded field value. *value is what stands before the first
 * semicolon, in lower case and without blanks ("text/plain"). Memory is a's:
 * ask arena_ok.
 */
void param_parse(struct arena *a, struct str field, struct str *value,
    struct param **list);

/* The value of the first parameter of that name; p is NULL if none. */
struct str param_find(const struct param *list, struct str name);

/*
 * Appends `; name="value"`, as RFC 2231 pieces where value is not ASCII or
 * is long; a blank before each piece is a place to fold at.
 */
void param_write(struct buf *out, struct str name, struct str value);

#endif
