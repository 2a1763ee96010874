/* SPDX-License-Identifier: MIT */
/*
 * verify_text: why a chain of certificates is refused, in plain words, and
 * what mends it.
 */
#ifndef NET_VERIFY_TEXT_H
#define NET_VERIFY_TEXT_H

#include "net/verify.h"

/* Sets c->why (ERR_RETRY) from what the check has found; leaf: its last. */
void verify_explain(struct verify *c, const mbedtls_x509_crt *leaf);

#endif
