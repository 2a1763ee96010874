/* SPDX-License-Identifier: MIT */
/*
 * background: delivers what was stored, after the program that stored it has
 * ended.
 *
 * One process for each spool: it holds the lock of the file "worker" in the
 * spool's folder, and its number is in there. It works as `queue run` does,
 * takes what comes meanwhile, and stays for messages that are due again soon.
 * Then it ends: what waits longer is for a timer, or for the next message.
 *
 * It lets the lock go before it looks for new mail a last time. So who stores
 * a message and finds the lock held can rely on being seen.
 *
 * Source: design.md 1 (sendmail); sendmail.md 0 (callers wait for the end
 * of output, too: it holds none of their files).
 */
#ifndef DELIVER_BACKGROUND_H
#define DELIVER_BACKGROUND_H

#include <stdbool.h>

#include "base/err.h"
#include "deliver/crew.h"

/* seconds: the first three failures, and what was perhaps sent */
enum { BACKGROUND_STAY_S = 360 };

/*
 * Starts it, unless one is there. With ask->eager it is another one, which
 * makes one pass and ends: what is due again later is tried now. It opens the
 * spool itself; of the caller's files it keeps that of ask->log only, if it is
 * none of the three standard ones. It stands in "/", so that the caller's
 * folder can be unmounted, but where a path in the settings is relative.
 * ERR_RETRY: there can be no process; what is stored stays so.
 */
bool background_start(const struct crew_ask *ask, struct err *e)
    __attribute__((warn_unused_result));

#endif
