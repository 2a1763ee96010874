/* SPDX-License-Identifier: MIT */
/*
 * message: a message to be built, as its parts: what `send` collects and
 * what the routes turn into JSON or MIME. All text is UTF-8.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/source.h"
#include "base/str.h"
#include "mail/addr.h"

enum message_importance { MESSAGE_NORMAL, MESSAGE_LOW, MESSAGE_HIGH };

struct message_field {
	struct str name, value;
};

struct message_file {
	struct str name; /* as shown, without folders */
	struct str type; /* "application/pdf" */
	struct str cid;  /* content id; p NULL: an attachment */
	struct source content;
};

enum {
	MESSAGE_FIELDS_MAX = 64, /* -H options; Graph takes five of them */
	MESSAGE_FILES_MAX = 250  /* facts.md 4.4 */
};

struct message {
	struct addr *from; /* one, or NULL: the mailbox itself */
	struct addr *reply_to, *to, *cc, *bcc;
	struct str subject;
	struct str message_id; /* with its angle brackets */
	struct str text, html; /* p NULL: absent */
	struct message_field field[MESSAGE_FIELDS_MAX];
	size_t n_fields;
	struct message_file file[MESSAGE_FILES_MAX];
	size_t n_files;
	enum message_importance importance;
	bool read_receipt, delivery_receipt;
};

/*
 * Holds what no route can send: no recipient, CR or LF or NUL in subject or
 * fields, text that is not UTF-8, malformed field names, types or content
 * ids, a field that has an option of its own ("To", "Subject", ...).
 * ERR_INPUT names the part and says what to use instead.
 */
bool message_check(const struct message *m, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Makes a Message-ID (RFC 5322 3.6.4) from 16 random bytes and the domain of
 * the sender.
 */
struct str message_make_id(struct arena *a, const unsigned char random[16],
    struct str domain);

/* Of a text that is too large for a body: the file that has it instead. */
struct message_stand_in {
	struct str name, type; /* of the file */
	struct str text;       /* what the body says of it; HTML in HTML */
};

const struct message_stand_in *message_stand_in(bool html);

/* The media type that a file's name suggests; octet-stream if none. */
struct str message_guess_type(struct str name);

#endif
