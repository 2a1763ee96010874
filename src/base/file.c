/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"

static bool
no_input(struct err *e)
{
	e->exit = EX_NOINPUT;
	return false;
}

/* Tells what stands in the way of reading from fd; the caller closes it. */
static bool
is_readable(int fd, const char *path, struct stat *st, struct err *e)
{
	if (fstat(fd, st) < 0)
		return err_sys(e, ERR_INPUT, "%s", path);
	if (S_ISDIR(st->st_mode))
		return err_set(e, ERR_INPUT, "%s: is a directory", path);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", path);
	return true;
}

bool
file_open(struct file *f, const char *path, struct err *e)
{
	struct stat st;
	/* a pipe without a writer must not hold us up before fstat */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		err_sys(e, ERR_INPUT, "%s: cannot open", path);
		return no_input(e);
	}
	if (!is_readable(fd, path, &st, e)) {
		os_close(&fd);
		return no_input(e);
	}
	*f = (struct file){ path, (uint64_t)st.st_size, fd };
	return true;
}

void
file_close(struct file *f)
{
	if (f->path != NULL)
		os_close(&f->fd);
	*f = (struct file){ 0 };
}

static bool
read_file(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	const struct file *f = self->arg;
	ssize_t got;

	while (n > 0) {
		got = pread(f->fd, p, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err_sys(e, ERR_INPUT, "%s: cannot read", f->path);
		if (got == 0)
			err_set(e, ERR_INPUT,
			    "%s: became shorter while it "
			    "was read",
			    f->path);
		if (got <= 0)
			return no_input(e);
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

struct source
file_source(const struct file *f)
{
	return (struct source){ .size = f->size, .read = read_file, .arg = f };
}
