/* SPDX-License-Identifier: MIT */
#include "deliver/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"

enum { BELL_WAITING = 4096 /* connections that nobody took yet */ };

struct bell_name {
	struct sockaddr_un at;
	int folder; /* keeps a name by descriptor good; or -1 */
};

/* A path that is too long for a socket goes by the folder's descriptor. */
static bool
bell_name(const struct spool *s, struct bell_name *name)
{
	char *path = name->at.sun_path;
	size_t max = sizeof(name->at.sun_path);
	int n = snprintf(path, max, "%s/bell", s->path);

	name->at.sun_family = AF_UNIX;
	name->folder = -1;
	if (n > 0 && (size_t)n < max)
		return true;
	name->folder = open(s->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, max, "/proc/self/fd/%d/bell", name->folder);
	return name->folder >= 0;
}

static int
bell_socket(int more)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | more, 0);
}

bool
bell_open(const struct spool *s, int *fd, struct err *e)
{
	struct bell_name name;
	bool ok;

	*fd = bell_socket(SOCK_NONBLOCK);
	if (*fd < 0)
		return err_sys(e, ERR_RETRY, "%s: no socket", s->path);
	if (!bell_name(s, &name)) {
		os_close(fd);
		return err_sys(e, ERR_RETRY, "%s: no socket in it", s->path);
	}
	(void)unlink(name.at.sun_path);
	/* Linux gives the file the mode of the socket */
	(void)fchmod(*fd, s->dir[SPOOL_NEW].mode);
	ok = bind(*fd, (struct sockaddr *)&name.at, sizeof(name.at)) == 0 &&
	    listen(*fd, BELL_WAITING) == 0;
	if (!ok) {
		err_sys(e, ERR_RETRY, "%s/bell: cannot listen", s->path);
		os_close(fd);
	}
	os_close(&name.folder);
	return ok;
}

void
bell_close(const struct spool *s, int *fd)
{
	struct bell_name name;

	if (*fd < 0)
		return;
	if (bell_name(s, &name))
		(void)unlink(name.at.sun_path);
	os_close(&name.folder);
	os_close(fd);
}

int
bell_accept(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

bool
bell_read(int fd, struct bell_ring *ring)
{
	bool ok = recv(fd, ring, sizeof(*ring), MSG_DONTWAIT) ==
	    (ssize_t)sizeof(*ring);

	if (ok)
		ring->id[sizeof(ring->id) - 1] = '\0';
	return ok;
}

/* A connection on which it was said; -1: nobody listens. */
static int
bell_say(const struct spool *s, enum bell_what what, const char *id)
{
	struct bell_ring ring = { .what = (int)what };
	struct bell_name name;
	int fd = bell_socket(0);

	if (id != NULL)
		(void)snprintf(ring.id, sizeof(ring.id), "%s", id);
	if (fd < 0)
		return -1;
	if (!bell_name(s, &name) ||
	    connect(fd, (struct sockaddr *)&name.at, sizeof(name.at)) != 0 ||
	    send(fd, &ring, sizeof(ring), MSG_NOSIGNAL) !=
		(ssize_t)sizeof(ring))
		os_close(&fd);
	os_close(&name.folder);
	return fd;
}

bool
bell_ring(const struct spool *s, enum bell_what what, const char *id)
{
	int fd = bell_say(s, what, id);
	bool told = fd >= 0;

	os_close(&fd);
	return told;
}

void
bell_tell(int fd, const char *id)
{
	struct bell_ring ring = { .what = BELL_NEW };

	(void)snprintf(ring.id, sizeof(ring.id), "%s", id);
	/* what is not heard is found by looking */
	(void)!send(fd, &ring, sizeof(ring), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool
bell_ask(const struct spool *s, void *answer, size_t n)
{
	int fd = bell_say(s, BELL_RUN, NULL);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	do
		got = recv(fd, answer, n, 0);
	while (got < 0 && errno == EINTR);
	os_close(&fd);
	return got == (ssize_t)n;
}
