/* SPDX-License-Identifier: MIT */
/*
 * range: IP addresses, and ranges of them (CIDR). An IPv4 address is the
 * IPv6 one that maps it (::ffff:a.b.c.d), so that both kinds are one.
 *
 * Source: RFC 4632 3.1 (a.b.c.d/n), RFC 4291 2.3, 2.5.5.2.
 */
#ifndef RELAY_RANGE_H
#define RELAY_RANGE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum { RANGE_TEXT_SIZE = 64 };

struct range_ip {
	unsigned char b[16];
};

struct range {
	struct range_ip ip;
	unsigned bits; /* of 128 that count */
};

/* An address without brackets. False: it is none. */
bool range_ip_parse(struct str text, struct range_ip *out);
/* Of a sockaddr of either family, as accept gives it; false: of another. */
struct sockaddr;
bool range_ip_of(const struct sockaddr *from, struct range_ip *out);
/* As people write it. */
void range_ip_print(const struct range_ip *ip, char out[RANGE_TEXT_SIZE]);
bool range_ip_is_v4(const struct range_ip *ip);
bool range_ip_is_loopback(const struct range_ip *ip);
/* Of this machine, or of a network that the world cannot reach. RFC 1918 */
bool range_ip_is_private(const struct range_ip *ip);
bool range_ip_is_any(const struct range_ip *ip); /* 0.0.0.0, :: */

/*
 * "10.0.0.0/8", "fd00::/8", or a single address. ERR_CONFIG: it is none, or
 * it has bits behind its prefix, as a typing error leaves them.
 */
bool range_parse(struct str text, struct range *out, struct err *e)
    __attribute__((warn_unused_result));
bool range_has(const struct range *r, const struct range_ip *ip);
/*
 * Whoever is allowed by it makes a relay that is open to the world: all
 * addresses, or public ones of more than a /16 (IPv6: /32).
 */
bool range_is_open(const struct range *r);

#endif
