/* SPDX-License-Identifier: MIT */
/*
 * field: what is known of the fields of a header, in one table: how a value
 * is read, how often the field may stand, what edit does with it, where it
 * stands in Graph's JSON, what the service does to it, which option sets it.
 *
 * Source: RFC 5322 3.6, RFC 2045 3, facts.md 4.2 and 4.3.
 */
#ifndef MAIL_FIELD_H
#define MAIL_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* How a value must be read to be written anew. */
enum field_shape { FIELD_TEXT, FIELD_ADDRESSES, FIELD_PARAMS };

/* What becomes of it in a message that is sent on (edit.h). */
enum field_fate {
	FIELD_STAYS,
	FIELD_GOES,
	FIELD_NOTES, /* X-Post365-To and -Cc: goes when written here before */
	FIELD_FROM,
	FIELD_TO, /* and Cc */
	FIELD_REPLY_TO,
	FIELD_DATE,
	FIELD_ID,
	FIELD_HOP /* stays, and is counted */
};

/* Its place in a message as JSON (compose/json.h). */
enum field_place {
	FIELD_LOST,  /* none, but for that of x- fields */
	FIELD_APART, /* carried otherwise, or written by the service */
	FIELD_SUBJECT,
	FIELD_REPLIES,
	FIELD_IMPORTANCE,
	FIELD_READ_RECEIPT,
	FIELD_RECEIPT
};

/* What the service does to it: the rows of fidelity.c. */
enum field_kept {
	FIELD_KEPT,
	FIELD_KEPT_FROM,
	FIELD_KEPT_SENDER,
	FIELD_KEPT_RETURN,
	FIELD_KEPT_DATE,
	FIELD_KEPT_ID,
	FIELD_KEPT_MIME,   /* by MIME only */
	FIELD_KEPT_THREAD, /* by MIME; by JSON perhaps */
	FIELD_KEPT_HOP,
	FIELD_KEPT_AUTO,
	FIELD_KEPT_UNSUBSCRIBE,
	FIELD_REMOVED,
	FIELD_BROKEN, /* a signature that does not fit any more */
	FIELD_KEPT_X,
	FIELD_KEPT_OTHER
};

struct field {
	const char *name;   /* "List-": all that begin so; "": any other */
	const char *option; /* why -H may not give it, or NULL */
	unsigned char shape, fate, place, kept;
	bool once; /* another one is left out */
};

enum { FIELD_ROWS = 64 }; /* the table has no more */

/* The first row that fits; there always is one. */
const struct field *field_of(struct str name);

/* Which row that is: 0 to FIELD_ROWS - 1. */
size_t field_number(const struct field *f);

#endif
