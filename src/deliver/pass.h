/* SPDX-License-Identifier: MIT */
/* pass: every due message of a queue once, as `queue run` does it. */
#ifndef DELIVER_PASS_H
#define DELIVER_PASS_H

#include <stdbool.h>

#include "base/err.h"
#include "deliver/manager.h"

/*
 * One pass: by us, or by the manager that is there, whose sum it is then.
 * False: the spool or the journal cannot be read or written (exit 74).
 */
bool pass_run(const struct manager_ask *ask, struct manager_sum *sum,
    struct err *e) __attribute__((warn_unused_result));

#endif
