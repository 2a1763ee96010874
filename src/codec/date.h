/* SPDX-License-Identifier: MIT */
/*
 * date: the date formats of HTTP, Internet mail and Graph.
 *
 * Times are seconds since 1970-01-01 UTC, 64 bits, years 1 to 9999.
 * Source: RFC 9110 5.6.7 and 10.2.3, RFC 5322 3.3, RFC 3339.
 */
#ifndef CODEC_DATE_H
#define CODEC_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct date {
	int year, month, day, hour, minute, second; /* month 1 to 12 */
	int weekday;                                /* 0 is Sunday */
};

enum {
	DATE_HTTP_SIZE = 30, /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */
	DATE_MAIL_SIZE = 32, /* "Sun, 06 Nov 1994 08:49:37 +0000" and a NUL */
	DATE_ISO_SIZE = 21,  /* "1994-11-06T08:49:37Z" and a NUL */
	DATE_QUEUE_SIZE = 20 /* "Sun Nov  6 08:49:37" and a NUL */
};

/* A time outside those years becomes the first or the last of them. */
struct date date_split(int64_t when);
/* Wants a date that exists, as date_split gives it; ignores weekday. */
int64_t date_join(const struct date *d);

void date_http(int64_t when, char out[DATE_HTTP_SIZE]);
/*
 * zone: minutes east of UTC, for the local time that is shown; one of a day
 * or more is none, and UTC is shown.
 */
void date_mail(int64_t when, int zone, char out[DATE_MAIL_SIZE]);
void date_iso(int64_t when, char out[DATE_ISO_SIZE]);
/* The same zone; as postqueue has it. */
void date_queue(int64_t when, int zone, char out[DATE_QUEUE_SIZE]);

/*
 * The parsers take letters of any case, read a leap second (":60") as the one
 * before it, and leave *when alone when they say false.
 *
 * The three forms that RFC 9110 5.6.7 tells to accept. The weekday must be
 * one, but need not be the date's. A year of two digits is 1970 to 2069: no
 * server of today sends one, and so the parser needs no clock.
 */
bool date_parse_http(struct str s, int64_t *when);
/*
 * RFC 3339, with or without fraction (dropped) and zone (UTC then), and with
 * 'T' or a blank between date and time.
 */
bool date_parse_iso(struct str s, int64_t *when);

/*
 * "MM/dd/yyyy HH:mm:ss", with or without " AM" or " PM" and " +00:00" (UTC
 * then): what some of Azure's endpoints write (facts.md 1.5). Month, day and
 * hour may have one digit.
 */
bool date_parse_us(struct str s, int64_t *when);

/*
 * Retry-After: seconds (fractions allowed, facts.md 5.2) or an HTTP date
 * against now. Milliseconds, rounded up, at most DATE_RETRY_MAX_MS; dates in
 * the past give 0. Blanks around it are allowed. False: neither, as if the
 * field were absent; *ms is left alone.
 */
#define DATE_RETRY_MAX_MS (7LL * 24 * 3600 * 1000) /* older than any spool */
bool date_parse_retry_after(struct str s, int64_t now, int64_t *ms);

#endif
