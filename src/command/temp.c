/* SPDX-License-Identifier: MIT */
#include "command/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"

enum { PATH_LIMIT = 4096 };

static const char *
folder(void)
{
	const char *named = getenv("TMPDIR");

	return named != NULL && named[0] == '/' ? named : "/tmp";
}

/* Where the file system knows no O_TMPFILE: made, and unlinked at once. */
static int
open_unlinked(const char *path)
{
	struct buf name;
	int fd = -1;

	buf_init(&name, PATH_LIMIT);
	buf_addf(&name, "%s/post365.XXXXXX", path);
	if (name.p != NULL && !name.full) {
		fd = mkostemp(name.p, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(name.p);
	}
	buf_release(&name);
	return fd;
}

bool
temp_open(struct temp *t, const char *name, struct err *e)
{
	int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = open_unlinked(folder());
	if (fd < 0) {
		err_sys(e, ERR_RETRY, "%s: cannot make a temporary file in %s",
		    name, folder());
		e->exit = EX_CANTCREAT;
		return err_remedy(e,
		    "set TMPDIR to a folder that may be written");
	}
	*t = (struct temp){ .name = name, .fd = fd };
	return true;
}

void
temp_close(struct temp *t)
{
	if (t->name != NULL)
		os_close(&t->fd);
	*t = (struct temp){ 0 };
}

bool
temp_add(struct temp *t, struct str s, struct err *e)
{
	if (!os_write_fd(t->fd, "a temporary file", s, e))
		return err_wrap(e, "%s", t->name);
	t->size += s.n;
	return true;
}

static bool
read_temp(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	int fd = (int)(intptr_t)self->arg;
	ssize_t got;

	while (n > 0) {
		got = pread(fd, p, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err_sys(e, ERR_INPUT, "%s: cannot be read again",
			    self->bytes.p);
			e->exit = EX_IOERR;
			return false;
		}
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

struct source
temp_source(const struct temp *t)
{
	return (struct source){
		.size = t->size,
		.read = read_temp,
		.arg = (const void *)(intptr_t)t->fd,
		.bytes = str_of(t->name),
	};
}
