/* SPDX-License-Identifier: MIT */
#include "relay/away.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/os.h"
#include "base/scratch.h"
#include "relay/guest.h"

enum { AWAY_PIECE = 2048, AWAY_PIECES = 8 /* of one, in one round */ };

static void
away_remove(struct away *a, size_t i)
{
	os_close(&a->one[i].fd);
	a->n--;
	memmove(&a->one[i], &a->one[i + 1], (a->n - i) * sizeof(a->one[0]));
}

/* False: it has closed, or all is broken. */
static bool
away_drop(int fd)
{
	SCRATCH char piece[AWAY_PIECE];
	ssize_t n = 1;

	for (int i = 0; n > 0 && i < AWAY_PIECES; i++)
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void
away_say(int fd, struct str reply)
{
	(void)!send(fd, reply.p, reply.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
}

void
away_send(struct away *a, int fd, struct str reply, int64_t now)
{
	away_say(fd, reply);
	if (a->n == AWAY_MOST)
		away_remove(a, 0);
	a->one[a->n].fd = fd;
	a->one[a->n++].until = now + GUEST_LINGER_MS;
}

void
away_send_last(int fd, struct str reply)
{
	away_say(fd, reply);
	(void)away_drop(fd);
	os_close(&fd);
}

size_t
away_wants(const struct away *a, struct pollfd *at, int64_t *until)
{
	for (size_t i = 0; i < a->n; i++) {
		at[i] = (struct pollfd){ a->one[i].fd, POLLIN, 0 };
		if (a->one[i].until < *until)
			*until = a->one[i].until;
	}
	return a->n;
}

void
away_serve(struct away *a, const struct pollfd *at, int64_t now)
{
	for (size_t i = a->n; i-- > 0;)
		if (now >= a->one[i].until ||
		    (at[i].revents != 0 &&
			((at[i].revents & ~POLLIN) != 0 ||
			    !away_drop(a->one[i].fd))))
			away_remove(a, i);
}

void
away_close(struct away *a)
{
	while (a->n > 0)
		away_remove(a, a->n - 1);
}
