/* SPDX-License-Identifier: MIT */
/*
 * xxh64: a quick sum of 64 bits over bytes that come in pieces. It finds what
 * a disk, a cut or a slip of the hand did to a file; who means to deceive can
 * make another text of the same sum.
 *
 * Source: doc/xxhash_spec.md of github.com/Cyan4973/xxHash, 0.1.1, "XXH64
 * Algorithm Description"; the seed is 0.
 */
#ifndef CODEC_XXH64_H
#define CODEC_XXH64_H

#include <stdint.h>

#include "base/str.h"

enum { XXH64_LANES = 4, XXH64_STRIPE = 32 /* bytes, 8 for each lane */ };

/* Nothing to release. */
struct xxh64 {
	uint64_t lane[XXH64_LANES];
	uint64_t size; /* bytes so far */
	/* the first size % XXH64_STRIPE of the next stripe */
	char rest[XXH64_STRIPE];
};

void xxh64_init(struct xxh64 *x);
void xxh64_add(struct xxh64 *x, struct str s);
/* Of all so far; others may be added behind it. */
uint64_t xxh64_sum(const struct xxh64 *x);

#endif
