/* SPDX-License-Identifier: MIT */
#include "base/sorted.h"

#include <stdlib.h>
#include <string.h>

static int
sorted_compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

void
sorted_make(struct buf *numbers)
{
	if (numbers->n > 0)
		qsort(numbers->p, numbers->n / sizeof(uint64_t),
		    sizeof(uint64_t), sorted_compare);
}

bool
sorted_has(const struct buf *numbers, uint64_t n)
{
	return numbers->n > 0 &&
	    bsearch(&n, numbers->p, numbers->n / sizeof(n), sizeof(n),
		sorted_compare) != NULL;
}
