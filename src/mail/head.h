/* SPDX-License-Identifier: MIT */
/*
 * head: the header fields of a message or of a part.
 *
 * Reads what real mail has: lines end in CRLF or LF, blanks before the colon
 * (RFC 5322 4.5), an mbox "From " line or ">From " in front, and no empty
 * line before a body that begins without one. Nothing is lost: every byte
 * is in a field or in the body.
 *
 * Source: RFC 5322 2.2 and 4.5, RFC 6532 (UTF-8 in fields).
 */
#ifndef MAIL_HEAD_H
#define MAIL_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	HEAD_LINE = 78,      /* RFC 5322 2.1.1: should not be longer */
	HEAD_LINE_MAX = 998, /* and must not */
	HEAD_NAME_MAX = 900  /* of a name: it must fit a line with its colon */
};

struct head_field {
	struct str name;
	struct str value; /* behind the colon, with folds and the line end */
	struct str raw;   /* all of it */
	struct head_field *next;
};

struct head {
	struct head_field *first;
	size_t n;       /* fields */
	size_t size;    /* bytes up to the body, the empty line included */
	bool separated; /* an empty line stood before the body */
};

/*
 * Scans the header of a message. The list lives in a, its texts are slices
 * of in. What follows the last field without an empty line is body.
 */
bool head_scan(struct arena *a, struct str in, struct head *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * How many bytes of in the header block has, the empty line included; 0 if
 * its end is not in sight yet (more is false: the input ends here).
 */
size_t head_size(struct str in, bool more);

/* The first field of that name (any case) from f on, f included; or NULL. */
struct head_field *head_find(struct head_field *f, struct str name);

/*
 * Appends a value unfolded (RFC 5322 2.2.3): line ends go, blanks at both
 * ends too; NULs and CRs that end no line become blanks.
 */
void head_unfold(struct buf *out, struct str value);

/*
 * Appends "Name: value" CRLF, folded at blanks so that lines have at most
 * HEAD_LINE characters where there is a blank to fold at; value may contain
 * no CR, LF or NUL (ERR_INPUT). A run without blanks that would not fit
 * HEAD_LINE_MAX is ERR_INPUT as well.
 */
bool head_write(struct buf *out, struct str name, struct str value,
    struct err *e) __attribute__((warn_unused_result));

/* One line (with its end): the empty one that ends a header? */
bool head_is_end(struct str line);
/* One that belongs to a header? first: no line came before it. */
bool head_is_line(struct str line, bool first);

/* RFC 5322 2.2: printable ASCII without colon, 1 to HEAD_NAME_MAX. */
bool head_is_name(struct str s);

#endif
