/* SPDX-License-Identifier: MIT */
/*
 * fault_table: what is known of the services' codes, for fault.c alone.
 *
 * Each table is sorted by code and ends with a zeroed row. A remedy fits into
 * struct err beside what fault.c adds to it (FAULT_REMEDY_MAX).
 */
#ifndef GRAPH_FAULT_TABLE_H
#define GRAPH_FAULT_TABLE_H

#include "graph/fault.h"

enum {
	FAULT_REMEDY_MAX = 440, /* bytes; ERR_REMEDY_SIZE less additions */
	FAULT_TRIES = 3,        /* facts.md 3.2: "after 2 to 3 tries" */
	FAULT_REST_MS = 3600000 /* facts.md 3.2: "for hours" */
};

/* What few codes mean beside their kind: members of struct err. */
struct fault_extra {
	const char *code;
	unsigned tries; /* of one that comes with 5xx, and is refused then */
	int64_t rest_ms;
	bool uncounted;
};

extern const struct fault fault_aadsts[]; /* numbers of Entra ID */
extern const struct fault fault_oauth[];  /* its `error` values */
extern const struct fault fault_codes[];  /* of Graph and Exchange */
extern const struct fault fault_status[]; /* of HTTP, without a code */
extern const struct fault_extra fault_extras[];

#endif
