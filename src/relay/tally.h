/* SPDX-License-Identifier: MIT */
/*
 * tally: how often somebody did something of late. A bounded number of rows;
 * where there are more, the oldest goes.
 */
#ifndef RELAY_TALLY_H
#define RELAY_TALLY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "relay/range.h"

enum { TALLY_ROWS = 4096, TALLY_KEY = 16 };

enum tally_what {
	TALLY_MESSAGES, /* of an address, for client_rate */
	TALLY_CONNECTIONS,
	TALLY_HANDSHAKES,
	TALLY_FAILURES, /* to sign in */
	TALLY_RULE      /* messages under a rule with rate= */
};

struct tally_key {
	unsigned char what; /* enum tally_what */
	unsigned char who[TALLY_KEY];
};

struct tally {
	struct buf rows;
};

void tally_init(struct tally *t);
void tally_release(struct tally *t);

/* An address as one that counts: of IPv6 its /64. */
struct tally_key tally_address(enum tally_what what, const struct range_ip *ip);
/* A name of any length. */
struct tally_key tally_name(enum tally_what what, struct str name);

/*
 * How many there were in the window that began with the first of them, with
 * `more` added; *left: milliseconds until it ends. Without memory: none.
 */
struct tally_ask {
	struct tally_key key;
	int64_t window_ms, now; /* monotonic ms */
	unsigned more;
};
uint64_t tally_count(struct tally *t, const struct tally_ask *ask,
    int64_t *left);

#endif
