/* SPDX-License-Identifier: MIT */
/*
 * sendmail_option: the command line of sendmail(8), from a table.
 *
 * A row says whether a letter takes a value; a wrong one would make a value a
 * recipient, or a recipient a value. Everything that any sendmail takes is
 * taken; what means nothing here is ignored. Letters bundle ("-ti"), a value
 * is attached or the next word, options and recipients may mix, "--" ends
 * the options.
 *
 * Source: sendmail.md 1.2; LSB 5.0 sendmail(1).
 */
#ifndef COMMAND_SENDMAIL_OPTION_H
#define COMMAND_SENDMAIL_OPTION_H

#include <stdbool.h>

#include "base/err.h"

enum sendmail_mode {
	SENDMAIL_DELIVER, /* -bm */
	SENDMAIL_SMTP,    /* -bs: SMTP on standard input and output */
	SENDMAIL_LIST,    /* -bp, mailq */
	SENDMAIL_ALIASES, /* -bi, -I, newaliases */
	SENDMAIL_VERIFY,  /* -bv */
	SENDMAIL_RUN,     /* -q: what waits is tried now */
	SENDMAIL_DAEMON,  /* -bd, -bD, -bl */
	SENDMAIL_HELP     /* --help */
};

struct sendmail_ask {
	enum sendmail_mode mode;
	const char *config;   /* -C */
	const char *sender;   /* -f, -r; NULL: not given */
	const char *name;     /* -F */
	const char *traffic;  /* -X: a file for the wire */
	const char *tag;      /* -L: in the machine's log */
	const char *notify;   /* -N */
	const char *envelope; /* -V */
	const char *ret;      /* -R: "full" or "hdrs"; NULL: not given */
	const char *which;    /* -q: "Iid", "Rrcpt", "15m"; NULL: all */
	bool wait;            /* -qf */
	bool from_header;     /* -t */
	bool ignore_dots;     /* -i */
	bool verbose;         /* -v */
	char delivery;        /* -odX: 'i', 'b', 'q' or 'd'; 0: not given */
	char errors;          /* -oeX: 'm', 'p', 'q', 'w' or 'e'; or 0 */
	char **operand;       /* recipients */
	int operands;
};

/*
 * Reads argv into *out, which keeps its words; they are put in another order,
 * operands first. mode: the one that the program's name says. ERR_USAGE.
 */
bool sendmail_option_read(struct sendmail_ask *out, enum sendmail_mode mode,
    int argc, char **argv, struct err *e) __attribute__((warn_unused_result));

#endif
