/* SPDX-License-Identifier: MIT */
#include "base/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room is kept for a line end. */
static void
record_add(struct record *r, struct str s)
{
	for (size_t i = 0; i < s.n && r->n < RECORD_MOST - 1; i++)
		r->text[r->n++] =
		    s.p[i] == '\n' || s.p[i] == '\0' ? '?' : s.p[i];
}

static void
record_field(struct record *r, const char *key, char is, struct str value)
{
	/* none at all rather than half of a key */
	if (r->n > RECORD_MOST - 64)
		return;
	record_add(r, str_of(key));
	record_add(r, (struct str){ &is, 1 });
	record_add(r, value);
	r->text[r->n++] = '\n';
}

void
record_begin(struct record *r, const struct record_way *way,
    enum syslog_severity level, const char *event)
{
	int n = snprintf(r->text, sizeof(r->text), "%d %s %d %s\n", (int)level,
	    way->service, (int)getpid(), event);

	r->way = way;
	r->n = (size_t)n;
}

void
record_str(struct record *r, const char *key, struct str value)
{
	record_field(r, key, '=', str_cut(value, RECORD_VALUE));
}

void
record_reason(struct record *r, const char *key, struct str value)
{
	record_field(r, key, '=', str_cut(value, RECORD_REASON));
}

void
record_num(struct record *r, const char *key, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);

	record_field(r, key, '#', (struct str){ text, (size_t)n });
}

void
record_fmt(struct record *r, const char *key, const char *fmt, ...)
{
	char text[RECORD_VALUE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	record_field(r, key, '=', str_of(text));
}

void
record_send(const struct record *r)
{
	if (send(r->way->fd, r->text, r->n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		stats_add(r->way->stats, STATS_LOST_LINES, 1, STR(""), STR(""));
}

void
record_message(const struct record_way *way, enum syslog_severity level,
    struct str text)
{
	struct record r;

	record_begin(&r, way, level, "message");
	record_reason(&r, "text", text);
	record_send(&r);
}
