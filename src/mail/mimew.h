/* SPDX-License-Identifier: MIT */
/*
 * mimew: writes a message as MIME.
 *
 * Structure: text and HTML are a multipart/alternative, inline files stand
 * with the HTML in a multipart/related, attachments around all of it in a
 * multipart/mixed; a message of one text is just that. Texts go as 7bit
 * where they are ASCII with short lines, else as base64, never as
 * quoted-printable (Graph's re-encoding damages it, facts.md 4.3). The same
 * message with the same stamp gives the same bytes. A file that is a message
 * stands there as it is, or is called octet-stream: message/rfc822 may not be
 * in base64.
 *
 * Source: RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 2387.
 */
#ifndef MAIL_MIMEW_H
#define MAIL_MIMEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/message.h"
#include "mail/rope.h"

/* What makes one writing differ from another. */
struct mimew_stamp {
	int64_t when;             /* for Date */
	int zone;                 /* minutes east of UTC */
	unsigned char random[16]; /* for the boundaries */
};

/*
 * Appends the message to out, whose arena takes the headers; file contents
 * and texts are borrowed. Bcc is written as well: Graph needs it (design.md
 * 3, Envelope). ERR_INPUT: a field that cannot be written.
 */
bool mimew_write(const struct message *m, const struct mimew_stamp *stamp,
    struct rope *out, struct err *e) __attribute__((warn_unused_result));

/*
 * Appends a field with addresses, "To: a, b", encoded and folded; nothing if
 * the list is empty.
 */
bool mimew_addresses(struct buf *out, struct str name, const struct addr *list,
    struct err *e) __attribute__((warn_unused_result));

/* Appends a field whose text may be any UTF-8, encoded and folded: "=?" too. */
bool mimew_text(struct buf *out, struct str name, struct str text,
    struct err *e) __attribute__((warn_unused_result));

/*
 * The same with a text in which encoded words count as such (value.h): it is
 * written anew; with words that cannot be decoded, these stay as they are.
 */
bool mimew_words(struct buf *out, struct str name, struct str text,
    struct err *e) __attribute__((warn_unused_result));

#endif
