/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/os.h"
#include "base/record.h"

static enum syslog_severity
log_severity(enum log_level level)
{
	return level == LOG_WARN ? SYSLOG_WARNING : SYSLOG_DEBUG;
}

/* One write a line, so that lines of several processes do not mix. */
__attribute__((format(printf, 3, 0))) static void
log_put(const struct log *l, enum log_level level, const char *fmt, va_list ap)
{
	char text[ERR_MSG_SIZE], line[ERR_MSG_SIZE + 64];
	struct err ignored;
	int n;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (l->way != NULL) {
		record_message(l->way, log_severity(level), str_of(text));
		return;
	}
	err_clean(text);
	if (l->ear != NULL && level == LOG_WARN) {
		l->ear->hear(l->ear->arg, str_of(text));
		return;
	}
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
	log_put(l, LOG_WARN, fmt, ap);
	va_end(ap);
}

void
log_trace(const struct log *l, const char *fmt, ...)
{
	va_list ap;

	if (l->level < LOG_TRACE)
		return;
	va_start(ap, fmt);
	log_put(l, LOG_TRACE, fmt, ap);
	va_end(ap);
}

bool
log_traces(const struct log *l)
{
	return l->level >= LOG_TRACE;
}
