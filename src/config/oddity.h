/* SPDX-License-Identifier: MIT */
/*
 * oddity: a value that is taken as it stands, though who wrote it most likely
 * meant less of it. Settings know no quoting, and a comment needs a line of
 * its own (design.md 1, "Syntax of the file").
 */
#ifndef CONFIG_ODDITY_H
#define CONFIG_ODDITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "config/key.h"

/*
 * What surprises in this text, as a clause for messages; NULL: nothing.
 * row NULL: of [relay]. refused: the value was not understood, so that more is
 * suspect: a name may have a # in it.
 */
const char *oddity_of(const struct config_row *row, struct str text,
    bool refused);

/*
 * What people mix up: IDs and secret, as a clause; NULL: nothing. tenant and
 * client: as they are to be; may be empty.
 */
const char *oddity_mixed_up(enum config_key key, struct str text,
    struct str tenant, struct str client);

/*
 * Of a refused value: adds what is odd to *e, and shortens what *e quotes of
 * it, since it may be a secret that stands where it does not belong.
 */
void oddity_blame(const struct config_row *row, struct str text, struct err *e);

/* Would the settings take this value? ERR_CONFIG; ERR_RETRY. */
bool oddity_try(const struct config_row *row, struct str text,
    struct arena *mem, struct err *e) __attribute__((warn_unused_result));

#endif
