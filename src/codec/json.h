/* SPDX-License-Identifier: MIT */
/*
 * json: reads one JSON text into a tree.
 *
 * Strict: what RFC 8259 does not allow is refused, and so are unpaired
 * surrogate escapes, invalid UTF-8, a byte order mark and a depth over
 * JSON_DEPTH. Time and memory are linear in the input; nothing recurses.
 * Duplicate names: all are kept in order, json_get finds the first.
 *
 * Source: RFC 8259.
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { JSON_DEPTH = 64 }; /* Graph's answers have less than 10 levels */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_type type;
	bool is_true;             /* of JSON_BOOL */
	bool raw;                 /* of JSON_STRING: for json_piece */
	struct str text;          /* a string, decoded; a number as written */
	struct str name;          /* as a member of an object, decoded */
	const struct json *child; /* first member or element */
	const struct json *next;  /* the one after this in its parent */
};

/*
 * Parses all of `in`. The tree lives in a (64 bytes a value); texts without
 * escapes are slices of `in`, which is kept: it must outlive the tree. False:
 * ERR_INPUT with the offset of the offending byte, or what arena_ok says.
 */
bool json_parse(struct arena *a, struct str in, const struct json **out,
    struct err *e) __attribute__((warn_unused_result));

/*
 * The same, but a string with escapes that has more than `most` bytes stays
 * as it stands in `in`, with raw set: a large one is decoded where it goes,
 * and never whole in memory.
 */
bool json_parse_lazy(struct arena *a, struct str in, size_t most,
    const struct json **out, struct err *e) __attribute__((warn_unused_result));
enum { JSON_PIECE_LEAST = 4 /* a character of UTF-8 */ };
/*
 * Decodes the beginning of such a text to `to`, which has room for that many
 * bytes (JSON_PIECE_LEAST or more), and takes it off *raw. How many were
 * written; 0: there are no more.
 */
size_t json_piece(struct str *raw, char *to, size_t room);

/*
 * Look-ups never fail: they give NULL, or the empty str, where v is NULL or
 * of another type, so that they can be chained.
 */
const struct json *json_get(const struct json *v, struct str name);
/* The same with letters of any case. */
const struct json *json_iget(const struct json *v, struct str name);
struct str json_str(const struct json *v);
/* An integer, given as a number or as a string of one (facts.md 1.6). */
bool json_i64(const struct json *v, int64_t *out);

#endif
