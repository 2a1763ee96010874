/* SPDX-License-Identifier: MIT */
/*
 * share: hands the public half of the settings to a program that is executed
 * and must not read them itself. Not a byte of the other half is in it.
 */
#ifndef CONFIG_SHARE_H
#define CONFIG_SHARE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

/* Appends it as lines. */
void config_write(const struct config *c, struct buf *out);

/* Reads what config_write wrote. ERR_BUG. Release *c in any case. */
bool config_receive(struct config *c, struct str text, struct err *e)
    __attribute__((warn_unused_result));

#endif
