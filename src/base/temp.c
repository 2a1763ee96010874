/* SPDX-License-Identifier: MIT */
#include "base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"

enum { PATH_LIMIT = 4096 };

/* Where it may stand, the best first. */
enum { IN_SPOOL, IN_TMPDIR, IN_MEMORY, NOWHERE };

static const char *
temp_folder(void)
{
	const char *named = getenv("TMPDIR");

	return named != NULL && named[0] == '/' ? named : "/tmp";
}

/* Where the file system knows no O_TMPFILE: made, and unlinked at once. */
static int
temp_open_in(const char *folder, const char *below)
{
	struct buf name;
	int fd = -1;

	buf_init(&name, PATH_LIMIT);
	buf_addf(&name, "%s%s", folder, below);
	if (name.p != NULL && !name.full)
		fd = open(name.p, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	buf_addz(&name, "/post365.XXXXXX");
	if (fd < 0 && name.p != NULL && !name.full) {
		fd = mkostemp(name.p, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(name.p);
	}
	buf_release(&name);
	return fd;
}

/* The first place from t->place on that takes a file; -1: there is none. */
static int
temp_find_place(struct temp *t)
{
	int fd = -1;

	for (; fd < 0 && t->place < NOWHERE; t->place += fd < 0 ? 1 : 0)
		if (t->place == IN_MEMORY)
			fd = memfd_create("post365", MFD_CLOEXEC);
		else if (t->place == IN_TMPDIR)
			fd = temp_open_in(temp_folder(), "");
		else if (t->spool.n > 0)
			fd = temp_open_in(t->spool.p, "/tmp");
	return fd;
}

static bool
temp_remedy(struct err *e)
{
	return err_remedy(e, "set TMPDIR to a folder that may be written");
}

bool
temp_open(struct temp *t, const char *name, struct str spool, struct err *e)
{
	struct temp new = { .name = name, .spool = spool };

	new.fd = temp_find_place(&new);
	if (new.fd < 0) {
		err_sys(e, ERR_RETRY, "%s: cannot make a temporary file in %s",
		    name, temp_folder());
		e->exit = EX_CANTCREAT;
		return temp_remedy(e);
	}
	*t = new;
	return true;
}

void
temp_close(struct temp *t)
{
	if (t->name != NULL)
		os_close(&t->fd);
	*t = (struct temp){ 0 };
}

static bool
temp_put(const struct temp *t, struct str s, struct err *e)
{
	if (t->place < IN_MEMORY || t->size + s.n <= TEMP_MEMORY_MOST)
		return os_write_fd(t->fd, "a temporary file", s, e);
	err_set(e, ERR_RETRY,
	    "no folder takes a temporary file, and memory no more than %d "
	    "bytes",
	    TEMP_MEMORY_MOST);
	e->exit = EX_CANTCREAT;
	return temp_remedy(e);
}

static bool
temp_piece(void *arg, struct str piece, struct err *e)
{
	struct temp *t = arg;

	if (!temp_put(t, piece, e))
		return false;
	t->size += piece.n;
	return true;
}

/*
 * The disk is full: what is in it goes to the next place. Sources have the
 * number of the descriptor, so that stays.
 */
static bool
temp_move(struct temp *t, struct err *e)
{
	struct temp to = *t;
	struct source from = temp_source(t);
	bool ok;

	to.place++;
	to.fd = temp_find_place(&to);
	if (to.fd < 0)
		return false;
	to.size = 0;
	ok = source_copy(source_all(&from), temp_piece, &to, e) &&
	    dup3(to.fd, t->fd, O_CLOEXEC) >= 0;
	os_close(&to.fd);
	if (ok)
		t->place = to.place;
	return ok;
}

bool
temp_add(struct temp *t, struct str s, struct err *e)
{
	struct err other;

	while (!temp_put(t, s, e))
		if (!temp_move(t, &other))
			return err_wrap(e, "%s", t->name);
	t->size += s.n;
	return true;
}

bool
temp_map(const struct temp *t, struct str *out, struct err *e)
{
	void *p = NULL;

	if (t->size > 0)
		p = mmap(NULL, (size_t)t->size, PROT_READ, MAP_SHARED, t->fd,
		    0);
	if (p == MAP_FAILED) {
		err_sys(e, ERR_RETRY, "%s: cannot be mapped", t->name);
		e->exit = EX_IOERR;
		return false;
	}
	*out = (struct str){ p, (size_t)t->size };
	return true;
}

void
temp_unmap(struct str *s)
{
	if (s->n > 0)
		(void)munmap((void *)(uintptr_t)s->p, s->n);
	*s = (struct str){ 0 };
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
