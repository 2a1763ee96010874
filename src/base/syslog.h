/* SPDX-License-Identifier: MIT */
/*
 * syslog: a line for the machine's log, facility mail.
 *
 * Best effort: where nobody listens, or nobody keeps up, the line is lost and
 * nothing else happens. Lines are made harmless like error texts.
 *
 * Source: RFC 3164 4.1, as the C library writes it to /dev/log.
 */
#ifndef BASE_SYSLOG_H
#define BASE_SYSLOG_H

#include <stdint.h>

enum {
	SYSLOG_MAX = 1024,    /* bytes of a line; RFC 3164 4.1 */
	SYSLOG_TIME_SIZE = 32 /* The machine's, under this tag. */
#define SYSLOG_AS(tag)                                                         \
	{                                                                      \
		"/dev/log", tag, NULL                                          \
	}

	/* "Nov  3 21:37:14" and a NUL, in any year */
};

/* RFC 3164 4.1.1 */
enum syslog_severity {
	SYSLOG_ERR = 3,
	SYSLOG_WARNING = 4,
	SYSLOG_INFO = 6,
	SYSLOG_DEBUG = 7
};

struct record_way;

struct syslog {
	const char *path; /* of the socket: "/dev/log"; NULL: silent */
	const char *tag;  /* who speaks, "post365/sendmail" */
	/* lines go there instead, as events "message"; or NULL. Borrowed */
	const struct record_way *way;
};

/* The machine's, under this tag. */
#define SYSLOG_AS(tag)                                                         \
	{                                                                      \
		"/dev/log", tag, NULL                                          \
	}

/* "Nov  3 21:37:14": RFC 3164 has local time, in English. */
void syslog_time(int64_t when, char out[SYSLOG_TIME_SIZE]);

void syslog_send(const struct syslog *l, enum syslog_severity severity,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
