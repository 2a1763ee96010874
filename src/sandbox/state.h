/* SPDX-License-Identifier: MIT */
/*
 * sandbox_state: what the processes of one sandbox share.
 *
 * Every connection is served by a process of its own. What was decided at
 * the start comes to it by fork (struct sandbox, never changed afterwards);
 * what changes stands in memory that all of them see (struct sandbox_state),
 * in words that are changed atomically.
 */
#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/crypt.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/cert.h"
#include "sandbox/rule.h"

enum {
	SANDBOX_MAILBOXES = 64,   /* --mailbox options */
	SANDBOX_TOKENS = 1024,    /* the latest ones that are good */
	SANDBOX_IDS = 1024,       /* of the latest client assertions */
	SANDBOX_TOKEN_LIFE = 3599 /* seconds, facts.md 1.6 */
};

struct sandbox_token {
	atomic_bool whole; /* all of this is written */
	bool ours;         /* it was asked for with our address as scope */
	int64_t expires;   /* wall clock */
	unsigned char digest[CRYPT_SHA256_SIZE]; /* never the token itself */
};

struct sandbox_state {
	_Atomic uint32_t connections, messages, tokens; /* so far */
	_Atomic uint32_t used[RULES_MAX];               /* --fault rules */
	_Atomic uint32_t file_used[RULES_MAX];          /* rules of the file */
	_Atomic uint32_t file_version; /* of the file that file_used is about */
	struct sandbox_token token[SANDBOX_TOKENS]; /* a ring */
	_Atomic uint32_t assertions;
	_Atomic uint32_t assertion_id[SANDBOX_IDS]; /* hashed; a ring, too */
};

struct sandbox {
	struct arena mem;  /* all texts below */
	struct str folder; /* absolute */
	struct str tenant, client;
	struct secret secret;
	struct str host; /* as it stands in URLs, brackets included */
	uint16_t port;
	struct str mailbox[SANDBOX_MAILBOXES]; /* "*": any */
	size_t n_mailboxes;
	bool plain, send_as;
	bool no_send, no_read_write; /* --role names others */
	bool read;                   /* --role Mail.Read */
	bool trace;                  /* --role ExchangeMessageTrace.Read.All */
	struct rules rules;          /* of --fault */
	struct cert cert;            /* unless plain */
	struct sandbox_state *state;
	struct log log; /* told of a broken file of faults; traces requests */
	int kept_fd;    /* takes a byte for each kept message answered; or -1 */
};

/* Maps the shared memory, zeroed; it goes with the last process. */
bool sandbox_share(struct sandbox *s, struct err *e)
    __attribute__((warn_unused_result));

/* An issued token, by its text. ours, life: as in struct sandbox_token. */
void sandbox_issue(const struct sandbox *s, struct str token, bool ours,
    int64_t expires);

enum sandbox_verdict {
	SANDBOX_TOKEN_GOOD,
	SANDBOX_TOKEN_UNKNOWN,
	SANDBOX_TOKEN_EXPIRED,
	SANDBOX_TOKEN_FOREIGN /* issued for another audience */
};
enum sandbox_verdict sandbox_judge(const struct sandbox *s, struct str token,
    int64_t now);

/* Whether an assertion's jti comes for the first time; remembers it. */
bool sandbox_first_use(const struct sandbox *s, struct str id);

/* "https://localhost:1234" */
struct str sandbox_origin(const struct sandbox *s, struct arena *a);

/* One of --mailbox, in any case of letters. */
bool sandbox_has_mailbox(const struct sandbox *s, struct str address);

#endif
