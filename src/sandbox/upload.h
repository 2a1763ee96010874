/* SPDX-License-Identifier: MIT */
/*
 * sandbox_upload: upload sessions: where the bytes of a large attachment go,
 * range after range, at another origin than Graph's.
 *
 * Strict: no Authorization, the address exactly as it was given, ranges in
 * order and of at most 4 MiB.
 *
 * Source: facts.md 4.5; RFC 9110 14.4 (Content-Range).
 */
#ifndef SANDBOX_UPLOAD_H
#define SANDBOX_UPLOAD_H

#include "sandbox/answer.h"
#include "sandbox/drafts.h"

struct upload_offer {
	struct str url, expires;
};

/* Begins the upload of a file to a draft. *e has Graph's code. */
bool upload_begin(const struct sandbox *s, const struct draft_folder *d,
    const struct sandbox_request *r, const struct sandbox_item *item,
    struct upload_offer *out, struct err *e)
    __attribute__((warn_unused_result));

/* "/upload/..." */
bool upload_is_path(struct str path);

/* Answers a request to such a path. */
void upload_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a);

#endif
