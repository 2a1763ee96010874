/* SPDX-License-Identifier: MIT */
#include "base/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"

enum { TEMP_TRIES = 16 /* names of 64 random bits do not clash */ };

/* A temporary file's name: path, a dot, 16 digits, and this. */
#define TEMP_END   ".tmp"
#define TEMP_LEAST (1 + 16 + sizeof(TEMP_END) - 1)

/* A rename is atomic but not durable until its directory is. */
static bool
replace_sync_folder(const char *path, struct err *e)
{
	char dir[4096];
	int fd;
	bool ok;

	if (!os_folder_of(path, dir, sizeof(dir), e))
		return false;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		err_sys(e, ERR_RETRY, "%s: cannot sync", dir);
	os_close(&fd);
	return ok;
}

/*
 * With its lock, which says that its writer lives. Who sweeps may have had it
 * before us: then it takes another name.
 */
static int
replace_open_temp(const char *path, mode_t mode, char *temp, size_t size)
{
	struct stat st;
	uint64_t r;
	int fd = -1;

	for (int i = 0; i < TEMP_TRIES && fd < 0; i++) {
		os_random(&r, sizeof(r));
		(void)snprintf(temp, size, "%s.%016llx" TEMP_END, path,
		    (unsigned long long)r);
		fd = os_open_or_make(AT_FDCWD, temp,
		    O_RDWR | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd < 0 && errno != EEXIST)
			break;
		if (fd >= 0 &&
		    ((!os_try_lock(fd) && errno == EWOULDBLOCK) ||
			(fstat(fd, &st) == 0 && st.st_nlink == 0)))
			os_close(&fd);
	}
	return fd;
}

static bool
replace_is_temp(struct str name)
{
	struct str digits;

	if (name.n < TEMP_LEAST || !str_ends(name, STR(TEMP_END)) ||
	    name.p[name.n - TEMP_LEAST] != '.')
		return false;
	digits = str_first(str_from(name, name.n - TEMP_LEAST + 1), 16);
	while (digits.n > 0 && str_chr(STR("0123456789abcdef"), *digits.p) < 16)
		digits = str_from(digits, 1);
	return digits.n == 0;
}

/* Temporary files beside path whose writers were killed: nobody locks them. */
static void
replace_sweep(const char *path)
{
	const struct dirent *found;
	char folder[4096];
	struct err ignored;
	struct str name;
	DIR *list;
	int fd;

	if (!os_folder_of(path, folder, sizeof(folder), &ignored))
		return;
	list = opendir(folder);
	while (list != NULL && (found = readdir(list)) != NULL) {
		name = str_of(found->d_name);
		if (!replace_is_temp(name))
			continue;
		fd = openat(dirfd(list), name.p,
		    O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0 && os_try_lock(fd))
			(void)unlinkat(dirfd(list), name.p, 0);
		os_close(&fd);
	}
	if (list != NULL)
		(void)closedir(list);
}

bool
replace_file(const char *path, struct str s, struct replace_how how,
    struct err *e)
{
	char temp[4096];
	int fd, copy;
	bool ok;

	if (strlen(path) + 32 > sizeof(temp))
		return err_set(e, ERR_CONFIG, "%s: path too long", path);
	fd = replace_open_temp(path, how.mode, temp, sizeof(temp));
	if (fd < 0) {
		err_sys(e, ERR_RETRY, "%s: cannot create", path);
		e->exit = EX_CANTCREAT;
		return false;
	}
	ok = os_write_fd(fd, path, s, e);
	if (ok && how.as != NULL &&
	    (fchown(fd, how.as->owner, how.as->group) < 0 ||
		fchmod(fd, how.mode) < 0))
		ok = err_sys(e, ERR_CONFIG,
		    "%s: cannot keep its owner and group", path);
	if (ok && how.durable && fsync(fd) < 0)
		ok = err_sys(e, ERR_RETRY, "%s: cannot sync", path);
	/* NFS tells now what it could not write; fd keeps the lock */
	copy = dup(fd);
	if (copy >= 0 && close(copy) < 0 && ok)
		ok = err_sys(e, ERR_RETRY, "%s: cannot close", path);
	if (ok && rename(temp, path) < 0)
		ok = err_sys(e, ERR_RETRY, "%s: cannot rename", path);
	if (!ok)
		(void)unlink(temp);
	os_close(&fd);
	if (how.sweep)
		replace_sweep(path);
	return ok && (!how.durable || replace_sync_folder(path, e));
}
