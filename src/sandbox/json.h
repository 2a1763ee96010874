/* SPDX-License-Identifier: MIT */
/*
 * sandbox_json: Graph's JSON, property by property: that of sendMail, of
 * drafts, of attachments and of upload sessions.
 *
 * Strict: a property that the type does not have, a wrong type, a text with
 * line ends where a line belongs, are errors. Read-only properties are
 * ignored, as Graph does; what is not required may be null.
 *
 * Source: facts.md 4.2 (properties), 3.2 (codes), 4.4 (sizes).
 */
#ifndef SANDBOX_JSON_H
#define SANDBOX_JSON_H

#include "sandbox/mail.h"

/*
 * Reads body into m, which keeps slices of it: sendMail's parameters, or a
 * message alone if it is a draft. *e has Graph's code.
 */
bool sandbox_json_read(struct sandbox_mail *m, struct str body, struct err *e)
    __attribute__((warn_unused_result));

/* A fileAttachment under 3 MB; texts are slices of body, bytes are in mem. */
bool sandbox_json_file(struct arena *mem, struct str body,
    struct sandbox_item *out, struct str *bytes, struct err *e)
    __attribute__((warn_unused_result));

/* What createUploadSession is told of a file to come. */
bool sandbox_json_item(struct arena *mem, struct str body,
    struct sandbox_item *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
