/* SPDX-License-Identifier: MIT */
/*
 * jsonw: writes JSON into a buf.
 *
 * Latches: a mistake in nesting, text that is not UTF-8, or a full buffer
 * makes all that follows do nothing, and jsonw_end says so. Compact output.
 *
 * Source: RFC 8259.
 */
#ifndef CODEC_JSONW_H
#define CODEC_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { JSONW_DEPTH = 32 };

struct jsonw {
	struct buf *out; /* borrowed */
	size_t start;    /* out->n at the beginning, for buf_rewind */
	unsigned depth;
	char closer[JSONW_DEPTH];
	bool comma, after_key, misused, not_utf8;
};

struct jsonw jsonw_begin(struct buf *out);
void jsonw_open(struct jsonw *w, char bracket);  /* '{' or '[' */
void jsonw_close(struct jsonw *w, char bracket); /* '}' or ']' */
void jsonw_key(struct jsonw *w, struct str name);
void jsonw_str(struct jsonw *w, struct str text); /* UTF-8 */
void jsonw_i64(struct jsonw *w, int64_t v);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
/* Bytes as a string of their base64 form. */
void jsonw_base64(struct jsonw *w, struct str bytes);
/* A member in one line: key and string. */
void jsonw_member(struct jsonw *w, struct str name, struct str text);

/*
 * True: out holds a complete JSON text. ERR_INPUT: not UTF-8, or the limit
 * of out; ERR_RETRY: out of memory; ERR_BUG: brackets do not match.
 */
bool jsonw_end(struct jsonw *w, struct err *e)
    __attribute__((warn_unused_result));
/* The same with a line end behind it: one object a line. */
bool jsonw_end_line(struct jsonw *w, struct err *e)
    __attribute__((warn_unused_result));

#endif
