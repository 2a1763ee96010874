/* SPDX-License-Identifier: MIT */
#include "command/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/* Berlin's rules, so that no file of zones has to be there. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
/* 2026-11-29 13:30:00 UTC, a Sunday: 14:30 in Berlin */
static const int64_t now = 1795959000;

static const struct {
	const char *zone, *text;
	int64_t want; /* 0: refused */
} rows[] = {
	{ "UTC0", "now", now },
	{ "UTC0", "90s", now - 90 },
	{ "UTC0", "15m", now - 900 },
	{ "UTC0", "10min", now - 600 },
	{ "UTC0", "1h", now - 3600 },
	{ "UTC0", "2d", now - 2 * 86400 },
	{ "UTC0", "1w", now - 7 * 86400 },
	{ "UTC0", "3650d", now - 3650LL * 86400 },
	{ "UTC0", "3651d", 0 },
	{ "UTC0", "522w", 0 },
	{ "UTC0", "today", now - (13 * 3600 + 1800) },
	{ "UTC0", "Yesterday", now - (37 * 3600 + 1800) },
	{ "UTC0", "13:00", now - 1800 },
	{ "UTC0", "13:30:00", now },
	{ "UTC0", "14:00", now + 1800 - 86400 },
	{ "UTC0", "2026-11-29", now - (13 * 3600 + 1800) },
	{ "UTC0", "2026-11-29 13:00", now - 1800 },
	{ "UTC0", "2026-11-29T13:00:01", now - 1799 },
	{ "UTC0", "2026-11-29T13:00:00Z", now - 1800 },
	{ "UTC0", "2026-11-29 13:00:00+01:00", now - 5400 },
	{ BERLIN, "today", now - (14 * 3600 + 1800) },
	{ BERLIN, "14:00", now - 1800 },
	{ BERLIN, "15:00", now + 1800 - 86400 },
	{ BERLIN, "2026-11-29 14:00", now - 1800 },
	{ BERLIN, "2026-11-29T13:00:00Z", now - 1800 },
	/* in summer, two hours east */
	{ BERLIN, "2026-07-01 02:00", 1782864000 },
	{ "JST-9", "today", now - (22 * 3600 + 1800) },
	{ "EST5", "today", now - (8 * 3600 + 1800) },
	{ "UTC0", "", 0 },
	{ "UTC0", "x", 0 },
	{ "UTC0", "w", 0 },
	{ "UTC0", "0d", 0 },
	{ "UTC0", "-1d", 0 },
	{ "UTC0", "25:00", 0 },
	{ "UTC0", "14:0", 0 },
	{ "UTC0", "2026-02-30", 0 },
	{ "UTC0", "2026-11-29 14", 0 },
	{ "UTC0", "2026-11-29 14:00 ", 0 },
	{ "UTC0", "tomorrow", 0 },
};

static void
when_zone(const char *zone)
{
	(void)setenv("TZ", zone, 1);
	tzset();
}

static void
test_parse(void)
{
	int64_t when;

	for (size_t i = 0; i < N(rows); i++) {
		when_zone(rows[i].zone);
		when = 0;
		T_CHECK(when_parse(str_of(rows[i].text), now, &when) ==
			    (rows[i].want != 0) &&
			when == rows[i].want,
		    "%s %s: %lld, not %lld", rows[i].zone, rows[i].text,
		    (long long)when, (long long)rows[i].want);
	}
}

static void
test_text(void)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} spans[] = { { -5, "0s" }, { 0, "0s" }, { 59, "59s" }, { 60, "1m" },
		{ 3599, "59m" }, { 3600, "1h" }, { 172799, "47h" },
		{ 172800, "2d" }, { 86400000, "1000d" } };
	char out[WHEN_SIZE], span[WHEN_SPAN_SIZE];

	when_zone(BERLIN);
	when_text(now, out);
	T_CHECK(strcmp(out, "2026-11-29 14:30:00") == 0, "%s", out);
	when_short(now + 60, now, out);
	T_CHECK(strcmp(out, "14:31") == 0, "%s", out);
	when_short(now + 12 * 3600, now, out);
	T_CHECK(strcmp(out, "2026-11-30 02:30") == 0, "%s", out);
	for (size_t i = 0; i < N(spans); i++) {
		when_span(spans[i].seconds, span);
		T_CHECK(strcmp(span, spans[i].want) == 0, "%s, not %s", span,
		    spans[i].want);
	}
}

/* A day alone lasts to its end; a day of March has 23 hours. */
static const struct {
	const char *zone, *text;
	bool end;
	int64_t want;
} takes[] = {
	{ "UTC0", "2026-11-29", false, now - (13 * 3600 + 1800) },
	{ "UTC0", "2026-11-29", true, 1795996800 - 1 },
	{ "UTC0", "TODAY", true, 1795996800 - 1 },
	{ "UTC0", "yesterday", true, 1795996800 - 86400 - 1 },
	{ BERLIN, "2026-11-29", true, 1795993200 - 1 },
	{ BERLIN, "2026-03-29", true, 1774821600 - 1 },
	{ BERLIN, "2026-10-25", true, 1792969200 - 1 },
	{ "UTC0", "2026-11-29 13:30", true, now },
	{ "UTC0", "13:30", true, now },
	{ "UTC0", "2d", true, now - 2 * 86400 },
	{ "UTC0", "315360000s", true, now - 315360000 },
};

static void
test_take(void)
{
	struct err e = { 0 };
	int64_t when;

	for (size_t i = 0; i < N(takes); i++) {
		when_zone(takes[i].zone);
		T_CHECK(when_take((struct when_option){ "until", takes[i].text,
				      now, takes[i].end },
			    &when, &e) &&
			when == takes[i].want,
		    "%s %s: %lld, not %lld", takes[i].zone, takes[i].text,
		    (long long)when, (long long)takes[i].want);
	}
	T_CHECK(!when_take((struct when_option){ "until", "x", now, true },
		    &when, &e) &&
		e.kind == ERR_USAGE &&
		strstr(e.msg, "--until \"x\" is not a time like") != NULL,
	    "%s", e.msg);
}

static void
test_days(void)
{
	char name[WHEN_SIZE];
	int64_t day;

	when_zone(BERLIN);
	day = when_day(now);
	when_day_text(day, name);
	T_CHECK(strcmp(name, "2026-11-29") == 0 &&
		when_day_begin(day) == now - (14 * 3600 + 1800),
	    "%s", name);
	/* the days on which clocks are set */
	for (day = when_day(1774821600) - 3; day < when_day(1792969200) + 3;
	     day++)
		T_CHECK(when_day(when_day_begin(day)) == day &&
			when_day(when_day_begin(day) - 1) == day - 1,
		    "%lld", (long long)day);
}

static const struct t_test tests[] = {
	{ "days", test_days },
	{ "parse", test_parse },
	{ "text", test_text },
	{ "take", test_take },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
