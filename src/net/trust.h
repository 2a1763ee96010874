/* SPDX-License-Identifier: MIT */
/*
 * trust: which certificate authorities are believed.
 *
 * ca = auto: the roots inside the executable first, the system's store only
 * where they do not suffice; builtin, system: only those; else the name of a
 * PEM file. SSL_CERT_FILE names the system's store where it is set. There is
 * no way to switch verification off.
 *
 * Source: design.md 6; RFC 5280 by way of mbedTLS.
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { TRUST_PIN_SIZE = 20 }; /* bytes of SHA-1 */

struct trust {
	struct arena mem;
	struct trust_state *state; /* of trust.c and tls.c */
	struct str ca;             /* as configured, for messages */
};

/*
 * Loads what `ca` names; stores that may not be needed are read when they
 * are. system_file: the system's store, empty for the usual places.
 * ERR_CONFIG: unknown word, file missing or without a certificate.
 */
bool trust_open(struct trust *t, struct str ca, struct str system_file,
    struct err *e) __attribute__((warn_unused_result));

/*
 * Believes one certificate, by its SHA-1 in hex, and no authority: the
 * server has to show it and to prove that it has its key. Names and dates do
 * not count. For Service Fabric, whose environment names its certificate so
 * (facts.md 1.5). ERR_CONFIG: not 40 hex digits.
 */
bool trust_open_pin(struct trust *t, struct str sha1, struct err *e)
    __attribute__((warn_unused_result));
void trust_release(struct trust *t);

/*
 * With ca = auto: the last server whose certificate only the system's store
 * vouched for, and who issued it. Empty: there was none. Where the host is
 * Microsoft's, something on the way takes its place. A resumed session checks
 * no certificate and does not show here. Lends until trust_release.
 */
struct trust_outsider {
	struct str host, issuer;
};
struct trust_outsider trust_outsider(const struct trust *t);

#endif
