/* SPDX-License-Identifier: MIT */
/*
 * known: pairs of user and password that were tried of late, and whether they
 * fit, so that a client that signs in for each message costs no hash each
 * time. No password is kept: only a sum under a random key.
 *
 * Source: relay.md 5.
 */
#ifndef RELAY_KNOWN_H
#define RELAY_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crypt.h"
#include "base/str.h"

enum {
	KNOWN_ENTRIES = 256,
	KNOWN_FITS_MS = 3600 * 1000,
	KNOWN_WRONG_MS = 60 * 1000
};

struct known {
	unsigned char key[CRYPT_SHA256_SIZE];
	struct known_entry {
		unsigned char sum[CRYPT_SHA256_SIZE];
		int64_t until; /* monotonic ms; 0: free */
		bool fits;
	} entry[KNOWN_ENTRIES];
};

void known_init(struct known *k);
/* True: it was tried, and *fits says how that ended. */
bool known_look(const struct known *k, struct str user, struct str password,
    int64_t now, bool *fits);
struct known_try {
	struct str user, password;
	bool fits;
};
void known_keep(struct known *k, const struct known_try *t, int64_t now);

#endif
