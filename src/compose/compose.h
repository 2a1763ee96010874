/* SPDX-License-Identifier: MIT */
/*
 * compose: a struct message from what a command line says.
 *
 * Files are opened and checked when they are named, standard input is read
 * last, by compose_finish. Text is made UTF-8 (compose_text.h), and one that
 * is too large for a body becomes a file. Nothing is sent unless all of it is
 * sound.
 */
#ifndef COMPOSE_COMPOSE_H
#define COMPOSE_COMPOSE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/temp.h"
#include "config/config.h"
#include "mail/message.h"

struct compose {
	struct arena mem; /* of all texts of the message */
	struct message message;
	struct compose_origin *origin; /* of message.file; NULL: no file yet */
	const char *text, *html;       /* files of the body; NULL: not named */
	const char *charset;    /* of the two; NULL: compose_text.h says */
	const struct log *log;  /* borrowed */
	struct str spool;       /* temp.h; empty before compose_finish */
	const char *from_stdin; /* the option that took it, or NULL */
};

/* c is zeroed: 24 kB, of which most mails touch little. */
void compose_init(struct compose *c, const struct log *log);
void compose_release(struct compose *c);

/*
 * Appends the addresses of a list to *to, which is in c->message. option is
 * for messages: "--to". ERR_INPUT.
 */
bool compose_list(struct compose *c, struct addr **to, const char *option,
    const char *value, struct err *e) __attribute__((warn_unused_result));

/* "Name: value". ERR_USAGE: no such form, or too many. */
bool compose_field(struct compose *c, const char *value, struct err *e)
    __attribute__((warn_unused_result));

/*
 * "FILE[;type=T][;name=N]", and for an inline file "[;cid=ID]", which else is
 * its name. A pipe is read at once, into a temporary file. ERR_INPUT, with
 * exit 66 where the file cannot be read; ERR_USAGE.
 */
bool compose_attach(struct compose *c, const char *value, struct err *e)
    __attribute__((warn_unused_result));
bool compose_inline(struct compose *c, const char *value, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Notes that an option wants standard input, once it names "-". ERR_USAGE:
 * another one does.
 */
bool compose_claim(struct compose *c, const char *option, const char *value,
    struct err *e) __attribute__((warn_unused_result));

/*
 * The rest, once the settings are known: sender, names without a domain (as
 * compose/names says), Message-ID, body; checks the whole.
 */
bool compose_finish(struct compose *c, const struct config *config,
    struct err *e) __attribute__((warn_unused_result));

/* Recipients of all three kinds. */
size_t compose_recipients(const struct compose *c);

#endif
