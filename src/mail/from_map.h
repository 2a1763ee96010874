/* SPDX-License-Identifier: MIT */
/*
 * from_map: the setting `from_map`: which From becomes which.
 *
 *	root > Web <web@contoso.com>, @old.example > web@contoso.com
 *
 * Rules have commas between them, the first that fits counts. Before the '>'
 * stands an address, a name without a domain (which is that name at any of
 * this machine's names, too), "@domain", or "*" for every other; behind it the
 * new From. Without a display name there the old one
 * stays.
 */
#ifndef MAIL_FROM_MAP_H
#define MAIL_FROM_MAP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "mail/addr.h"

struct from_map {
	struct str old; /* as it stands in the text */
	const struct addr *to;
	const struct from_map *next;
};

/* The list lives in a, with slices of text. ERR_CONFIG names the rule. */
bool from_map_parse(struct arena *a, struct str text,
    const struct from_map **out, struct err *e)
    __attribute__((warn_unused_result));

/* What becomes of it; local: of this machine. NULL: no rule fits. */
const struct addr *from_map_find(const struct from_map *list,
    const struct addr *old, bool local);

#endif
