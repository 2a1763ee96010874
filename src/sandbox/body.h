/* SPDX-License-Identifier: MIT */
/*
 * sandbox_body: a message in either of the forms that Graph takes.
 */
#ifndef SANDBOX_BODY_H
#define SANDBOX_BODY_H

#include "sandbox/mail.h"

/*
 * Reads body into m: JSON or MIME, by Content-Type, which may have
 * parameters. *e has Graph's code.
 */
bool sandbox_body_read(struct sandbox_mail *m, struct str content_type,
    struct str body, struct err *e) __attribute__((warn_unused_result));

#endif
