/* SPDX-License-Identifier: MIT */
#include "mail/field.h"

#define CONTENT "it follows from --text, --html and --attach"
#define SERVICE "Exchange sets it to the mailbox"

/* A row: name, option, shape, fate, place, kept, once. */
#define ROW(name, option, s, f, p, k, o)                                       \
	{ name, option, FIELD_##s, FIELD_##f, FIELD_##p, FIELD_##k, o },

static const struct field rows[] = {
	/* clang-format off */
	ROW("From", "use --from", ADDRESSES, FROM, APART, KEPT_FROM, 0)
	ROW("To", "use --to", ADDRESSES, TO, APART, KEPT, 0)
	ROW("Cc", "use --cc", ADDRESSES, TO, APART, KEPT, 0)
	ROW("Bcc", "use --bcc", ADDRESSES, GOES, APART, KEPT, 0)
	ROW("Reply-To", "use --reply-to", ADDRESSES, REPLY_TO, REPLIES, KEPT, 1)
	ROW("Subject", "use --subject", TEXT, STAYS, SUBJECT, KEPT, 1)
	ROW("Date", "Exchange sets it when it takes the message", TEXT,
	    DATE, APART, KEPT_DATE, 1)
	ROW("Message-ID", "post365 makes one and reports it", TEXT,
	    ID, APART, KEPT_ID, 1)
	ROW("Received", "only mail servers add it", TEXT,
	    HOP, APART, KEPT_HOP, 0)
	/* who the service is signed in as: it writes its own */
	ROW("Sender", SERVICE, ADDRESSES, GOES, APART, KEPT_SENDER, 0)
	ROW("Return-Path", SERVICE, TEXT, GOES, APART, KEPT_RETURN, 0)
	ROW("MIME-Version", CONTENT, TEXT, STAYS, APART, KEPT, 1)
	ROW("Content-Type", CONTENT, PARAMS, STAYS, APART, KEPT, 0)
	ROW("Content-Transfer-Encoding", CONTENT, TEXT, STAYS, APART, KEPT, 1)
	ROW("Content-Disposition", CONTENT, PARAMS, STAYS, APART, KEPT, 1)
	ROW("Content-Language", CONTENT, TEXT, STAYS, APART, KEPT, 0)
	ROW("Content-Length", CONTENT, TEXT, GOES, APART, KEPT, 0)
	ROW("Content-", CONTENT, TEXT, STAYS, LOST, KEPT, 0)
	ROW("Lines", NULL, TEXT, STAYS, APART, KEPT, 0)
	ROW("Importance", "use --importance", TEXT, STAYS, IMPORTANCE, KEPT, 0)
	ROW("Disposition-Notification-To", "use --read-receipt", ADDRESSES,
	    STAYS, READ_RECEIPT, KEPT, 1)
	ROW("Return-Receipt-To", "use --delivery-receipt", ADDRESSES,
	    STAYS, RECEIPT, KEPT, 1)
	ROW("In-Reply-To", NULL, TEXT, STAYS, LOST, KEPT_THREAD, 1)
	ROW("References", NULL, TEXT, STAYS, LOST, KEPT_THREAD, 1)
	ROW("Sensitivity", NULL, TEXT, STAYS, LOST, KEPT_MIME, 0)
	ROW("Priority", NULL, TEXT, STAYS, LOST, KEPT_MIME, 0)
	ROW("Keywords", NULL, TEXT, STAYS, LOST, KEPT_MIME, 0)
	ROW("Comments", NULL, TEXT, STAYS, LOST, KEPT_MIME, 0)
	ROW("Thread-", NULL, TEXT, STAYS, LOST, KEPT_MIME, 0)
	ROW("Resent-From", NULL, ADDRESSES, STAYS, LOST, KEPT_MIME, 0)
	ROW("Resent-Sender", NULL, ADDRESSES, STAYS, LOST, KEPT_MIME, 0)
	ROW("Resent-To", NULL, ADDRESSES, STAYS, LOST, KEPT_MIME, 0)
	ROW("Resent-Cc", NULL, ADDRESSES, STAYS, LOST, KEPT_MIME, 0)
	ROW("Resent-Bcc", NULL, ADDRESSES, GOES, LOST, KEPT_MIME, 0)
	ROW("Resent-", NULL, TEXT, STAYS, LOST, KEPT_MIME, 0)
	ROW("Auto-Submitted", NULL, TEXT, STAYS, LOST, KEPT_AUTO, 0)
	ROW("List-Unsubscribe", NULL, TEXT, STAYS, LOST, KEPT_UNSUBSCRIBE, 0)
	ROW("List-", NULL, TEXT, STAYS, LOST, REMOVED, 0)
	ROW("Precedence", NULL, TEXT, STAYS, LOST, REMOVED, 0)
	ROW("DKIM-Signature", NULL, TEXT, STAYS, LOST, BROKEN, 0)
	ROW("ARC-", NULL, TEXT, STAYS, LOST, BROKEN, 0)
	ROW("User-Agent", NULL, TEXT, STAYS, APART, KEPT_OTHER, 0)
	ROW("X-Post365-To", NULL, TEXT, NOTES, APART, KEPT_X, 0)
	ROW("X-Post365-Cc", NULL, TEXT, NOTES, APART, KEPT_X, 0)
	ROW("X-Original-From", NULL, TEXT, STAYS, APART, KEPT_X, 0)
	ROW("X-Priority", NULL, TEXT, STAYS, LOST, KEPT, 0)
	ROW("X-", NULL, TEXT, STAYS, LOST, KEPT_X, 0)
	ROW("", NULL, TEXT, STAYS, LOST, KEPT_OTHER, 0)
	/* clang-format on */
};

_Static_assert(sizeof(rows) / sizeof(*rows) <= FIELD_ROWS, "FIELD_ROWS");

const struct field *
field_of(struct str name)
{
	for (const struct field *f = rows;; f++) {
		struct str have = str_of(f->name);

		if (have.n == 0 || str_ieq(name, have) ||
		    (have.p[have.n - 1] == '-' && str_istarts(name, have)))
			return f;
	}
}

size_t
field_number(const struct field *f)
{
	return (size_t)(f - rows);
}
