/* SPDX-License-Identifier: MIT */
/*
 * pin: is the server's certificate the one that was named beforehand?
 *
 * In the place of verify_crt where trust_open_pin made the trust. Neither
 * names nor dates nor issuers count, nor what mbedTLS finds fault with; that
 * the server has the certificate's key, the handshake proves.
 *
 * For tls.c only: it includes mbedTLS.
 */
#ifndef NET_PIN_H
#define NET_PIN_H

#include "net/verify.h"

/* For mbedtls_ssl_set_verify; arg is the struct verify. */
int pin_crt(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

#endif
