/* SPDX-License-Identifier: MIT */
#include "graph/meter.h"

#include <stddef.h>

void
meter_take(const struct meter *m, uint64_t bytes)
{
	if (m->take != NULL)
		m->take(m->arg, bytes);
}
