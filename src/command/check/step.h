/* SPDX-License-Identifier: MIT */
/*
 * step: what the steps of check and test share: what is known so far, and how
 * a step says what it found.
 */
#ifndef COMMAND_CHECK_STEP_H
#define COMMAND_CHECK_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "codec/json.h"
#include "command/check/sheet.h"
#include "config/access.h"
#include "config/config.h"
#include "deliver/client.h"

/* What a step may need, and another one finds. */
enum {
	STEP_SETTINGS = 1, /* config */
	STEP_ACCESS = 2,   /* access, complete */
	STEP_CLIENT = 4,   /* client: the proof is there */
	STEP_LOGIN = 8,    /* a way to the sign-in service */
	STEP_GRAPH = 16,   /* and to Graph */
	STEP_TOKEN = 32,
	STEP_SENT = 64 /* the test message */
};

enum { STEP_TARGETS = 2 };
struct step_target {
	const char *what; /* "sign-in", for messages; NULL: none */
	struct url url;
	struct conn_facts facts;
	struct err why; /* of one that failed */
	bool ok;
};

struct step_run {
	struct cli cli;
	bool test; /* not check */
	bool probe, wait;
	const char *address; /* of test; else NULL */
	struct log log;      /* warnings become notes of the step */
	struct log_ear ear;
	struct sheet sheet;
	const char *name; /* of the step */
	unsigned have;    /* STEP_... */
	struct config config;
	struct access access;
	struct client client;
	struct arena mem;
	struct step_target target[STEP_TARGETS];
	bool asked; /* for a token; */
	int64_t token_ms;
	struct err token_why;      /* if there is none */
	const struct json *claims; /* of the token; NULL: it does not say */
	struct str message_id;     /* of the test message */
	int64_t sent;              /* wall clock; */
	int64_t sending;           /* the same, monotonic ms */
};

typedef void step_fn(struct step_run *r);

/* What a step found: a line each. */
void step_ok(struct step_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void step_note(struct step_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void step_skip(struct step_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A note that says what to do. */
void step_hint(struct step_run *r, const struct err *e);
void step_fail(struct step_run *r, const struct err *e);
/* "3 days", "1 hour": for people; lives in r->mem. */
const char *step_span(struct step_run *r, int64_t seconds);

/* local.c */
step_fn step_settings, step_files, step_enabled, step_aliases, step_sendmail,
    step_credential, step_expiry;
/* queue.c */
step_fn step_queue, step_runner, step_relay;
/* service.c */
step_fn step_connection, step_tls, step_clock, step_token, step_permission,
    step_mailbox;
/* others.c */
step_fn step_accounts;
/* test.c */
step_fn step_send, step_follow;

/* Asks whether it may send as this mailbox, and sends nothing. */
bool step_probe(struct graph *g, struct str mailbox, struct err *e)
    __attribute__((warn_unused_result));

#endif
