/* SPDX-License-Identifier: MIT */
/*
 * dsn: writes the report that a message could not be delivered.
 *
 * Three parts: words for people, with the remedy; a message/delivery-status
 * for programs; and the header of the message it is about, its first part.
 * The report's envelope has the null sender (RFC 5321 6.1), which is the
 * caller's to say. The same struct gives the same bytes.
 *
 * Texts may be anything: what is no UTF-8 or does not print is replaced, what
 * is too long is cut, so that the worst message can still be reported.
 *
 * Source: RFC 3464, RFC 6522 (multipart/report, text/rfc822-headers), RFC
 * 6533 (addresses and headers in UTF-8), RFC 3834 3.1 (Auto-Submitted,
 * References), RFC 3463 (status codes); [MS-OXCMAIL] for
 * X-Auto-Response-Suppress: the report's From is a mailbox that may be out of
 * office.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/addr.h"
#include "mail/notify.h"

enum {
	DSN_READ_MOST = 64 * 1024,   /* bytes of the original that are read */
	DSN_FULL_MOST = 1024 * 1024, /* of one that is wanted back as a whole */
	DSN_QUOTE_MOST = 16 * 1024,  /* of its header that are quoted; longer
					fields are left out, others follow */
	DSN_LISTED = 20,             /* recipients that the words name */
	DSN_EXPLAINED = 100,         /* that have a Diagnostic-Code: so a
					full envelope's report stays under
					mime_limit, 2,200,000 bytes */
	DSN_TEXT_MOST = 900          /* bytes of any one text; RFC 5322 2.1.1
					has 998 for a line with its name */
};

/*
 * Codes of our own: what was given as an address is none; the message has more
 * than max_message_size. Programs know them by `error.code` of --json.
 */
#define DSN_BAD_ADDRESS "BadAddress"
#define DSN_TOO_LARGE   "MessageTooLarge"

struct dsn {
	struct str host;         /* the reporting MTA: this machine's name */
	struct str id;           /* of the message in the queue; may be empty */
	const struct addr *from; /* one; its name does not count */
	const struct addr *to;   /* one or more */
	struct str message_id;   /* of the report, with brackets */
	int64_t when, arrived;   /* now, and when it was accepted */
	int zone;                /* minutes east of UTC */
	unsigned char random[16]; /* for the boundary */

	/* what failed, or with `relayed` what Graph took. It takes or refuses
	   a request as a whole, so all have the same status */
	bool relayed;
	const struct str *recipient;
	const struct notify *notify; /* of each, for its original; or NULL */
	size_t recipients;
	const char *status;        /* dsn_status */
	struct str code;           /* "ErrorSendAsDenied"; may be empty */
	struct str reason, remedy; /* the remedy may be empty */

	struct str envelope_id; /* ENVID of RFC 3461, decoded; may be empty */
	struct str original_id; /* its Message-ID; may be empty */
	struct str original;    /* it, or its first DSN_READ_MOST bytes */
	bool full; /* original is all of it, and wanted back (RET=FULL) */
};

/*
 * Appends the report, lines of CRLF; 8-bit if an address or a header is.
 * Borrows all of it. ERR_INPUT: out's limit; ERR_RETRY: out of memory. out is
 * as it was then.
 */
bool dsn_write(const struct dsn *about, struct buf *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The status (RFC 3463) for why it was given up: "5.1.1" and so on. Of RETRY
 * and UNSURE that is age: 5.4.7.
 */
const char *dsn_status(enum err_kind kind, struct str code);

#endif
