/* SPDX-License-Identifier: MIT */
/*
 * oddity: a value that is taken as it stands, though who wrote it most likely
 * meant less of it. Settings know no quoting, and a comment needs a line of
 * its own (design.md 1, "Syntax of the file").
 */
#ifndef CONFIG_ODDITY_H
#define CONFIG_ODDITY_H

#include <stdbool.h>

#include "base/str.h"
#include "config/key.h"

/*
 * What surprises in this text, as a clause for messages; NULL: nothing.
 * row NULL: of [relay]. refused: the value was not understood, so that more is
 * suspect: a name may have a # in it.
 */
const char *oddity_of(const struct config_row *row, struct str text,
    bool refused);

#endif
