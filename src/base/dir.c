/* SPDX-License-Identifier: MIT */
#include "base/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const struct {
	int code;
	const char *remedy;
} remedies[] = {
	{ ENOSPC, "make room on the disk of" },
	{ EDQUOT, "raise this user's quota on the disk of" },
	{ EROFS, "mount for writing, or choose another folder than" },
	{ EACCES, "choose another folder, or let this user write to" },
	{ EPERM, "choose another folder, or let this user write to" },
	{ EMFILE, "raise the limit of open files (ulimit -n) for" },
};

static bool
fail(const struct dir *d, const char *file, const char *what, struct err *e)
{
	int code = errno;

	err_sys(e, ERR_RETRY, "%s%s%s%s%s: cannot %s", d->path,
	    d->name != NULL ? "/" : "", d->name != NULL ? d->name : "",
	    file != NULL ? "/" : "", file != NULL ? file : "", what);
	for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
		if (remedies[i].code == code)
			err_remedy(e, "%s %s", remedies[i].remedy, d->path);
	return false;
}

/* A new folder is durable when the one above it is synced. */
static bool
make(const struct dir *d, const char *path, mode_t mode, struct err *e)
{
	struct dir up = *d;
	bool ok;

	if (!os_mkdir(path, mode) && errno != ENOENT)
		return errno == EEXIST || fail(d, NULL, "make the folder", e);
	if (access(path, F_OK) < 0 && !os_mkdirs(path, mode, e))
		return false;
	up.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up.fd >= 0) {
		int above = openat(up.fd, "..", O_RDONLY | O_CLOEXEC);

		os_close(&up.fd);
		up.fd = above;
	}
	ok = up.fd < 0 || dir_sync(&up, e);
	os_close(&up.fd);
	return ok;
}

/* Mostly it is there. */
static bool
open_folder(struct dir *d, const char *path, mode_t mode, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct stat st;

	d->fd = open(path, flags);
	if (d->fd < 0 && errno == ENOENT) {
		if (mode == DIR_LOOK)
			return true;
		if (!make(d, path, mode, e))
			return false;
		d->fd = open(path, flags);
	}
	if (d->fd < 0 || fstat(d->fd, &st) < 0) {
		fail(d, NULL, "open the folder", e);
		os_close(&d->fd);
		return false;
	}
	if ((st.st_mode & S_IWOTH) != 0) {
		os_close(&d->fd);
		err_set(e, ERR_CONFIG, "%s: everybody may write into it", path);
		return err_remedy(e,
		    "name a folder inside of it, like %s/post365: it is made; "
		    "or chmod o-w %s",
		    path, path);
	}
	/* where others may look as well, the group is not one let in */
	d->mode = st.st_mode & 0660;
	if ((st.st_mode & S_IRWXO) != 0 && (st.st_mode & S_IWGRP) == 0)
		d->mode = 0600;
	d->owner = st.st_uid;
	return true;
}

bool
dir_open(struct dir *d, const char *path, const char *name, mode_t mode,
    struct err *e)
{
	struct dir new = { .path = path, .name = name, .fd = -1 };
	char whole[4096];
	int n = snprintf(whole, sizeof(whole), "%s%s%s", path,
	    name != NULL ? "/" : "", name != NULL ? name : "");

	if (n < 0 || (size_t)n >= sizeof(whole))
		return err_set(e, ERR_CONFIG, "%s: path too long", path);
	if (!open_folder(&new, whole, mode, e)) {
		e->kind = ERR_CONFIG;
		e->exit = EX_CANTCREAT;
		return false;
	}
	*d = new;
	return true;
}

void
dir_close(struct dir *d)
{
	if (d->path != NULL)
		os_close(&d->fd);
	*d = (struct dir){ 0 };
}

bool
dir_sync(const struct dir *d, struct err *e)
{
	int r;

	do
		r = fsync(d->fd);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return true;
	fail(d, NULL, "sync the folder", e);
	e->exit = EX_IOERR;
	return false;
}

bool
dir_file(const struct dir *d, const char *name, enum dir_how how, int *fd,
    struct err *e)
{
	static const struct {
		int flags, absent;
		bool make;
	} ways[] = {
		[DIR_READ] = { O_RDONLY, ENOENT, false },
		[DIR_UPDATE] = { O_RDWR, ENOENT, false },
		[DIR_CREATE] = { O_RDWR | O_EXCL, EEXIST, true },
		/* no file then: the folder itself was removed */
		[DIR_APPEND] = { O_RDWR | O_APPEND, 0, true },
	};
	int flags =
	    ways[how].flags | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;

	*fd = -1;
	if (d->fd < 0 && !ways[how].make)
		return true;
	*fd = ways[how].make ? os_open_or_make(d->fd, name, flags, d->mode) :
			       openat(d->fd, name, flags);
	if (*fd >= 0 || errno == ways[how].absent)
		return true;
	return fail(d, name, how < DIR_CREATE ? "open" : "create", e);
}

bool
dir_has(const struct dir *d, const char *name, int fd)
{
	struct stat named, open;

	return fstat(fd, &open) == 0 &&
	    fstatat(d->fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

bool
dir_stat(const struct dir *d, const char *name, struct os_stat *out)
{
	struct stat st;

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*out = os_stat_of(&st);
	return true;
}

/* File systems that know no flags get the question first, then the rename. */
static int
rename_new(int from, const char *name, int to, const char *as)
{
	if (renameat2(from, name, to, as, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (faccessat(to, as, F_OK, 0) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from, name, to, as);
}

bool
dir_move(const struct dir *from, const char *name, const struct dir *to,
    const char *as, struct err *e)
{
	return rename_new(from->fd, name, to->fd, as) == 0 ||
	    fail(to, as, "rename to this", e);
}

bool
dir_remove(const struct dir *d, const char *name, struct err *e)
{
	return unlinkat(d->fd, name, 0) == 0 || errno == ENOENT ||
	    fail(d, name, "remove", e);
}

static bool
is_regular(const struct dir *d, const struct dirent *found)
{
	struct os_stat st;

	if (found->d_type != DT_UNKNOWN)
		return found->d_type == DT_REG;
	return dir_stat(d, found->d_name, &st) && st.regular;
}

bool
dir_each(const struct dir *d, dir_each_fn *f, void *arg, struct err *e)
{
	const struct dirent *found;
	int fd, code;
	DIR *list;

	if (d->fd < 0)
		return true;
	/* a descriptor of its own, since it holds the place in the list */
	fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = fd < 0 ? NULL : fdopendir(fd);
	if (list == NULL) {
		fail(d, NULL, "list the folder", e);
		os_close(&fd);
		return false;
	}
	for (;;) {
		errno = 0;
		found = readdir(list);
		if (found == NULL)
			break;
		if (found->d_name[0] != '.')
			f(arg, found->d_name, is_regular(d, found));
	}
	code = errno;
	(void)closedir(list);
	errno = code;
	return code == 0 || fail(d, NULL, "list the folder", e);
}
