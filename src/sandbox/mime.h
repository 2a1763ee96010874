/* SPDX-License-Identifier: MIT */
/*
 * sandbox_mime: sendMail's MIME: a message in base64.
 *
 * Recipients are those of To, Cc and Bcc. Strict: the base64 may be wrapped
 * and nothing else; From must be there, and no field that RFC 5322 3.6
 * allows once may stand twice.
 *
 * Source: facts.md 4.3, 3.2; RFC 5322 3.6.
 */
#ifndef SANDBOX_MIME_H
#define SANDBOX_MIME_H

#include "sandbox/mail.h"

/* Reads body into m. *e has Graph's code. */
bool sandbox_mime_read(struct sandbox_mail *m, struct str body, struct err *e)
    __attribute__((warn_unused_result));

#endif
