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
	HASH = 32, /* hex digits: 128 bits */
	WAITING =
	    4096, /* who waits for one slot at a time; others look again */
	/* A waiter is told at once. Only where it could not queue up, or
	   somebody else was faster, does it look again after so long. */
	LOOK_MS = 50,
	LOOK_QUEUED_MS = 1000
};

struct name {
	struct sockaddr_un at;
	socklen_t n;
};

/* "\0post365-HASH-N" */
static struct name
name_of(const char *hash, unsigned i)
{
	struct name name = { .at = { .sun_family = AF_UNIX } };
	int n = snprintf(name.at.sun_path + 1, sizeof(name.at.sun_path) - 1,
	    "post365-%.*s-%u", HASH, hash, i);

	name.n =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	return name;
}

static int
open_socket(struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err_sys(e, ERR_RETRY,
		    "count the requests for a mailbox: "
		    "no socket");
	return fd;
}

/* True with s->taken false: all are in use. */
static bool
try_all(struct slot *s, const char *hash, unsigned first, struct err *e)
{
	struct name name;
	int fd = open_socket(e);

	for (unsigned i = 0; fd >= 0 && i < SLOT_MOST && !s->taken; i++) {
		name = name_of(hash, (first + i) % SLOT_MOST);
		s->taken = bind(fd, (struct sockaddr *)&name.at, name.n) == 0;
		if (!s->taken && errno != EADDRINUSE) {
			err_sys(e, ERR_RETRY,
			    "count the requests for a "
			    "mailbox: bind a socket");
			os_close(&fd);
		}
	}
	if (s->taken) {
		/* those who wait connect, and see it end; without, they look
		   again now and then */
		(void)listen(fd, WAITING);
		s->fd = fd;
		return true;
	}
	if (fd < 0)
		return false;
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

/*
 * Until one of them is given back, or there is reason to look again. True: one
 * of them, at least, is not held by root or us.
 */
static bool
slot_wait(struct slot *s, const char *hash, int64_t deadline)
{
	struct pollfd at[SLOT_MOST];
	int64_t look = os_mono_ms() + LOOK_QUEUED_MS;
	struct name name;
	struct err ignored;
	bool strange = false;
	long user = -1;

	for (unsigned i = 0; i < SLOT_MOST; i++) {
		name = name_of(hash, i);
		at[i] = (struct pollfd){ .fd = open_socket(&ignored) };
		if (at[i].fd >= 0 &&
		    connect(at[i].fd, (struct sockaddr *)&name.at, name.n) ==
			0) {
			if (slot_is_strange(at[i].fd, &user)) {
				strange = true;
				s->stranger = user;
			}
			continue;
		}
		/* nobody listens, or will take any more: none of ours */
		strange = true;
		os_close(&at[i].fd); /* poll skips it */
		look = os_mono_ms() + LOOK_MS;
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
		if (!try_all(s, hash, first, e))
			return false;
		now = os_mono_ms();
		if (s->taken || (now < s->doubt && slot_wait(s, hash, now)))
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
