/* SPDX-License-Identifier: MIT */
/*
 * err: why something failed, and what that means.
 *
 * Every function that can fail has the shape `bool f(..., struct err *e)`:
 * true is done; false has filled *e. e is never NULL. The kind decides what a
 * caller does (try again, give up, ask the administrator); the texts are for
 * people. One table in err.c maps a kind to its exit status.
 *
 * Texts are made harmless when they are set: control characters (also those
 * of Unicode that turn the direction of writing) and bytes that are not UTF-8
 * become '?', line ends become blanks. So remote text may be quoted in a
 * message; secrets may not.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum err_kind {
	ERR_NONE,
	ERR_RETRY,   /* nothing was taken: safe to try again */
	ERR_UNSURE,  /* perhaps sent: the answer was lost */
	ERR_REFUSED, /* this message can never go */
	ERR_AUTH,    /* not signed in, or no permission */
	ERR_CONFIG,  /* a setting is wrong */
	ERR_INPUT,   /* bad message, address or file */
	ERR_USAGE,   /* bad command line */
	ERR_BUG      /* ours */
};

enum {
	ERR_MSG_SIZE = 1024,   /* a token error's description fits */
	ERR_REMEDY_SIZE = 640, /* a portal path and a sentence */
	ERR_CODE_SIZE = 64     /* the longest known Graph code has 53 bytes */
};

struct err {
	enum err_kind kind;
	int exit;  /* from sysexits.h; 0: what the kind says */
	bool away; /* the way failed: no connection, no token; asked nothing */
	/* of ERR_AUTH, ERR_CONFIG: only mail like this one has to wait */
	bool alone;
	bool full; /* of ERR_RETRY: the disk or the queue takes nothing now */
	bool uncounted;  /* of ERR_RETRY: it is no attempt of the message */
	unsigned tries;  /* of ERR_RETRY: refused after so many; 0: never */
	int64_t rest_ms; /* so long the mailbox may send no more */
	int64_t retry_after_ms;   /* as the service asked; 0: it did not */
	char code[ERR_CODE_SIZE]; /* "AADSTS7000215", "ErrorAccessDenied" */
	char msg[ERR_MSG_SIZE];
	char remedy[ERR_REMEDY_SIZE]; /* what to do; "": nothing known */
};

/* Fills *e and returns false, so that a failure is one line. */
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Leaves one line of printable UTF-8, which is never longer: what would act on
 * a terminal becomes '?'. All texts here go through it.
 */
void err_clean(char *text);

/* As err_set, and appends the reason in errno. */
bool err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message of *e. Returns false. */
bool err_wrap(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives *e a code, of which ERR_CODE_SIZE - 1 bytes are kept. Returns false. */
bool err_code(struct err *e, struct str code);

/* Says what to do about *e. Returns false. */
bool err_remedy(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit status for *e: e->exit if set, else that of its kind. */
int err_exit(const struct err *e);

/* "retry", "unsure", ...: for logs and JSON. */
const char *err_kind_name(enum err_kind kind);

#endif
