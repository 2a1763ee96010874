/* SPDX-License-Identifier: MIT */
#include "base/fds.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/os.h"

enum { FDS_FIRST = STDERR_FILENO + 1 };

static void
fds_close_range(unsigned from, unsigned to)
{
	unsigned most = (unsigned)getdtablesize();

	if (from > to)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, from, to, 0) == 0)
		return;
#endif
	for (; from <= to && from < most; from++)
		(void)close((int)from);
}

/* The smallest of them that is at least `from`; ~0: there is none. */
static unsigned
fds_next_kept(const int *keep, size_t n, unsigned from)
{
	unsigned next = ~0U;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= 0 && (unsigned)keep[i] >= from &&
		    (unsigned)keep[i] < next)
			next = (unsigned)keep[i];
	return next;
}

void
fds_close_but(const int *keep, size_t n)
{
	unsigned from = FDS_FIRST, next;

	for (;; from = next + 1) {
		next = fds_next_kept(keep, n, from);
		if (next == ~0U)
			break;
		if (next > from)
			fds_close_range(from, next - 1);
	}
	fds_close_range(from, ~0U);
}

void
fds_leave_standard(void)
{
	int null = os_open_nothing();

	for (int fd = 0; fd < FDS_FIRST && null >= 0; fd++)
		(void)dup2(null, fd);
	os_close(&null);
}
