/* SPDX-License-Identifier: MIT */
/*
 * edit: a prepared message as it leaves: its header says what the envelope
 * says, its text parts survive Graph's re-encoding, and nothing else of it
 * is touched.
 *
 * The result is a rope over the message: what stays is not copied.
 *
 * Header: Bcc, Resent-Bcc, Sender, Return-Path and Content-Length go; To, Cc
 * and Bcc are written from the reconciled lists, addresses of the fields
 * outside the envelope stand in X-Post365-To and X-Post365-Cc; From is
 * replaced as asked, and so are others; fields with
 * 8-bit text, bare line ends or lines over 998 characters are encoded and
 * folded; all others stay to the byte. Body: what is quoted-printable, 8-bit,
 * has lines over 998 characters or an encoding of no known name becomes base64
 * (facts.md 4.3), text with the charset that it lacks; but nothing inside
 * signed or encrypted parts or attached messages.
 */
#ifndef MAIL_EDIT_H
#define MAIL_EDIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/source.h"
#include "mail/mime.h"
#include "mail/reconcile.h"
#include "mail/rope.h"

enum { EDIT_LEFT_OUT = 250 }; /* attachments, facts.md 4.4 */

/* Gives the decoded body of a quoted-printable part, however large. */
typedef bool edit_decode(void *arg, const struct mime_part *p,
    struct source *out, struct err *e);

/*
 * What is asked for a field of the header; it stands above what mail/field
 * says of it. To and Cc are written from recipients in any case.
 */
struct edit_change {
	enum edit_what { EDIT_KEEP, EDIT_DROP, EDIT_REPLACE } what;
	const struct addr *list; /* EDIT_REPLACE: its addresses */
};

/* A field that is added. */
struct edit_field {
	struct str name;
	const struct addr *list; /* its value, */
	struct str text;         /* or this, words as in value.h */
};

struct edit {
	const struct source *message;
	const struct mime_part *root;
	const struct reconciled *recipients;
	const struct addr *from;     /* replaces From; NULL: it stays */
	const struct addr *reply_to; /* added if there is none; may be NULL */
	/* one for each field of the header, in its order; NULL: all stay */
	const struct edit_change *change;
	const struct edit_field *added; /* behind the others */
	size_t n_added;
	/* parts to leave out: they are uploaded by themselves; of the root the
	   header stays, with an empty text */
	const struct mime_part *left_out[EDIT_LEFT_OUT];
	struct str instead[EDIT_LEFT_OUT]; /* a text in its place; or empty */
	size_t n_left_out;
	bool again;          /* it was edited here before: X-Post365-To stays */
	edit_decode *decode; /* NULL: quoted-printable parts stay */
	void *decode_arg;
};

/*
 * Appends the edited message to out. ERR_INPUT: a field that cannot be
 * written; else what reading the message gives.
 */
bool edit_message(const struct edit *in, struct rope *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
