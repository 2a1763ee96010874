/* SPDX-License-Identifier: MIT */
#include "command/when.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "codec/date.h"
#include "config/type.h"

enum {
	WHEN_DAY = 86400,
	WHEN_SPAN_MOST = 3650 * WHEN_DAY, /* seconds */
	WHEN_DATE = 10                    /* letters of "2026-11-29" */
};

void
when_text(int64_t when, char out[WHEN_SIZE])
{
	char iso[DATE_ISO_SIZE];

	date_iso(when + os_zone(when) * 60, iso);
	iso[WHEN_DATE] = ' ';
	(void)snprintf(out, WHEN_SIZE, "%.19s", iso);
}

void
when_short(int64_t when, int64_t now, char out[WHEN_SIZE])
{
	char today[WHEN_SIZE], day[WHEN_SIZE];

	when_text(now, today);
	when_text(when, day);
	(void)snprintf(out, WHEN_SIZE, "%.16s",
	    memcmp(day, today, WHEN_DATE) == 0 ? day + WHEN_DATE + 1 : day);
	out[memcmp(day, today, WHEN_DATE) == 0 ? 5 : 16] = '\0';
}

void
when_span(int64_t seconds, char out[WHEN_SPAN_SIZE])
{
	/* a unit counts up to twice the next one, but seconds and minutes */
	static const struct {
		int64_t below, unit;
		char letter;
	} units[] = { { 60, 1, 's' }, { 3600, 60, 'm' },
		{ 2 * WHEN_DAY, 3600, 'h' }, { INT64_MAX, WHEN_DAY, 'd' } };
	size_t i = 0;

	seconds = seconds < 0 ? 0 : seconds;
	while (seconds >= units[i].below)
		i++;
	(void)snprintf(out, WHEN_SPAN_SIZE, "%d%c",
	    (int)(seconds / units[i].unit), units[i].letter);
}

/* t: what UTC would be if local time were it. */
static int64_t
when_of_zone(int64_t t)
{
	/* the zone of the hour itself, once it is known nearly */
	return t - os_zone(t - os_zone(t) * 60) * 60;
}

int64_t
when_day(int64_t when)
{
	return (when + (int64_t)os_zone(when) * 60) / WHEN_DAY;
}

int64_t
when_day_begin(int64_t day)
{
	return when_of_zone(day * WHEN_DAY);
}

void
when_day_text(int64_t day, char out[WHEN_SIZE])
{
	char iso[DATE_ISO_SIZE];

	date_iso(day * WHEN_DAY, iso);
	(void)snprintf(out, WHEN_SIZE, "%.*s", WHEN_DATE, iso);
}

/* "2026-11-29 14:00:05" of this machine's clock. */
static bool
when_of_local(const char *text, int64_t *when)
{
	int64_t t;

	if (!date_parse_iso(str_of(text), &t))
		return false;
	*when = when_of_zone(t);
	return true;
}

/* A day that is today or so many days before, and a time of it. */
static bool
when_of_day(int64_t now, int days, const char *time, int64_t *when)
{
	char text[WHEN_SIZE], whole[2 * WHEN_SIZE];

	/* noon: a day may have 23 hours, or 25 */
	when_text(now, text);
	(void)snprintf(text + WHEN_DATE, WHEN_SIZE - WHEN_DATE, " 12:00:00");
	if (!when_of_local(text, &now))
		return false;
	when_text(now - (int64_t)days * WHEN_DAY, text);
	(void)snprintf(whole, sizeof(whole), "%.10s %s", text, time);
	return when_of_local(whole, when);
}

static bool
when_of_time(const char *time, int64_t now, int64_t *when)
{
	if (!when_of_day(now, 0, time, when))
		return false;
	return *when <= now || when_of_day(now, 1, time, when);
}

static bool
when_of_span(struct str text, int64_t now, int64_t *when)
{
	int64_t seconds, times = 1;
	char days[WHEN_SIZE];

	if (str_ends(text, STR("min")))
		text = str_first(text, text.n - 2);
	if (str_ends(text, STR("w")) && text.n < WHEN_SIZE) {
		(void)snprintf(days, sizeof(days), "%.*sd", (int)text.n - 1,
		    text.p);
		text = str_of(days);
		times = 7;
	}
	if (!config_time(text, WHEN_SPAN_MOST / (uint64_t)times, &seconds))
		return false;
	*when = now - seconds * times;
	return true;
}

bool
when_parse(struct str text, int64_t now, int64_t *when)
{
	char whole[WHEN_SIZE];
	bool time = text.n > 2 && text.p[2] == ':';

	if (str_ieq(text, STR("now"))) {
		*when = now;
		return true;
	}
	if (str_ieq(text, STR("today")))
		return when_of_day(now, 0, "00:00:00", when);
	if (str_ieq(text, STR("yesterday")))
		return when_of_day(now, 1, "00:00:00", when);
	if (text.n < WHEN_SIZE) { /* hours and seconds that were left out */
		(void)snprintf(whole, sizeof(whole), "%.*s%s", STR_ARG(text),
		    text.n == WHEN_DATE                       ? " 00:00:00" :
			text.n == 16 || (time && text.n == 5) ? ":00" :
								"");
		if (time ? when_of_time(whole, now, when) :
			   when_of_local(whole, when))
			return true;
	}
	return date_parse_iso(text, when) || when_of_span(text, now, when);
}

/* today, yesterday, 2026-11-29 */
static bool
when_is_day(struct str text)
{
	return str_ieq(text, STR("today")) || str_ieq(text, STR("yesterday")) ||
	    (text.n == WHEN_DATE && text.p[4] == '-');
}

bool
when_take(struct when_option o, int64_t *when, struct err *e)
{
	struct str text = str_of(o.value);

	if (when_parse(text, o.now, when)) {
		if (o.end && when_is_day(text))
			*when = when_day_begin(when_day(*when) + 1) - 1;
		return true;
	}
	return err_set(e, ERR_USAGE,
	    "--%s \"%.60s\" is not a time like 15m 2d today yesterday "
	    "14:00 2026-11-29 \"2026-11-29 14:00\"",
	    o.name, o.value);
}
