/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/os.h"

/* One write a line, so that lines of several processes do not mix. */
__attribute__((format(printf, 2, 0))) static void
put(const struct log *l, const char *fmt, va_list ap)
{
	char text[ERR_MSG_SIZE], line[ERR_MSG_SIZE + 64];
	struct err ignored;
	int n;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	err_clean(text);
	n = snprintf(line, sizeof(line), "%s%s\n",
	    l->name != NULL ? l->name : "", text);
	if (n > 0)
		(void)!os_write_fd(l->fd, "log", str_of(line), &ignored);
}

void
log_warn(const struct log *l, const char *fmt, ...)
{
	va_list ap;

	if (l->level < LOG_WARN)
		return;
	va_start(ap, fmt);
	put(l, fmt, ap);
	va_end(ap);
}

void
log_trace(const struct log *l, const char *fmt, ...)
{
	va_list ap;

	if (l->level < LOG_TRACE)
		return;
	va_start(ap, fmt);
	put(l, fmt, ap);
	va_end(ap);
}

bool
log_traces(const struct log *l)
{
	return l->level >= LOG_TRACE;
}
