/* SPDX-License-Identifier: MIT */
/*
 * prepare_raw: the header work on a message that came ready: who gets it, what
 * its From becomes, which fields are mended, added or taken out. The result
 * is what mail/edit writes.
 *
 * Source: sendmail.md 1.4, design.md 3.
 */
#ifndef COMPOSE_RAW_H
#define COMPOSE_RAW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "compose/from.h"
#include "compose/prepare.h"
#include "mail/edit.h"
#include "mail/mime.h"
#include "mail/reconcile.h"

enum { PREPARE_RAW_ADDED = 3 /* X-Original-From, X-Post365-To and -Cc */ };

struct prepare_raw {
	struct arena *mem; /* borrowed */
	const struct config *config;
	const struct prepare_names *names;
	const struct prepare_envelope *envelope;
	const struct mime_part *root;
	/* the rest is the result */
	struct str charset; /* a hint for 8-bit text in the header */
	struct reconciled recipients;
	const struct addr *rcpt; /* each once */
	size_t n_rcpt;
	struct prepare_from from;
	struct edit_change *change; /* for each field of the header */
	struct edit_field added[PREPARE_RAW_ADDED];
	size_t n_added;
	struct str message_id; /* its own; empty: it has none */
};

/* Works out the result. Errors are those of prepare_raw. */
bool prepare_raw_header(struct prepare_raw *h, struct err *e)
    __attribute__((warn_unused_result));

#endif
