/* SPDX-License-Identifier: MIT */
/*
 * sandbox_traces: the message trace of what was kept in FOLDER/mail, a line a
 * recipient. The first word of an address says what became of its mail.
 *
 * Strict: both bounds of time or none, 10 days at most and 90 days back, the
 * filters that Graph knows, and pages of no more than TRACES_TOP, so that they
 * are followed. Needs the role ExchangeMessageTrace.Read.All.
 *
 * Source: facts.md 11.
 */
#ifndef SANDBOX_TRACES_H
#define SANDBOX_TRACES_H

#include "sandbox/answer.h"
#include "sandbox/state.h"

enum { TRACES_TOP = 100 };

/* /v1.0/admin/exchange/tracing/messageTraces and what is below */
bool traces_is_path(struct str path);

/* The status of mail to an address, so many seconds old; empty: no trace. */
struct str traces_fate(struct str address, int64_t age);

/* Answers a GET of it. */
void traces_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a);

#endif
