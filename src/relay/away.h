/* SPDX-License-Identifier: MIT */
/*
 * away: those that were sent away at connect. The reply is followed by the end
 * of our half; what they still send is read and dropped, until they close or
 * for GUEST_LINGER_MS: a close with unread bytes would be a reset, which can
 * overtake the reply. Of more than AWAY_MOST the longest there goes.
 *
 * Source: relay.md 2 (Pipelining).
 */
#ifndef RELAY_AWAY_H
#define RELAY_AWAY_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { AWAY_MOST = 32 };

struct away {
	struct {
		int fd;
		int64_t until; /* monotonic ms */
	} one[AWAY_MOST];      /* the oldest first */
	size_t n;
};

/* Sends the reply; fd, which does not block, becomes ours. */
void away_send(struct away *a, int fd, struct str reply, int64_t now);
/* The same, and closes it at once. */
void away_send_last(int fd, struct str reply);

/* Fills up to AWAY_MOST entries; how many; *until may become earlier. */
size_t away_wants(const struct away *a, struct pollfd *at, int64_t *until);
/* at: as away_wants filled it. Nobody was sent away meanwhile. */
void away_serve(struct away *a, const struct pollfd *at, int64_t now);
void away_close(struct away *a);

#endif
