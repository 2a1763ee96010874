/* SPDX-License-Identifier: MIT */
/*
 * rule: who may send what, as the words behind a listener, a network or a
 * user say it:
 *
 *	from=A,@D	permitted senders: addresses and domains
 *	to=A,@D		permitted recipients
 *	account=NAME	whose settings send it
 *	rewrite=A	From becomes this address
 *	rate=30/min	messages
 *	clients=N	connections at a time
 *	net=CIDR	the user may sign in from there only
 *	role=admin	the user may see and change all by the dashboard
 *
 * Where several say something, the user goes before the network before the
 * listener, word by word.
 *
 * Source: relay.md 1 (WORDS).
 */
#ifndef RELAY_RULE_H
#define RELAY_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/addr.h"
#include "relay/range.h"

struct rule {
	struct str from, to; /* "a@b,@d"; empty: all */
	struct str account, rewrite;
	uint64_t rate; /* messages in `seconds`; 0: not said */
	int64_t seconds;
	uint64_t clients; /* 0: not said */
	struct range net;
	bool has_net;
	bool admin;
	unsigned given; /* which words: bits in the order above */
};

/*
 * Takes one word; its text is lent. ERR_CONFIG names it, also where it was
 * given already; *known is false where it is none of these.
 */
bool rule_word(struct str word, struct rule *r, bool *known, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Behind a listener or a network, a word of users alone means nothing, and
 * behind a UNIX socket or its users (local) clients= does not. ERR_CONFIG.
 */
bool rule_is_of_place(const struct rule *r, bool local, struct err *e)
    __attribute__((warn_unused_result));

/* What `first` says, and for the rest `then`. */
struct rule rule_over(const struct rule *first, const struct rule *then);

/* Is the address in a list like from? The empty list has all. */
bool rule_allows(struct str list, const struct addr *who);

#endif
