/* SPDX-License-Identifier: MIT */
/*
 * look: the policy that lets a browser load the style and the script of all
 * pages (TEXT_WEB_STYLE, TEXT_WEB_SCRIPT) and nothing else.
 *
 * Colours of both schemes have a contrast of 4.5 at least (WCAG 1.4.3). The
 * script makes live what works without it by loading anew.
 *
 * Source: W3C Content Security Policy Level 3, 2.3.1 (hash-source).
 */
#ifndef WEB_LOOK_H
#define WEB_LOOK_H

#include "base/packed.h"

/* Appends the header fields that each answer to a browser has. */
void look_fields(struct buf *out);

#endif
