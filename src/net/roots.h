/* SPDX-License-Identifier: MIT */
/*
 * roots: the certificates that Microsoft's clouds chain to.
 *
 * The data is made by build.sh (build/gen/roots.c) from vendor/roots.list and
 * the build machine's ca-certificates. Constant, for the program's life.
 *
 * Certificate i has trust_builtin_len[i] bytes of DER; they follow each other
 * in trust_builtin_der without gaps, in the order of the list.
 */
#ifndef NET_ROOTS_H
#define NET_ROOTS_H

#include <stddef.h>

extern const unsigned char trust_builtin_der[];
extern const size_t trust_builtin_len[];
extern const size_t trust_builtin_n;

#endif
