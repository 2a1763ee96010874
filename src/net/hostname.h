/* SPDX-License-Identifier: MIT */
/*
 * hostname: does a name in a certificate cover the host that we asked for?
 *
 * Pure: compares bytes, looks nothing up. Letters are ASCII; names of other
 * scripts must come as A-labels ("xn--...").
 *
 * Source: RFC 9525 6.3 (whole left-most label as wildcard, one label only),
 * RFC 5280 4.2.1.6, RFC 1035 2.3.4 (sizes).
 */
#ifndef NET_HOSTNAME_H
#define NET_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { HOSTNAME_IP_MAX = 16 };

/* The bytes of an IP literal: 4, 16, or 0 if host is not one. */
size_t hostname_ip(struct str host, unsigned char ip[HOSTNAME_IP_MAX]);

/* host without the one full stop that may end an absolute name. */
struct str hostname_trim(struct str host);

/*
 * pattern: a dNSName as it stands in the certificate. An IP literal as host
 * is never covered, nor a name that ends in a number.
 */
bool hostname_covered(struct str host, struct str pattern);

#endif
