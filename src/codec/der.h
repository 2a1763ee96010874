/* SPDX-License-Identifier: MIT */
/*
 * der: takes DER apart, one element after the other.
 *
 * Pure, allocates nothing, lends pieces of what it is given. Only what
 * certificates hold: tags of one byte, definite lengths in the shortest form.
 *
 * Source: X.690 8.1 and 10.1.
 */
#ifndef CODEC_DER_H
#define CODEC_DER_H

#include <stdbool.h>

#include "base/str.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_VERSION = 0xa0 /* of a certificate (RFC 5280 4.1) */
};

/*
 * Takes the first element off *rest. False, and *rest as it was: it is empty,
 * or does not begin with a whole element.
 */
bool der_next(struct str *rest, unsigned char *tag, struct str *value)
    __attribute__((warn_unused_result));

/* The same for an element that must have this tag. */
bool der_take(struct str *rest, unsigned char tag, struct str *value)
    __attribute__((warn_unused_result));

#endif
