/* SPDX-License-Identifier: MIT */
/*
 * x509: the extensions of a certificate that mbedTLS leaves unread.
 *
 * Pure: bytes in, verdict out. `exts` is the SEQUENCE of extensions as it
 * stands in the certificate; empty where there are none. Everything lent is a
 * piece of it.
 *
 * Source: RFC 5280 4.2, 4.2.1.10 (name constraints), 4.2.2.1 (authority
 * information access).
 */
#ifndef CODEC_X509_H
#define CODEC_X509_H

#include <stdbool.h>

#include "base/str.h"

/* Tags of a GeneralName (RFC 5280 4.2.1.6) that are understood here. */
enum {
	X509_EMAIL = 0x81,
	X509_DNS = 0x82,
	X509_DIRECTORY = 0xa4,
	X509_URI = 0x86,
	X509_IP = 0x87
};

enum x509_found { X509_ABSENT, X509_THERE, X509_BROKEN };

/*
 * The name constraints. X509_BROKEN: they are there, but twice, or something
 * before them cannot be read.
 */
enum x509_found x509_constraints(struct str exts, struct str *out);

/* Is an extension critical that neither mbedTLS nor this module knows? */
bool x509_has_unknown_critical(struct str exts);

/*
 * Where the issuer's certificate can be fetched: an http URL of visible
 * ASCII, 200 bytes at most; else empty.
 */
struct str x509_issuer_url(struct str exts);

/*
 * May a certificate below these constraints hold this name? `tag` says what
 * it is; a distinguished name (X509_DIRECTORY) comes with its SEQUENCE, and
 * an empty one is allowed. X509_BROKEN: the constraints cannot be read, or
 * not as RFC 5280 has them: a host name with a leading full stop or a
 * wildcard, a mask with holes. A name of a kind that is constrained but
 * not understood here (all but host, address and directory) is forbidden.
 */
enum x509_verdict { X509_ALLOWED, X509_FORBIDDEN, X509_UNREADABLE };
enum x509_verdict x509_allows(struct str constraints, unsigned char tag,
    struct str name);

/*
 * Two distinguished names, each with its SEQUENCE: attributes of the same types
 * with the same values, letters in any case (RFC 5280 7.1, shortened).
 */
bool x509_same_name(struct str a, struct str b);

/* Does a distinguished name hold an e-mail address (RFC 5280 4.1.2.6)? */
bool x509_name_has_email(struct str name);

#endif
