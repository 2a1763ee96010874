/* SPDX-License-Identifier: MIT */
#include "codec/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static const int64_t FIRST = -62135596800, LAST = 253402300799;

static const struct {
	int64_t when;
	const char *http, *iso;
} rows[] = {
	{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z" },
	{ 0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z" },
	{ -1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z" },
	{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z" },
	{ 951868800, "Wed, 01 Mar 2000 00:00:00 GMT", "2000-03-01T00:00:00Z" },
	{ 1709251199, "Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z" },
	{ 2147483647, "Tue, 19 Jan 2038 03:14:07 GMT", "2038-01-19T03:14:07Z" },
	{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00Z" },
	{ 4107542399, "Sun, 28 Feb 2100 23:59:59 GMT", "2100-02-28T23:59:59Z" },
	{ -62135596800, "Mon, 01 Jan 0001 00:00:00 GMT",
	    "0001-01-01T00:00:00Z" },
	{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT",
	    "9999-12-31T23:59:59Z" },
};

static void
test_rows(void)
{
	char http[DATE_HTTP_SIZE], iso[DATE_ISO_SIZE];
	int64_t back;

	for (size_t i = 0; i < N(rows); i++) {
		date_http(rows[i].when, http);
		date_iso(rows[i].when, iso);
		T_CHECK(strcmp(http, rows[i].http) == 0, "%s", http);
		T_CHECK(strcmp(iso, rows[i].iso) == 0, "%s", iso);
		T_CHECK(date_parse_http(str_of(http), &back) &&
			back == rows[i].when,
		    "%s", http);
		T_CHECK(date_parse_iso(str_of(iso), &back) &&
			back == rows[i].when,
		    "%s", iso);
	}
	date_iso(INT64_MIN, iso);
	T_CHECK(strcmp(iso, "0001-01-01T00:00:00Z") == 0, "%s", iso);
	date_iso(INT64_MAX, iso);
	T_CHECK(strcmp(iso, "9999-12-31T23:59:59Z") == 0, "%s", iso);
}

/* Each day of a cycle of 400 years, and what gmtime says of it. */
static void
test_days(void)
{
	int64_t when = FIRST + 3601;

	for (long day = 0; day < 3652059; day += day < 146100 ? 1 : 17) {
		struct date d;
		struct tm tm;
		time_t t;

		when = FIRST + day * 86400LL + day % 86400;
		t = when;
		d = date_split(when);
		(void)gmtime_r(&t, &tm);
		T_CHECK(d.year == tm.tm_year + 1900 &&
			d.month == tm.tm_mon + 1 && d.day == tm.tm_mday &&
			d.weekday == tm.tm_wday && d.hour == tm.tm_hour &&
			d.minute == tm.tm_min && d.second == tm.tm_sec,
		    "%lld", (long long)when);
		T_CHECK(date_join(&d) == when, "%lld", (long long)when);
	}
}

static const struct {
	int64_t when;
	int zone;
	const char *want;
} mail[] = {
	{ 784111777, 0, "Sun, 06 Nov 1994 08:49:37 +0000" },
	{ 784111777, 120, "Sun, 06 Nov 1994 10:49:37 +0200" },
	{ 784111777, -330, "Sun, 06 Nov 1994 03:19:37 -0530" },
	{ 784111777, 845, "Sun, 06 Nov 1994 22:54:37 +1405" },
	{ 784111777, -720, "Sat, 05 Nov 1994 20:49:37 -1200" },
	{ 784111777, 1439, "Mon, 07 Nov 1994 08:48:37 +2359" },
	{ 784111777, 1440, "Sun, 06 Nov 1994 08:49:37 +0000" },
	{ 784111777, -1440, "Sun, 06 Nov 1994 08:49:37 +0000" },
	{ 784111777, INT32_MAX, "Sun, 06 Nov 1994 08:49:37 +0000" },
	{ INT64_MAX, 60, "Fri, 31 Dec 9999 23:59:59 +0100" },
	{ INT64_MIN, -60, "Mon, 01 Jan 0001 00:00:00 -0100" },
};

static void
test_mail(void)
{
	char out[DATE_MAIL_SIZE];

	for (size_t i = 0; i < N(mail); i++) {
		date_mail(mail[i].when, mail[i].zone, out);
		T_CHECK(strcmp(out, mail[i].want) == 0, "row %zu: %s", i, out);
		T_CHECK(strlen(out) + 1 == DATE_MAIL_SIZE, "size");
	}
}

static const struct {
	int64_t when;
	int zone;
	const char *want;
} queue[] = {
	{ 784111777, 0, "Sun Nov  6 08:49:37" },
	{ 784111777, -720, "Sat Nov  5 20:49:37" },
	{ 784975777, 60, "Wed Nov 16 09:49:37" },
	{ 784630177, 1439, "Sun Nov 13 08:48:37" },
	{ 784371599, 0, "Wed Nov  9 08:59:59" },
	{ 784457999, 0, "Thu Nov 10 08:59:59" },
	{ 784111777, 1440, "Sun Nov  6 08:49:37" },
	{ INT64_MAX, 60, "Fri Dec 31 23:59:59" },
	{ INT64_MIN, 0, "Mon Jan  1 00:00:00" },
};

static void
test_queue(void)
{
	char out[DATE_QUEUE_SIZE];

	for (size_t i = 0; i < N(queue); i++) {
		date_queue(queue[i].when, queue[i].zone, out);
		T_CHECK(strcmp(out, queue[i].want) == 0, "row %zu: %s", i, out);
		T_CHECK(strlen(out) + 1 == DATE_QUEUE_SIZE, "size");
	}
}

#define BAD INT64_MIN

static const struct {
	const char *in;
	int64_t want; /* BAD: refused */
} http[] = {
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
	{ "Sun Nov  6 08:49:37 1994", 784111777 },
	{ "Sun Nov 06 08:49:37 1994", 784111777 },
	{ "Wed Nov 16 08:49:37 1994", 784975777 },
	{ "sun, 06 nov 1994 08:49:37 gmt", 784111777 },
	{ "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
	{ "Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999 },
	{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228799 },
	{ "Sat, 31 Dec 2016 23:59:61 GMT", BAD },
	{ "", BAD },
	{ "Sun", BAD },
	{ "Sun, 06 Nov 1994 08:49:37", BAD },
	{ "Sun, 06 Nov 1994 08:49:37 ", BAD },
	{ "Sun, 06 Nov 1994 08:49:37 GM", BAD },
	{ "Sun, 06 Nov 1994 08:49:37 GMT ", BAD },
	{ " Sun, 06 Nov 1994 08:49:37 GMT", BAD },
	{ "Sun, 06 Nov 1994 08:49:37 UTC", BAD },
	{ "Sun, 06 Nov 1994 08:49:37 +0000", BAD },
	{ "Sun, 6 Nov 1994 08:49:37 GMT", BAD },
	{ "Sun,06 Nov 1994 08:49:37 GMT", BAD },
	{ "Xyz, 06 Nov 1994 08:49:37 GMT", BAD },
	{ "Sun, 06 Xyz 1994 08:49:37 GMT", BAD },
	{ "Sun, 06 Nov 94 08:49:37 GMT", BAD },
	{ "Sun, 06 Nov 1994 8:49:37 GMT", BAD },
	{ "Sun, 06 Nov 1994 24:00:00 GMT", BAD },
	{ "Sun, 06 Nov 1994 08:60:00 GMT", BAD },
	{ "Sun, 00 Nov 1994 08:49:37 GMT", BAD },
	{ "Sun, 31 Nov 1994 08:49:37 GMT", BAD },
	{ "Sun, 29 Feb 1900 08:49:37 GMT", BAD },
	{ "Sun, 29 Feb 2023 08:49:37 GMT", BAD },
	{ "Sun, 06 Nov 0000 08:49:37 GMT", BAD },
	{ "Sun, +6 Nov 1994 08:49:37 GMT", BAD },
	{ "Sun, 06-Nov-94 08:49:37 GMT", BAD },
	{ "Sunday, 06-Nov-1994 08:49:37 GMT", BAD },
	{ "Sun Nov   6 08:49:37 1994", BAD },
	{ "Sun Nov 6 08:49:37 1994", BAD },
	{ "Sun Nov  6 08:49:37 1994 GMT", BAD },
};

static void
test_http(void)
{
	for (size_t i = 0; i < N(http); i++) {
		int64_t when = 7;
		bool ok = date_parse_http(str_of(http[i].in), &when);

		T_CHECK(ok == (http[i].want != BAD), "%s", http[i].in);
		T_CHECK(when == (ok ? http[i].want : 7), "%s: %lld", http[i].in,
		    (long long)when);
	}
}

static const struct {
	const char *in;
	int64_t want;
} iso[] = {
	{ "1994-11-06T08:49:37Z", 784111777 },
	{ "1994-11-06t08:49:37z", 784111777 },
	{ "1994-11-06 08:49:37", 784111777 },
	{ "1994-11-06T08:49:37", 784111777 },
	{ "1994-11-06T08:49:37.1Z", 784111777 },
	{ "1994-11-06T08:49:37.9999999Z", 784111777 },
	{ "1994-11-06T08:49:37.123", 784111777 },
	{ "1994-11-06T10:49:37+02:00", 784111777 },
	{ "1994-11-06T03:19:37.5-05:30", 784111777 },
	{ "1994-11-06T08:49:37-00:00", 784111777 },
	{ "1990-12-31T23:59:60Z", 662687999 },
	{ "0001-01-01T00:00:00Z", -62135596800 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
	{ "0001-01-01T00:00:00+00:01", BAD },
	{ "9999-12-31T23:59:59-00:01", BAD },
	{ "0000-01-01T00:00:00Z", BAD },
	{ "", BAD },
	{ "1994-11-06", BAD },
	{ "1994-11-06T", BAD },
	{ "1994-11-06T08:49Z", BAD },
	{ "1994-11-06T08:49:37.Z", BAD },
	{ "1994-11-06T08:49:37,5Z", BAD },
	{ "1994-11-06T08:49:37ZZ", BAD },
	{ "1994-11-06T08:49:37 Z", BAD },
	{ "1994-11-06T08:49:37+0200", BAD },
	{ "1994-11-06T08:49:37+02", BAD },
	{ "1994-11-06T08:49:37+24:00", BAD },
	{ "1994-11-06T08:49:37+02:60", BAD },
	{ "1994-11-06X08:49:37Z", BAD },
	{ "1994-13-06T08:49:37Z", BAD },
	{ "1994-00-06T08:49:37Z", BAD },
	{ "1994-02-29T08:49:37Z", BAD },
	{ "1994-11-06T24:00:00Z", BAD },
	{ "94-11-06T08:49:37Z", BAD },
	{ "-994-11-06T08:49:37Z", BAD },
	{ "1994-1-06T08:49:37Z", BAD },
};

static const struct {
	const char *in;
	int64_t want;
} us[] = {
	{ "11/06/1994 08:49:37", 784111777 },
	{ "11/06/1994 08:49:37 +00:00", 784111777 },
	{ "11/6/1994 8:49:37 AM +00:00", 784111777 },
	{ "11/6/1994 8:49:37 am", 784111777 },
	{ "11/6/1994 8:49:37 PM +00:00", 784154977 },
	{ "11/06/1994 10:49:37 +02:00", 784111777 },
	{ "11/06/1994 03:19:37 AM -05:30", 784111777 },
	{ "1/1/1970 12:00:00 AM +00:00", 0 },
	{ "1/1/1970 12:00:00 PM", 43200 },
	{ "01/01/1970 0:00:00", 0 },
	{ "02/29/2024 23:59:60", 1709251199 },
	{ "1/1/1970 0:00:00 AM", BAD },
	{ "1/1/1970 13:00:00 PM", BAD },
	{ "1/1/1970 24:00:00", BAD },
	{ "13/01/1970 00:00:00", BAD },
	{ "00/01/1970 00:00:00", BAD },
	{ "02/29/2023 00:00:00", BAD },
	{ "011/06/1994 08:49:37", BAD },
	{ "/06/1994 08:49:37", BAD },
	{ "11/06/94 08:49:37", BAD },
	{ "11/06/1994", BAD },
	{ "11/06/1994 ", BAD },
	{ "11/06/1994 08:49", BAD },
	{ "11/06/1994 08:49:37 ", BAD },
	{ "11/06/1994 08:49:37AM", BAD },
	{ "11/06/1994 08:49:37 AM ", BAD },
	{ "11/06/1994 08:49:37 AM+00:00", BAD },
	{ "11/06/1994 08:49:37 +0000", BAD },
	{ "11/06/1994 08:49:37 +00:00 x", BAD },
	{ "1994-11-06 08:49:37", BAD },
	{ "12/31/9999 23:59:59 -00:01", BAD },
	{ "", BAD },
};

static void
test_us(void)
{
	for (size_t i = 0; i < N(us); i++) {
		int64_t when = 7;
		bool ok = date_parse_us(str_of(us[i].in), &when);

		T_CHECK(ok == (us[i].want != BAD), "%s", us[i].in);
		T_CHECK(when == (ok ? us[i].want : 7), "%s: %lld", us[i].in,
		    (long long)when);
	}
}

static void
test_iso(void)
{
	for (size_t i = 0; i < N(iso); i++) {
		int64_t when = 7;
		bool ok = date_parse_iso(str_of(iso[i].in), &when);

		T_CHECK(ok == (iso[i].want != BAD), "%s", iso[i].in);
		T_CHECK(when == (ok ? iso[i].want : 7), "%s: %lld", iso[i].in,
		    (long long)when);
	}
}

/* now is 784111777 */
static const struct {
	const char *in;
	int64_t want;
} retry[] = {
	{ "0", 0 },
	{ "120", 120000 },
	{ " 120\t", 120000 },
	{ "007", 7000 },
	{ "2.128", 2128 },
	{ "2.1", 2100 },
	{ "2.0000", 2000 },
	{ "2.12800", 2128 },
	{ "2.1281", 2129 },
	{ "0.0000000000000000000000001", 1 },
	{ "0.9999", 1000 },
	{ "604800", DATE_RETRY_MAX_MS },
	{ "604799.9999", DATE_RETRY_MAX_MS },
	{ "604800.5", DATE_RETRY_MAX_MS },
	{ "604801", DATE_RETRY_MAX_MS },
	{ "31536000", DATE_RETRY_MAX_MS },
	{ "18446744073709551616", DATE_RETRY_MAX_MS },
	{ "99999999999999999999999999999999.9", DATE_RETRY_MAX_MS },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
	{ "Sun, 06 Nov 1994 08:49:36 GMT", 0 },
	{ "Mon, 01 Jan 0001 00:00:00 GMT", 0 },
	{ "Sun, 06 Nov 1994 08:49:38 GMT", 1000 },
	{ " Sunday, 06-Nov-94 08:50:37 GMT ", 60000 },
	{ "Sun, 13 Nov 1994 08:49:37 GMT", DATE_RETRY_MAX_MS },
	{ "Sun, 13 Nov 1994 08:49:38 GMT", DATE_RETRY_MAX_MS },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", DATE_RETRY_MAX_MS },
	{ "", BAD },
	{ " ", BAD },
	{ "-1", BAD },
	{ "+1", BAD },
	{ "abc", BAD },
	{ "1e3", BAD },
	{ "0x10", BAD },
	{ "1,5", BAD },
	{ ".5", BAD },
	{ "5.", BAD },
	{ "1.2.3", BAD },
	{ "1 2", BAD },
	{ "120s", BAD },
	{ "NaN", BAD },
	{ "1994-11-06T08:49:37Z", BAD },
};

static void
test_retry(void)
{
	int64_t ms;

	for (size_t i = 0; i < N(retry); i++) {
		bool ok;

		ms = 7;
		ok =
		    date_parse_retry_after(str_of(retry[i].in), 784111777, &ms);
		T_CHECK(ok == (retry[i].want != BAD), "%s", retry[i].in);
		T_CHECK(ms == (ok ? retry[i].want : 7), "%s: %lld", retry[i].in,
		    (long long)ms);
	}
	T_CHECK(date_parse_retry_after(str_of(rows[0].http), INT64_MIN, &ms) &&
		ms == DATE_RETRY_MAX_MS,
	    "a clock far behind");
	T_CHECK(date_parse_retry_after(str_of(rows[0].http), INT64_MAX, &ms) &&
		ms == 0,
	    "a clock far ahead");
	T_CHECK(!date_parse_retry_after((struct str){ 0 }, 0, &ms), "NULL");
}

static void
test_edges(void)
{
	struct date d = date_split(LAST);

	T_CHECK(date_join(&d) == LAST, "last");
	d = date_split(FIRST);
	T_CHECK(date_join(&d) == FIRST, "first");
	d = date_split(INT64_MAX);
	T_CHECK(date_join(&d) == LAST, "beyond the last");
	d = date_split(INT64_MIN);
	T_CHECK(date_join(&d) == FIRST, "before the first");
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "days", test_days },
	{ "mail", test_mail },
	{ "queue", test_queue },
	{ "http", test_http },
	{ "iso", test_iso },
	{ "US", test_us },
	{ "retry", test_retry },
	{ "edges", test_edges },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
