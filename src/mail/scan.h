/* SPDX-License-Identifier: MIT */
/*
 * scan: the words, blanks and comments that address lists are made of.
 *
 * The lower half of addr.c, and of use to it alone: a cursor over the list
 * that unquotes, unfolds and remembers what it saw. What is being read, from
 * one separator to the next, is called the element.
 *
 * Source: RFC 5322 3.2 and 4.1.
 */
#ifndef MAIL_SCAN_H
#define MAIL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SCAN_END = -1, /* what scan_peek says behind the last byte */
	SCAN_COMMENT_DEPTH =
	    64,         /* nested further it is no comment but a test */
	SCAN_SHORT = 64 /* bytes: most words need no more */
};

struct scan {
	struct err *e;
	struct str in;
	size_t at, start; /* the next byte; the first of the element */
	enum { SCAN_NOTHING, SCAN_DOT, SCAN_WORD } last;
	struct buf words;         /* of scan_words: as a display name */
	struct buf local;         /* the same as a local part */
	const char *not_local;    /* why it cannot be one, or NULL */
	struct buf remark;        /* the last comment */
	unsigned remarks;         /* comments since somebody set this to 0 */
	char room[3][SCAN_SHORT]; /* of words, local, remark */
};

/* Borrows `in` and e until release. limit: of each buffer. Do not move s. */
void scan_init(struct scan *s, struct str in, size_t limit, struct err *e);
/* False, with *e, if memory ran out meanwhile. */
bool scan_release(struct scan *s) __attribute__((warn_unused_result));

int scan_peek(const struct scan *s);
/* RFC 5322 3.2.3; with RFC 6532 3.2 every byte of UTF-8 is one. */
bool scan_is_atext(int c);

/* Skips blanks, folds and comments (CFWS, RFC 5322 3.2.2). */
bool scan_skip(struct scan *s) __attribute__((warn_unused_result));
/*
 * Reads words and dots: a phrase (RFC 5322 3.2.5, with the dots of 4.1) or a
 * local part (3.4.1, 4.4), which what follows will tell. Sets last to what
 * was seen last and remarks to the comments behind that.
 */
bool scan_words(struct scan *s) __attribute__((warn_unused_result));

/* ERR_INPUT, with the element and what is wrong with it. Returns false. */
bool scan_wrong(struct scan *s, const char *what);
/* The same where the next character does not belong there. */
bool scan_wrong_here(struct scan *s);

#endif
