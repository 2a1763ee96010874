/* SPDX-License-Identifier: MIT */
/* tls_why: errors of TLS in words, and what to do. For tls.c. */
#ifndef NET_TLS_WHY_H
#define NET_TLS_WHY_H

#include <stdbool.h>

#include "base/err.h"

/* Of an alert (RFC 8446 6.2), and of a return value of mbedTLS. False. */
bool tls_why_alert(int number, struct err *e);
bool tls_why(int r, struct err *e);

#endif
