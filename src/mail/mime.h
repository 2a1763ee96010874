/* SPDX-License-Identifier: MIT */
/*
 * mime: reads the structure of a message as it streams by.
 *
 * Bodies are not kept: a part says where in the message its bytes are. So a
 * message of any size takes memory for its headers only. Anything can be
 * read; what is malformed is a leaf, a body or a preamble, never an error.
 * Only a header or a number of parts beyond the limits below is refused.
 *
 * Source: RFC 2045, RFC 2046 5.1 (multipart), 5.2.1 (message/rfc822).
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/head.h"
#include "mail/param.h"

enum {
	MIME_DEPTH = 32,         /* Exchange takes 30 (facts.md 4.4) */
	MIME_PARTS = 20000,      /* 1 kB each; Exchange shows 250 as files */
	MIME_HEAD_MAX = 2097152, /* bytes of one header */
	MIME_BOUNDARY_MAX = 200, /* RFC 2046 says 70 */
	MIME_LINE_KEEP = MIME_BOUNDARY_MAX + 56
};

enum mime_encoding {
	MIME_IDENTITY, /* 7bit, 8bit, binary, or none */
	MIME_QP,
	MIME_BASE64,
	MIME_UNKNOWN
};

/* Offsets count bytes from the start of the message. */
struct mime_part {
	struct mime_part *parent, *child, *next;
	struct mime_part *last; /* of its children */
	uint64_t delimiter;     /* of the line end before its boundary line */
	uint64_t start;         /* of its header */
	uint64_t body, end;     /* its body is [body, end) */
	struct str text;        /* the header block as it stands */
	struct head head;
	/* its Content-Type: of several the one that fits; NULL: none */
	const struct head_field *type_field;
	struct str type;        /* "text/plain", in lower case */
	struct param *param;    /* of Content-Type */
	struct str disposition; /* "attachment"; p NULL: none */
	struct str name;        /* of the file, UTF-8; p NULL: none */
	struct str cid;         /* without angle brackets; p NULL: none */
	enum mime_encoding encoding;
	bool misnamed;  /* the encoding has a name that readers do not know */
	bool sealed;    /* signed or encrypted, or inside such */
	bool eight_bit; /* its body has bytes that are not ASCII, or NUL */
	bool long_line; /* or a line over HEAD_LINE_MAX */
};

struct mime {
	struct arena *arena;          /* borrowed: keeps parts and headers */
	struct mime_part *root, *now; /* now: whose header or body it is */
	struct mime_part *open[MIME_DEPTH]; /* multiparts, outermost first */
	struct str boundary[MIME_DEPTH];
	const struct head_field *of[MIME_DEPTH]; /* where it is named */
	unsigned depth, parts;
	struct buf header;         /* of the part whose header is being read */
	size_t line_at;            /* in header: where its last line begins */
	char line[MIME_LINE_KEEP]; /* the beginning of a body line */
	size_t line_n;             /* of them */
	uint64_t line_start;       /* the line that is being read */
	uint64_t at;               /* bytes fed */
	unsigned eol;              /* bytes of the line end before line_start */
	char last;                 /* the byte before `at` */
	bool in_head, too_many;
};

void mime_init(struct mime *m, struct arena *a);
void mime_release(struct mime *m); /* keeps what is in the arena */

/* Feeds the next bytes. Failures latch until mime_finish. */
void mime_feed(struct mime *m, struct str in);

/*
 * The message has ended. *root is its tree, which lives in the arena.
 * ERR_INPUT: header or number of parts over the limit; ERR_RETRY: memory.
 */
bool mime_finish(struct mime *m, struct mime_part **root, struct err *e)
    __attribute__((warn_unused_result));

/* The part after p in the order of the message; NULL after the last. */
struct mime_part *mime_next(const struct mime_part *p);
/* The same without what is inside of p. */
struct mime_part *mime_after(const struct mime_part *p);

/*
 * The charset that the first text with one declares, a hint for 8-bit text in
 * the header; or empty.
 */
struct str mime_charset(const struct mime_part *root);

static inline bool
mime_is_multipart(const struct mime_part *p)
{
	return str_starts(p->type, STR("multipart/"));
}

#endif
