/* SPDX-License-Identifier: MIT */
/* config_secret: the client secret, where a file or a command has it. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "config/access.h"

enum { CONFIG_COMMAND_MS = 60000 }; /* a person may have to type */

/*
 * Makes a->client_secret known: reads its file, or runs its command (at most
 * CONFIG_COMMAND_MS). Does nothing if it is known. ERR_CONFIG.
 */
bool config_secret(struct access *a, const struct log *log, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The first line of a file or an output into *to, without the mark and the
 * line end that editors leave. key: of the setting, for messages. ERR_CONFIG:
 * it is empty or no text.
 */
bool config_first_line(struct str text, const char *key, struct secret *to,
    struct err *e) __attribute__((warn_unused_result));

#endif
