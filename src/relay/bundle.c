/* SPDX-License-Identifier: MIT */
#include "relay/bundle.h"

#include <sys/mman.h>

#include "base/os.h"

void
bundle_add(struct buf *out, const char *name, struct str bytes)
{
	buf_addf(out, "%s %zu\n", name, bytes.n);
	buf_adds(out, bytes);
	buf_addc(out, '\n');
}

bool
bundle_next(struct str *rest, struct str *name, struct str *bytes)
{
	struct str line;
	uint64_t n;

	if (rest->n == 0 || !str_next(rest, '\n', &line) ||
	    !str_next(&line, ' ', name) || !str_u64(line, BUNDLE_MOST, &n) ||
	    n >= rest->n)
		return false;
	*bytes = str_first(*rest, (size_t)n);
	*rest = str_from(*rest, (size_t)n + 1);
	return true;
}

int
bundle_open(struct str text, struct err *e)
{
	static const char name[] = "settings of the relay";
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		(void)err_sys(e, ERR_RETRY, "%s", name);
	else if (!os_write_at((struct os_at){ .name = name, .fd = fd }, text,
		     e))
		os_close(&fd);
	return fd;
}
