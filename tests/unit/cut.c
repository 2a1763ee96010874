/* SPDX-License-Identifier: MIT */
#include "cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static struct {
	long at, calls;
	enum cut how;
	int code;
	char order[CUT_ORDER];
	void (*meet)(void *arg);
	void *arg;
} plan;

void
cut_at(long n, enum cut how, int code)
{
	plan.at = n;
	plan.calls = 0;
	memset(plan.order, 0, sizeof(plan.order));
	plan.how = how;
	plan.code = code;
}

void
cut_meet(long n, void (*f)(void *arg), void *arg)
{
	cut_at(n, CUT_MEET, 0);
	plan.meet = f;
	plan.arg = arg;
}

long
cut_calls(void)
{
	return plan.calls;
}

const char *
cut_order(void)
{
	return plan.order;
}

static void
note(char what)
{
	size_t n = strlen(plan.order);

	if (n + 1 < sizeof(plan.order))
		plan.order[n] = what;
}

static bool
is_now(void)
{
	bool now = plan.how != CUT_NONE && ++plan.calls == plan.at;

	if (now && plan.how == CUT_MEET) {
		plan.how = CUT_NONE;
		plan.meet(plan.arg);
		plan.how = CUT_MEET;
	}
	return now;
}

static bool
ends(void)
{
	return plan.how == CUT_KILL || plan.how == CUT_HALF ||
	    plan.how == CUT_TORN || plan.how == CUT_LATE;
}

/* True: the call must fail. */
static bool
fails(char what, bool wants_room)
{
	bool now = is_now();

	if (now && ends())
		_exit(CUT_STATUS);
	if ((now && plan.how == CUT_FAIL) ||
	    (plan.how == CUT_FULL && wants_room && plan.calls >= plan.at)) {
		errno = plan.code;
		note('!');
		return true;
	}
	note(what);
	return false;
}

/* clang-format off */
#define WRAP(type, name, params, args, what, wants_room)                       \
	type __real_##name params;                                             \
	type __wrap_##name params;                                             \
	type __wrap_##name params                                              \
	{                                                                      \
		return fails(what, wants_room) ? (type)-1 :                    \
		    __real_##name args;                                        \
	}

WRAP(int, fdatasync, (int fd), (fd), 'd', true)
WRAP(int, ftruncate, (int fd, off_t n), (fd, n), '.', false)
WRAP(int, unlinkat, (int d, const char *p, int f), (d, p, f), 'u', false)
WRAP(int, futimens, (int fd, const struct timespec *t), (fd, t), '.', false)
WRAP(int, flock, (int fd, int op), (fd, op), '.', false)
WRAP(int, mkdir, (const char *p, mode_t m), (p, m), '.', true)
WRAP(int, renameat2,
    (int d, const char *p, int e, const char *q, unsigned f), (d, p, e, q, f),
    'r', true)
WRAP(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at),
    '.', false)
/* clang-format on */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
	struct stat st;
	bool folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

	return fails(folder ? 'f' : 'd', true) ? -1 : __real_fsync(fd);
}

/* One that only begins to write is nothing that could fail. */
int __real_sync_file_range(int fd, off_t at, off_t n, unsigned how);
int __wrap_sync_file_range(int fd, off_t at, off_t n, unsigned how);
int
__wrap_sync_file_range(int fd, off_t at, off_t n, unsigned how)
{
	if (how != SYNC_FILE_RANGE_WRITE && fails('s', true))
		return -1;
	return __real_sync_file_range(fd, at, n, how);
}

/* How much of a write of n bytes is done, and then the end; n: no end. */
static size_t
part(size_t n)
{
	if (plan.calls + 1 != plan.at)
		return n;
	if (plan.how == CUT_HALF)
		return n / 2;
	return plan.how == CUT_TORN ? n / 40 : n;
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t
__wrap_write(int fd, const void *p, size_t n)
{
	size_t some = part(n);

	if (some < n && __real_write(fd, p, some) >= 0)
		_exit(CUT_STATUS);
	return fails('w', true) ? -1 : __real_write(fd, p, n);
}

ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t
__wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
	size_t some = part(n), skip = n / 40;
	const char *from = p;

	if (plan.how == CUT_LATE && plan.calls + 1 == plan.at &&
	    __real_pwrite(fd, from + skip, n - skip, at + (off_t)skip) >= 0)
		_exit(CUT_STATUS);
	if (some < n && __real_pwrite(fd, p, some, at) >= 0)
		_exit(CUT_STATUS);
	return fails('w', true) ? -1 : __real_pwrite(fd, p, n, at);
}

int __real_openat(int d, const char *p, int flags, ...);
int __wrap_openat(int d, const char *p, int flags, ...);
int
__wrap_openat(int d, const char *p, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails('.', false) ? -1 : __real_openat(d, p, flags, mode);
}

/* Never fails here: a descriptor is closed on Linux in any case. */
int __real_close(int fd);
int __wrap_close(int fd);
int
__wrap_close(int fd)
{
	if (is_now() && ends())
		_exit(CUT_STATUS);
	note('.');
	return __real_close(fd);
}
