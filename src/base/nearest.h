/* SPDX-License-Identifier: MIT */
/* nearest: the word that somebody meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/str.h"

/*
 * The word of a NULL-terminated list that is nearest to s (Damerau distance
 * at most a third of its length, prefixes count as near), or NULL.
 */
const char *cli_nearest(struct str s, const char *const *word);

#endif
