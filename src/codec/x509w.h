/* SPDX-License-Identifier: MIT */
/*
 * x509w: the parts of a certificate that are written as DER, and PEM.
 *
 * Pure. Source: RFC 5280 4.1, RFC 7468.
 */
#ifndef CODEC_X509W_H
#define CODEC_X509W_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/derw.h"

/* A distinguished name that is a common name and no more. */
void x509w_name(struct derw *w, const char *cn);

/* The two times, in seconds since 1970. */
void x509w_validity(struct derw *w, int64_t from, int64_t until);

/* A positive integer, its bytes big-endian and without leading zeros. */
void x509w_integer(struct derw *w, struct str bytes);

/* Appends "-----BEGIN LABEL-----" and so on. */
void x509w_pem(struct buf *out, const char *label, struct str der);

#endif
