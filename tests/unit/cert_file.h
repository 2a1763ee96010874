/* SPDX-License-Identifier: MIT */
/* cert_file: a server's certificate from two PEM files, for tests. */
#ifndef CERT_FILE_H
#define CERT_FILE_H

#include "net/cert.h"

bool cert_file(struct cert *c, const char *chain, const char *key,
    struct err *e) __attribute__((warn_unused_result));

#endif
