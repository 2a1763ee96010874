/* SPDX-License-Identifier: MIT */
#include "base/syslog.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/os.h"
#include "base/record.h"

enum { FACILITY_MAIL = 2 };

void
syslog_time(int64_t when, char out[SYSLOG_TIME_SIZE])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = (time_t)when;
	struct tm t = { 0 };

	(void)localtime_r(&now, &t);
	(void)snprintf(out, SYSLOG_TIME_SIZE, "%.3s %2d %02d:%02d:%02d",
	    months + (t.tm_mon % 12) * 3, t.tm_mday % 32, t.tm_hour % 24,
	    t.tm_min % 60, t.tm_sec % 61);
}

static void
put(const char *path, const char *line)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if (n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, n + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, sizeof(to));
	os_close(&fd);
}

void
syslog_send(const struct syslog *l, enum syslog_severity severity,
    const char *fmt, ...)
{
	char text[ERR_MSG_SIZE], line[SYSLOG_MAX], when[SYSLOG_TIME_SIZE];
	va_list ap;

	if (l->path == NULL && l->way == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (l->way != NULL) {
		record_message(l->way, severity, str_of(text));
		return;
	}
	syslog_time(os_wall(), when);
	(void)snprintf(line, sizeof(line), "<%d>%s %.100s[%d]: %.850s",
	    FACILITY_MAIL * 8 + (int)severity, when, l->tag, (int)getpid(),
	    text);
	err_clean(line);
	put(l->path, line);
}
