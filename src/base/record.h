/* SPDX-License-Identifier: MIT */
/*
 * record: an event on its way to the process that writes the log. What
 * happened goes as fields, so that text and JSON are made of the same.
 *
 *	"LEVEL SERVICE PID EVENT" LF, then each field, one datagram in all:
 *	"KEY=VALUE" LF, or "KEY#NUMBER" LF
 *
 * Sending never waits: a log that cannot keep up costs the line, which is
 * counted. Values are cut, and line ends in them become '?'; the rest is made
 * harmless by who writes them.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "base/str.h"
#include "base/syslog.h"

enum {
	RECORD_MOST = 4096,  /* bytes of all */
	RECORD_VALUE = 256,  /* of a value that a stranger gave */
	RECORD_REASON = 1024 /* of a text of ours */
};

struct record_way {
	int fd;              /* SOCK_SEQPACKET */
	const char *service; /* "smtpd" */
	struct stats *stats; /* the numbers that all share; or NULL */
};

struct record {
	const struct record_way *way;
	size_t n;
	char text[RECORD_MOST];
};

/* Keeps way until record_send. */
void record_begin(struct record *r, const struct record_way *way,
    enum syslog_severity level, const char *event);
/* RECORD_VALUE bytes of it; record_reason: RECORD_REASON. */
void record_str(struct record *r, const char *key, struct str value);
void record_reason(struct record *r, const char *key, struct str value);
void record_num(struct record *r, const char *key, uint64_t value);
/* A text of ours, of less than RECORD_VALUE bytes. */
void record_fmt(struct record *r, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void record_send(const struct record *r);

/* An event "message" with a field "text": a line without a form of its own. */
void record_message(const struct record_way *way, enum syslog_severity level,
    struct str text);

#endif
