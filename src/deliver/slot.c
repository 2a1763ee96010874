/* SPDX-License-Identifier: MIT */
#include "deliver/slot.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypt.h"
#include "base/os.h"

enum {
	SLOT_HASH = 32, /* hex digits: 128 bits */
	/* who waits for one slot at a time; others look again */
	SLOT_WAITING = 4096,
	/* A waiter is told at once. Only where it could not queue up, or
	   somebody else was faster, does it look again after so long. */
	SLOT_LOOK_MS = 50,
	SLOT_LOOK_QUEUED_MS = 1000
};

struct slot_name {
	struct sockaddr_un at;
	socklen_t n;
};

/* "\0post365-HASH-N" */
static struct slot_name
slot_name(const char *hash, unsigned i)
{
	struct slot_name name = { .at = { .sun_family = AF_UNIX } };
	int n = snprintf(name.at.sun_path + 1, sizeof(name.at.sun_path) - 1,
	    "post365-%.*s-%u", SLOT_HASH, hash, i);

	name.n =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	return name;
}

static int
slot_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Takes one that is free; s->taken says whether there was one. */
static bool
slot_try_all(struct slot *s, const char *hash, unsigned first, struct err *e)
{
	struct slot_name name;
	int fd = slot_socket();

	if (fd < 0)
		return err_sys(e, ERR_RETRY,
		    "count the requests for a mailbox: no socket");
	for (unsigned i = 0; i < SLOT_MOST; i++) {
		name = slot_name(hash, (first + i) % SLOT_MOST);
		if (bind(fd, (struct sockaddr *)&name.at, name.n) == 0) {
			/* those who wait connect, and see it end; without,
			   they look again now and then */
			(void)listen(fd, SLOT_WAITING);
			s->fd = fd;
			s->taken = true;
			return true;
		}
		if (errno != EADDRINUSE) {
			err_sys(e, ERR_RETRY,
			    "count the requests for a mailbox: bind a socket");
			os_close(&fd);
			return false;
		}
	}
	os_close(&fd);
	return true;
}

/* Whose socket it is that we are connected to: not root's, nor ours. */
static bool
slot_is_strange(int fd, long *user)
{
	struct ucred who = { 0 };
	socklen_t n = sizeof(who);

	*user = -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return true;
	*user = (long)who.uid;
	return who.uid != 0 && who.uid != geteuid();
}

/* Queues up for one. -1: nobody listens, or will take any more. */
static int
slot_queue_up(const char *hash, unsigned i)
{
	struct slot_name name = slot_name(hash, i);
	int fd = slot_socket();

	if (fd >= 0 && connect(fd, (struct sockaddr *)&name.at, name.n) != 0)
		os_close(&fd);
	return fd;
}

/*
 * Until one of them is given back, or there is reason to look again. True: one
 * of them, at least, is not held by root or us.
 */
static bool
slot_wait(struct slot *s, const char *hash, int64_t deadline)
{
	struct pollfd at[SLOT_MOST]; /* poll skips those that are -1 */
	int64_t look = os_mono_ms() + SLOT_LOOK_QUEUED_MS;
	bool strange = false;
	long user;

	for (unsigned i = 0; i < SLOT_MOST; i++) {
		at[i] = (struct pollfd){ .fd = slot_queue_up(hash, i) };
		if (at[i].fd < 0) { /* none of ours */
			strange = true;
			look = os_mono_ms() + SLOT_LOOK_MS;
		} else if (slot_is_strange(at[i].fd, &user)) {
			strange = true;
			s->stranger = user;
		}
	}
	(void)os_poll(at, SLOT_MOST, look < deadline ? look : deadline);
	for (unsigned i = 0; i < SLOT_MOST; i++)
		os_close(&at[i].fd);
	return strange;
}

static void
slot_hash(struct str mailbox, char hash[CRYPT_SHA256_HEX])
{
	struct buf lower;

	buf_init(&lower, 1024);
	for (size_t i = 0; i < mailbox.n; i++)
		buf_addc(&lower, ascii_lower(mailbox.p[i]));
	crypt_sha256_hex(buf_view(&lower), hash);
	buf_release(&lower);
}

bool
slot_take(struct slot *s, struct str mailbox, int64_t deadline, struct err *e)
{
	char hash[CRYPT_SHA256_HEX];
	unsigned char first;
	bool strange = false;
	int64_t now;

	s->fd = -1;
	s->taken = false;
	slot_hash(mailbox, hash);
	os_random(&first, sizeof(first));
	for (;;) {
		if (!slot_try_all(s, hash, first, e))
			return false;
		if (s->taken)
			return true;
		now = os_mono_ms();
		/* a stranger was waited for in vain already */
		if (now < s->doubt && slot_wait(s, hash, now))
			return s->taken = true;
		if (now >= deadline)
			break;
		strange = slot_wait(s, hash, deadline);
	}
	if (strange) {
		s->doubt = now + SLOT_DOUBT_MS;
		return s->taken = true;
	}
	err_set(e, ERR_RETRY,
	    "%.*s: this machine has %d requests under way for it, and none "
	    "ended in time",
	    STR_ARG(mailbox), SLOT_MOST);
	return err_remedy(e,
	    "Nothing: it can be tried again. If nothing is being sent, ss -xap "
	    "shows who holds the sockets @post365-...");
}

void
slot_free(struct slot *s)
{
	if (s->taken)
		os_close(&s->fd);
	s->fd = -1;
	s->taken = false;
}
