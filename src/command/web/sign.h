/* SPDX-License-Identifier: MIT */
/*
 * sign: who signs in to the dashboard, and who sends by POST /send.
 *
 * People and programs have a line of auth_file (relay/users.h); programs may
 * have the bearer token of web_token_file instead. Both files are read anew
 * each time, so a change counts at once, and no secret stays in memory: of a
 * password that was tried only its sum under a random key is known for a
 * while, together with the line's hash (relay/known.h).
 *
 * After a failure nothing is taken from that address for 1 s, 2 s, 4 s ... to
 * 60 s, not even what would be right: else guesses could go on meanwhile. Only
 * the bearer token, which nobody guesses, is: programs of the same machine
 * need not wait for each other's mistakes. All addresses together cost at most
 * SIGN_HASHES hashes a second. sign_check blocks for one of them.
 *
 * Source: relay.md 1 (auth_file, WORDS), RFC 9110 11, RFC 7617 (Basic), RFC
 * 6750 2.1 (Bearer).
 */
#ifndef COMMAND_WEB_SIGN_H
#define COMMAND_WEB_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "relay/known.h"
#include "relay/tally.h"

enum {
	SIGN_PLACES = 64,            /* addresses whose failures are known */
	SIGN_WAIT_MOST_S = 60,       /* after the seventh failure */
	SIGN_FORGET_MS = 600 * 1000, /* failures, so long after the last wait */
	SIGN_HASHES = 5,             /* a second: 100 ms each is half a core */
	SIGN_NAME = 257              /* of a user, with a NUL */
};

/* Begins as sign_book_init leaves it. */
struct sign_book {
	struct sign_failure {
		struct tally_key who;
		unsigned n;    /* failures; 0: the place is free */
		int64_t until; /* nothing is tried before; ms */
	} failure[SIGN_PLACES];
	int64_t hashed[SIGN_HASHES]; /* when the last of them were made */
	unsigned next_hash;
	struct known known;
	struct tally sent; /* rate= of users */
};

/* Borrowed for the call. Texts that are not given are empty. */
struct sign_ask {
	struct str auth_file, token_file; /* settings, with a NUL behind */
	struct str user, password;
	struct str bearer; /* where it is given, the token; no user then */
	const char *peer;  /* serve_request.peer */
	const struct log *log;
	int64_t now; /* os_mono_ms */
};

/* Who it is. */
struct sign_who {
	char name[SIGN_NAME]; /* of the line in auth_file; "": a token's */
	bool admin, program;  /* program: by the bearer token */
	uint64_t rate;        /* messages in `seconds`; 0: not limited */
	int64_t seconds;
	int64_t retry_after_s; /* of SIGN_SLOW */
};

enum sign_in {
	SIGN_OK,
	SIGN_WRONG, /* 401; e says whose attempt failed, for the log */
	SIGN_SLOW,  /* 429 with Retry-After */
	SIGN_BROKEN /* 500: a file cannot be used; e says which, and why */
};

void sign_book_init(struct sign_book *b);
void sign_book_release(struct sign_book *b);

/* Fills *out, and e where it is not SIGN_OK. */
enum sign_in sign_check(struct sign_book *b, const struct sign_ask *ask,
    struct sign_who *out, struct err *e);

/*
 * Has this user of auth_file role=admin, now? A file that cannot be read has
 * nobody.
 */
bool sign_is_admin(struct str auth_file, struct str name);

/*
 * Counts a message of that user's. False: more than rate= allows, ERR_RETRY
 * with retry_after_ms.
 */
bool sign_may_send(struct sign_book *b, const struct sign_who *who, int64_t now,
    struct err *e) __attribute__((warn_unused_result));

/*
 * The value of Authorization, as user and password or as a bearer token. False:
 * it is neither, and *ask is as it was. own is a secret buf for the former.
 */
bool sign_header(struct str value, struct buf *own, struct sign_ask *ask);

#endif
