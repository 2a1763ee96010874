/* SPDX-License-Identifier: MIT */
/*
 * sandbox_json: sendMail's JSON, property by property.
 *
 * Strict: a property that the type does not have, a wrong type, a text with
 * line ends where a line belongs, are errors. Read-only properties are
 * errors too, where Graph would ignore them.
 *
 * Source: FACTS.md 4.2 (properties), 3.2 (codes), 4.4 (sizes).
 */
#ifndef COMMAND_SANDBOX_JSON_H
#define COMMAND_SANDBOX_JSON_H

#include "command/sandbox_mail.h"

/* Reads body into m, which keeps slices of it. *e has Graph's code. */
bool sandbox_json_read(struct sandbox_mail *m, struct str body, struct err *e)
    __attribute__((warn_unused_result));

#endif
