/* SPDX-License-Identifier: MIT */
/*
 * syntax: one line of a client as command, path and parameters.
 *
 * Verbs and keywords in any case, blanks behind the colon and at the end as
 * clients send them, a path without its brackets where it has no blank in
 * it. A source route ("@a,@b:c@d") is dropped (RFC 5321 4.1.1.3). Parameters
 * of 8BITMIME, SIZE, DSN, SMTPUTF8 and AUTH are taken whether or not they
 * were offered: some clients do not look.
 *
 * Source: RFC 5321 4.1 (syntax), RFC 1870 (SIZE), RFC 6152 (BODY), RFC 3461
 * (RET, ENVID, NOTIFY, ORCPT), RFC 6531 (SMTPUTF8), RFC 4954 5 (AUTH=),
 * RFC 3030 2 (BDAT).
 */
#ifndef SMTP_SYNTAX_H
#define SMTP_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/addr.h"

enum syntax_verb {
	SYNTAX_UNKNOWN,
	SYNTAX_HELO,
	SYNTAX_EHLO,
	SYNTAX_MAIL,
	SYNTAX_RCPT,
	SYNTAX_DATA,
	SYNTAX_BDAT,
	SYNTAX_RSET,
	SYNTAX_NOOP,
	SYNTAX_VRFY,
	SYNTAX_EXPN,
	SYNTAX_ETRN,
	SYNTAX_TURN,
	SYNTAX_HELP,
	SYNTAX_STARTTLS,
	SYNTAX_AUTH,
	SYNTAX_QUIT,
	SYNTAX_FOREIGN /* of HTTP, or a header field: no mail client */
};

enum { SYNTAX_VERBS = SYNTAX_FOREIGN + 1 };

/* "MAIL"; "UNKNOWN" of the first and the last. */
struct str syntax_verb_name(enum syntax_verb verb);

/* What is wrong with a command; the session has a reply for each. */
enum syntax_fault {
	SYNTAX_GOOD,
	SYNTAX_BAD_FORM, /* no "FROM:<...>", or no number */
	SYNTAX_BAD_PATH, /* no address in it */
	SYNTAX_BAD_VALUE,
	SYNTAX_BAD_PARAM, /* one that nobody knows */
	SYNTAX_NO_MEMORY
};

/* line: without its end. *argument is the rest, without blanks around it. */
enum syntax_verb syntax_command(struct str line, struct str *argument);

struct syntax_mail {
	struct addr *from; /* NULL: the null sender */
	uint64_t size;     /* bytes as declared; 0: not */
	bool utf8;         /* SMTPUTF8 */
	struct str envid;  /* as sent; or empty */
	bool full;         /* RET=FULL */
};

struct syntax_rcpt {
	struct addr *to; /* may be a bare name: "postmaster"; with its notify */
};

/*
 * The arguments of MAIL and RCPT, into a. Unless it is GOOD, *out is not to be
 * used.
 */
enum syntax_fault syntax_mail(struct arena *a, struct str argument,
    struct syntax_mail *out);
enum syntax_fault syntax_rcpt(struct arena *a, struct str argument,
    struct syntax_rcpt *out);

/* "SIZE [LAST]". */
enum syntax_fault syntax_bdat(struct str argument, uint64_t *size, bool *last);

#endif
