/* SPDX-License-Identifier: MIT */
/*
 * share: hands the public half of the settings to a program that is executed
 * and must not read them itself. Not a byte of the other half is in it.
 */
#ifndef CONFIG_SHARE_H
#define CONFIG_SHARE_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"

/*
 * Writes it into memory that has a descriptor, *fd, from its beginning: close
 * it. It is not closed by exec. ERR_RETRY.
 */
bool config_write(const struct config *c, int *fd, struct err *e)
    __attribute__((warn_unused_result));

/* Reads what config_write wrote. ERR_BUG. Release *c in any case. */
bool config_receive(struct config *c, int fd, struct err *e)
    __attribute__((warn_unused_result));

#endif
