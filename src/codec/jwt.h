/* SPDX-License-Identifier: MIT */
/*
 * jwt: looks into a JSON Web Token, for people. Nothing is verified and
 * nothing may depend on it: Graph's tokens are opaque by contract (facts.md
 * 1.6).
 *
 * Source: RFC 7519 3, RFC 7515 3.1 (compact serialization).
 */
#ifndef CODEC_JWT_H
#define CODEC_JWT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/json.h"

/*
 * Appends the claims as JSON text, a claim on each line. ERR_INPUT: this is
 * no JWT, or an encrypted one.
 */
bool jwt_print(struct buf *out, struct str token, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Decodes the claims; the tree lives in a. ERR_INPUT: this is no JWT, or an
 * encrypted one; else what arena_ok says.
 */
bool jwt_claims(struct arena *a, struct str token, const struct json **out,
    struct err *e) __attribute__((warn_unused_result));

/* Whether the array claim `name` holds the string. */
bool jwt_has(const struct json *claims, struct str name, struct str value);

#endif
