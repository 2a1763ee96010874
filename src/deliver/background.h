/* SPDX-License-Identifier: MIT */
/*
 * background: what was stored is sent, after the program that stored it has
 * ended: by the manager that is there, or by a new one of the life IDLE in a
 * process of its own.
 *
 * That process opens the spool itself, stands in "/", so that its caller's
 * folder can be unmounted (but where a path in the settings is relative), and
 * keeps none of its caller's files but that of the log: callers wait for the
 * end of output, too.
 *
 * Source: design.md 1 (sendmail), 5 (manager); sendmail.md 0.
 */
#ifndef DELIVER_BACKGROUND_H
#define DELIVER_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "deliver/manager.h"

/*
 * A message was stored (id NULL: something is due). ERR_RETRY: there can be no
 * process; what is stored stays so.
 */
bool background_send(const struct manager_ask *ask, const char *id,
    struct err *e) __attribute__((warn_unused_result));

#endif
