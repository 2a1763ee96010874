/* SPDX-License-Identifier: MIT */
#include "deliver/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/os.h"

enum { HOLDER_PATH = 4096 };

bool
holder_lock(const struct spool *s, int *lock, struct err *e)
{
	char path[HOLDER_PATH];
	int n = snprintf(path, sizeof(path), "%s/worker", s->path);

	*lock = -1;
	if (n <= 0 || n >= (int)sizeof(path))
		return err_set(e, ERR_CONFIG, "%s: too long", s->path);
	*lock = os_open_or_make(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW,
	    s->dir[SPOOL_NEW].mode);
	if (*lock < 0)
		return err_sys(e, ERR_RETRY, "%s: cannot open", path);
	if (os_try_lock(*lock))
		return true;
	if (errno != EWOULDBLOCK) {
		err_sys(e, ERR_RETRY, "%s: cannot lock", path);
		os_close(lock);
		return false;
	}
	os_close(lock);
	return true;
}

void
holder_write_number(int lock)
{
	struct os_at to = { .name = "worker", .fd = lock };
	char text[32];
	struct err ignored;
	bool ok;

	(void)snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	ok = os_cut(lock, to.name, 0, &ignored) &&
	    os_write_at(to, str_of(text), &ignored);
	(void)ok;
}
