/* SPDX-License-Identifier: MIT */
/*
 * entry: the header of a message as it comes in, made fit to be kept: whom it
 * is for, and what each later attempt must find the same.
 *
 * Bcc goes (with rcpt_from_header its addresses are recipients), as does the
 * "From " line of an mbox. Date and Message-ID are added where they lack, From
 * where the sender is known, and to a Resent- block its From, Date and
 * Message-ID (RFC 5322 3.6.6). All else stays to the byte: From policy,
 * aliases and what Graph wants are prepare.h's, whose settings may change
 * while the message waits.
 *
 * Source: sendmail.md 1.4, RFC 5322 3.6, design.md 5.
 */
#ifndef COMPOSE_ENTRY_H
#define COMPOSE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "mail/addr.h"

enum { ENTRY_HOPS = 50 }; /* Received fields; Postfix's hopcount_limit */

struct entry_ask {
	const struct config *config; /* from */
	const struct addr *sender;   /* NULL: the null sender, or not given */
	struct str sender_name;  /* for a From that must be made; or empty */
	const struct addr *rcpt; /* may have bare names */
	bool rcpt_from_header;   /* To, Cc and Bcc (or Resent-) as well */
	bool some_will_do;       /* of these: who can be read gets it */
	int64_t when;            /* for Date, */
	int zone;                /* with minutes east of UTC */
};

/* What stands among the header's recipients and is no address. */
struct entry_bad {
	struct str text, why;
	struct entry_bad *next;
};

struct entry {
	const struct addr *rcpt; /* each once, aliases as they are */
	size_t n_rcpt;
	const struct entry_bad *bad; /* some_will_do: who does not get it */
	struct str message_id;       /* UTF-8 */
	struct str subject;          /* log_subject = yes: entry_subject */
};

/*
 * Reads a header (head_scan), and appends what it becomes to out, with its
 * empty line. The result lives in mem, in header
 * and in ask. ERR_USAGE: nobody to send
 * it to; ERR_INPUT: a recipient or a sender that is none, too many hops;
 * ERR_CONFIG: from; ERR_RETRY: memory.
 */
bool entry_read(struct arena *mem, struct str header,
    const struct entry_ask *ask, struct buf *out, struct entry *in,
    struct err *e) __attribute__((warn_unused_result));

/*
 * A subject as queue and log show it: UTF-8 without control characters, the
 * beginning of a long one. Lives in mem.
 */
struct str entry_subject(struct arena *mem, struct str text);

/*
 * The addresses of a field's value, bare names too. Where it is no list: each
 * element that can be read, and the others are appended to *bad.
 */
bool entry_list(struct arena *mem, struct str value, struct addr **out,
    struct entry_bad **bad, struct err *e) __attribute__((warn_unused_result));

#endif
