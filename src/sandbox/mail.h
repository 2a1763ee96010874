/* SPDX-License-Identifier: MIT */
/*
 * sandbox_mail: one accepted message, as it will be kept.
 */
#ifndef SANDBOX_MAIL_H
#define SANDBOX_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A further file of a message: its text, an attachment. */
struct sandbox_part {
	struct str suffix; /* "text", "att1-report.pdf": safe in a file name */
	struct str bytes;
	struct str path; /* of a file to take in their place; or empty */
	struct sandbox_part *next;
};

/* A file attachment, as it is announced. */
struct sandbox_item {
	struct str name, type, cid; /* type, cid: may be empty */
	bool is_inline;
	uint64_t size; /* bytes */
};

struct sandbox_mail {
	struct arena *mem;  /* borrowed: of the request */
	struct str mailbox; /* whose mail it is */
	bool send_as;       /* another From is fine */
	bool draft;         /* it need not have recipients yet */
	struct str suffix;  /* "json" or "eml" */
	struct str raw;     /* JSON as received, or the decoded MIME */
	struct buf meta;    /* lines "key: value" */
	struct sandbox_part *part, **end;
	size_t recipients;
	unsigned files;
};

void mail_init(struct sandbox_mail *m, struct arena *mem, struct str mailbox);
void mail_release(struct sandbox_mail *m);

/* Adds "key: value" to the meta lines; control characters become '?'. */
void mail_note(struct sandbox_mail *m, struct str key, struct str value);

/* Adds a file. What could lead out of the folder in name becomes '_'. */
void mail_add_part(struct sandbox_mail *m, struct str prefix, struct str name,
    struct str bytes);

/* Notes and adds an attachment: its bytes, or else the file at path. */
void mail_add_file(struct sandbox_mail *m, const struct sandbox_item *item,
    struct str bytes, struct str path);

/* A failure with Graph's code for it; false. */
bool mail_flaw(struct err *e, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Notes a recipient of that kind ("to") and counts it; ErrorInvalidRecipients
 * unless the address is one. name may be empty.
 */
bool mail_add_recipient(struct sandbox_mail *m, struct str kind,
    struct str address, struct str name, struct err *e)
    __attribute__((warn_unused_result));

/* Notes From; ErrorSendAsDenied if it is not the mailbox. */
bool mail_set_from(struct sandbox_mail *m, struct str address, struct str name,
    struct err *e) __attribute__((warn_unused_result));

/* ErrorInvalidRecipients, if there is none. */
bool mail_has_recipients(const struct sandbox_mail *m, struct err *e)
    __attribute__((warn_unused_result));

/*
 * An address that mail could go to: RFC 5321 4.1.2 with UTF-8 of RFC 6531,
 * without address literals, which no cloud mailbox may send to. Written here
 * once more, apart from mail/addr, so that a mistake there is noticed.
 */
bool mail_is_address(struct str s);

#endif
