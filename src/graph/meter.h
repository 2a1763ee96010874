/* SPDX-License-Identifier: MIT */
/* meter: somebody who is asked before the bytes of a request go. */
#ifndef GRAPH_METER_H
#define GRAPH_METER_H

#include <stdint.h>

struct meter {
	void (*take)(void *arg, uint64_t bytes); /* NULL: nobody; may wait */
	void *arg;
};

void meter_take(const struct meter *m, uint64_t bytes);

#endif
