/* SPDX-License-Identifier: MIT */
/*
 * literal: what stands between the brackets of user@[192.0.2.1].
 *
 * Source: RFC 5321 4.1.3; RFC 4291 2.2, by which "::" may also stand for a
 * single group.
 */
#ifndef MAIL_LITERAL_H
#define MAIL_LITERAL_H

#include <stdbool.h>

#include "base/str.h"

/* "192.0.2.1" or "IPv6:2001:db8::1". Other tags are not registered. */
bool literal_is_valid(struct str s);

#endif
