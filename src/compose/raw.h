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

enum {
	PREPARE_RAW_HOPS = 50, /* Received fields; Postfix's hopcount_limit */
	PREPARE_RAW_ADDED = 3  /* X-Original-From, X-Post365-To and -Cc */
};

/* The fields of a Resent- block. RFC 5322 3.6.6 */
enum prepare_resent {
	RESENT_TO,
	RESENT_CC,
	RESENT_BCC,
	RESENT_DATE,
	RESENT_FROM,
	RESENT_ID,
	RESENT_NAMES
};

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
	struct prepare_bad *bad;
	struct prepare_from from;
	struct edit_change *change; /* for each field of the header */
	struct edit_field added[PREPARE_RAW_ADDED];
	size_t n_added;
	struct str date, message_id; /* what it has, or gets */
	struct {
		struct head_field *first; /* NULL: it is not resent */
		struct head_field *field[RESENT_NAMES];
	} resent;                                     /* the latest block, */
	struct edit_field resent_field[RESENT_NAMES]; /* what it lacks */
	size_t n_resent;
};

/*
 * Works out the result. Errors are those of prepare_raw; when: for Date,
 * with a zone in minutes.
 */
bool prepare_raw_header(struct prepare_raw *h, int64_t when, int zone,
    struct err *e) __attribute__((warn_unused_result));

#endif
