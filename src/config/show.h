/* SPDX-License-Identifier: MIT */
/* config_show: settings as the text of a file. */
#ifndef CONFIG_SHOW_H
#define CONFIG_SHOW_H

#include "base/buf.h"
#include "config/access.h"

/* Appends the effective settings as a file, secrets masked. */
void config_show(const struct config *c, const struct access *a,
    struct buf *out);

/* Appends a value as show has it; false: it is not set. */
struct config_row;
bool config_value(const struct config *c, const struct access *a,
    const struct config_row *row, struct buf *out);
/* Where it came from; its name is NULL: it is not set. Lends. */
const struct config_origin *config_value_origin(const struct config *c,
    const struct access *a, const struct config_row *row);
/* It is set, and the value, or a part of it, is a secret. */
bool config_value_is_secret(const struct config *c, const struct access *a,
    const struct config_row *row);

/*
 * Appends a commented file to start with, in which the keys that came
 * from the environment are filled in, but for its proxy. Holds the secret, if
 * *a does; not if it is to be printed.
 */
void config_sample(const struct config *c, const struct access *a, bool printed,
    struct buf *out);

#endif
