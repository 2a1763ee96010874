/* SPDX-License-Identifier: MIT */
/* sorted: a buf of uint64_t, the least first. */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Puts them in order. */
void sorted_make(struct buf *numbers);
/* Is n among them? They are in order. */
bool sorted_has(const struct buf *numbers, uint64_t n);

#endif
