/* SPDX-License-Identifier: MIT */
/*
 * look: the style and the script of all pages, and the policy that lets a
 * browser load these two and nothing else.
 *
 * Source: W3C Content Security Policy Level 3, 2.3.1 (hash-source).
 */
#ifndef WEB_LOOK_H
#define WEB_LOOK_H

#include "base/buf.h"

extern const char look_style[], look_script[];

/* Appends the header fields that each answer to a browser has. */
void look_fields(struct buf *out);

#endif
