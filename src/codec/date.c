/* SPDX-License-Identifier: MIT */
#include "codec/date.h"

#include <stddef.h>

enum { DAY = 24 * 3600 }; /* seconds */

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
static const int64_t FIRST = -62135596800, LAST = 253402300799;

/* clang-format off */
static const struct str weekdays[] = {
	STR_INIT("Sunday"), STR_INIT("Monday"), STR_INIT("Tuesday"),
	STR_INIT("Wednesday"), STR_INIT("Thursday"), STR_INIT("Friday"),
	STR_INIT("Saturday"),
};
static const struct str months[] = {
	STR_INIT("Jan"), STR_INIT("Feb"), STR_INIT("Mar"), STR_INIT("Apr"),
	STR_INIT("May"), STR_INIT("Jun"), STR_INIT("Jul"), STR_INIT("Aug"),
	STR_INIT("Sep"), STR_INIT("Oct"), STR_INIT("Nov"), STR_INIT("Dec"),
};
/* clang-format on */

/*
 * Forms are read and written by the same words:
 *
 *	%a Sun	    %d 06	    %H 08  %M 49  %S 37
 *	%A Sunday   %e " 6"	    %Y 1994
 *	%b Nov	    %m 11	    %y 94 (read)
 */
static const char form_http[] = "%a, %d %b %Y %H:%M:%S GMT";
static const char form_mail[] = "%a, %d %b %Y %H:%M:%S ";
static const char form_iso[] = "%Y-%m-%dT%H:%M:%SZ";
static const char form_queue[] = "%a %b %e %H:%M:%S";

static int64_t
at_most(int64_t v, int64_t most)
{
	return v < most ? v : most;
}

/* Days since 1970 of a date; March is the first month of a year here. */
static int64_t
days_of(const struct date *d)
{
	int64_t year = d->year - (d->month <= 2);
	int64_t month = d->month + (d->month <= 2 ? 9 : -3);
	int64_t day = (153 * month + 2) / 5 + d->day - 1; /* of the year */

	/* 719468 days from 0000-03-01 to 1970-01-01 */
	return year * 365 + year / 4 - year / 100 + year / 400 + day - 719468;
}

/* The other way, by cycles of 400 years, which have 146097 days each. */
static void
set_days(struct date *d, int64_t days)
{
	int64_t z = days + 719468, of_cycle = z % 146097;
	int64_t leap_days =
	    of_cycle / 1460 - of_cycle / 36524 + of_cycle / 146096;
	int64_t year = (of_cycle - leap_days) / 365;
	int64_t day = of_cycle - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * day + 2) / 153;

	d->day = (int)(day - (153 * month + 2) / 5 + 1);
	d->month = (int)(month < 10 ? month + 3 : month - 9);
	d->year = (int)(year + z / 146097 * 400 + (d->month <= 2));
	d->weekday = (int)((z + 3) % 7); /* 0000-03-01 was a Wednesday */
}

static int64_t
in_range(int64_t when)
{
	return when < FIRST ? FIRST : at_most(when, LAST);
}

struct date
date_split(int64_t when)
{
	struct date d = { 0 };
	int64_t second;

	when = in_range(when);
	second = (when - FIRST) % DAY;
	set_days(&d, (when - second) / DAY);
	d.hour = (int)(second / 3600);
	d.minute = (int)(second / 60 % 60);
	d.second = (int)(second % 60);
	return d;
}

int64_t
date_join(const struct date *d)
{
	return days_of(d) * DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

/* Where a number of a form lives. */
static int *
number_of(struct date *d, char word)
{
	switch (word) {
	case 'Y':
	case 'y':
		return &d->year;
	case 'm':
		return &d->month;
	case 'H':
		return &d->hour;
	case 'M':
		return &d->minute;
	case 'S':
		return &d->second;
	default: /* 'd' and 'e' */
		return &d->day;
	}
}

static char *
put_number(char *to, int v, size_t width)
{
	for (size_t i = width; i > 0; i--) {
		to[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	return to + width;
}

static char *
put_name(char *to, struct str name)
{
	for (size_t i = 0; i < 3; i++)
		*to++ = name.p[i];
	return to;
}

static char *
put(char *to, const char *form, struct date d)
{
	for (; *form != '\0'; form++) {
		if (*form != '%') {
			*to++ = *form;
			continue;
		}
		form++;
		if (*form == 'a')
			to = put_name(to, weekdays[d.weekday]);
		else if (*form == 'b')
			to = put_name(to, months[d.month - 1]);
		else
			to = put_number(to, *number_of(&d, *form),
			    *form == 'Y' ? 4 : 2);
		if (*form == 'e' && to[-2] == '0')
			to[-2] = ' ';
	}
	*to = '\0';
	return to;
}

void
date_http(int64_t when, char out[DATE_HTTP_SIZE])
{
	(void)put(out, form_http, date_split(when));
}

void
date_iso(int64_t when, char out[DATE_ISO_SIZE])
{
	(void)put(out, form_iso, date_split(when));
}

/* None of a day or more. */
static int
zone_or_none(int zone)
{
	return zone > -DAY / 60 && zone < DAY / 60 ? zone : 0;
}

void
date_queue(int64_t when, int zone, char out[DATE_QUEUE_SIZE])
{
	(void)put(out, form_queue,
	    date_split(in_range(when) + zone_or_none(zone) * 60));
}

void
date_mail(int64_t when, int zone, char out[DATE_MAIL_SIZE])
{
	char *to;

	zone = zone_or_none(zone);
	to = put(out, form_mail, date_split(in_range(when) + zone * 60));
	*to++ = zone < 0 ? '-' : '+';
	zone = zone < 0 ? -zone : zone;
	to = put_number(to, zone / 60 * 100 + zone % 60, 4);
	*to = '\0';
}

/* Takes a name off s, or its first 3 letters. Its place in the table. */
static bool
take_name(struct str *s, const struct str *names, size_t n, bool whole,
    int *place)
{
	struct str name;

	for (size_t i = 0; i < n; i++) {
		name = str_first(names[i], whole ? names[i].n : 3);
		if (!str_istarts(*s, name))
			continue;
		*s = str_from(*s, name.n);
		*place = (int)i;
		return true;
	}
	return false;
}

static bool
take_number(struct str *s, size_t width, int *out)
{
	uint64_t v;

	if (s->n < width || !str_u64(str_first(*s, width), 9999, &v))
		return false;
	*s = str_from(*s, width);
	*out = (int)v;
	return true;
}

static bool
take_word(struct str *s, char word, struct date *d)
{
	switch (word) {
	case 'a':
	case 'A':
		return take_name(s, weekdays, 7, word == 'A', &d->weekday);
	case 'b':
		if (!take_name(s, months, 12, true, &d->month))
			return false;
		d->month++;
		return true;
	case 'e': /* asctime fills up with a blank */
		if (!str_starts(*s, STR(" ")))
			return take_number(s, 2, &d->day);
		*s = str_from(*s, 1);
		return take_number(s, 1, &d->day);
	case 'y':
		if (!take_number(s, 2, &d->year))
			return false;
		d->year += d->year < 70 ? 2000 : 1900;
		return true;
	default:
		return take_number(s, word == 'Y' ? 4 : 2, number_of(d, word));
	}
}

/* Takes what a form describes off s; letters of any case. */
static bool
take(struct str *s, const char *form, struct date *d)
{
	for (; *form != '\0'; form++) {
		if (*form == '%') {
			if (!take_word(s, *++form, d))
				return false;
			continue;
		}
		if (s->n == 0 || ascii_lower(*s->p) != ascii_lower(*form))
			return false;
		*s = str_from(*s, 1);
	}
	return true;
}

/* Does the day exist? A leap second becomes the second before it. */
static bool
check(struct date *d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap =
	    d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	if (d->year < 1 || d->month < 1 || d->month > 12 || d->day < 1 ||
	    d->day > days[d->month - 1] + (d->month == 2 && leap))
		return false;
	if (d->hour > 23 || d->minute > 59 || d->second > 60)
		return false;
	if (d->second == 60)
		d->second = 59;
	return true;
}

bool
date_parse_http(struct str s, int64_t *when)
{
	static const char *const forms[] = {
		form_http,                   /* RFC 5322 */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850, obsolete */
		"%a %b %e %H:%M:%S %Y",      /* asctime of ANSI C */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct str rest = s;
		struct date d = { 0 };

		if (!take(&rest, forms[i], &d) || rest.n > 0 || !check(&d))
			continue;
		*when = date_join(&d);
		return true;
	}
	return false;
}

/* Takes "Z" or "+hh:mm" off s; nothing stands for UTC. */
static bool
take_zone(struct str *s, int64_t *seconds)
{
	struct date d = { 0 };
	bool west = str_starts(*s, STR("-"));

	*seconds = 0;
	if (s->n == 0 || str_ieq(*s, STR("Z"))) {
		*s = str_from(*s, 1);
		return true;
	}
	if (!take(s, west ? "-%H:%M" : "+%H:%M", &d) || d.hour > 23 ||
	    d.minute > 59)
		return false;
	*seconds = (d.hour * 3600 + d.minute * 60) * (west ? -1 : 1);
	return true;
}

static size_t
digits_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n;
}

/* The rest is the zone of this local time, or nothing. */
static bool
end_at_zone(struct str s, const struct date *d, int64_t *when)
{
	int64_t zone, t;

	if (!take_zone(&s, &zone) || s.n > 0)
		return false;
	t = date_join(d) - zone;
	if (t < FIRST || t > LAST)
		return false;
	*when = t;
	return true;
}

bool
date_parse_iso(struct str s, int64_t *when)
{
	struct date d = { 0 };
	size_t digits;

	if (!take(&s, "%Y-%m-%d", &d) || s.n == 0)
		return false;
	/* RFC 3339 5.6: a blank for readability */
	if (ascii_lower(*s.p) != 't' && *s.p != ' ')
		return false;
	s = str_from(s, 1);
	if (!take(&s, "%H:%M:%S", &d) || !check(&d))
		return false;
	if (str_starts(s, STR("."))) {
		digits = digits_at(str_from(s, 1));
		if (digits == 0)
			return false;
		s = str_from(s, 1 + digits);
	}
	return end_at_zone(s, &d, when);
}

/* One or two digits, and the character behind them. */
static bool
take_short(struct str *s, char behind, int *out)
{
	size_t n = digits_at(*s);

	if (n < 1 || n > 2 || s->n <= n || s->p[n] != behind ||
	    !take_number(s, n, out))
		return false;
	*s = str_from(*s, 1);
	return true;
}

/* Takes " AM" or " PM" off s, if one is there; 12 AM is midnight. */
static bool
take_half(struct str *s, struct date *d)
{
	bool pm = str_istarts(*s, STR(" PM"));

	if (!pm && !str_istarts(*s, STR(" AM")))
		return true;
	*s = str_from(*s, 3);
	if (d->hour < 1 || d->hour > 12)
		return false;
	d->hour = d->hour % 12 + (pm ? 12 : 0);
	return true;
}

bool
date_parse_us(struct str s, int64_t *when)
{
	struct date d = { 0 };

	if (!take_short(&s, '/', &d.month) || !take_short(&s, '/', &d.day) ||
	    !take(&s, "%Y ", &d) || !take_short(&s, ':', &d.hour) ||
	    !take(&s, "%M:%S", &d) || !take_half(&s, &d) || !check(&d))
		return false;
	if (s.n > 0 && (s.p[0] != ' ' || s.n == 1))
		return false;
	s = str_from(s, 1);
	return end_at_zone(s, &d, when);
}

/* Digits, and perhaps a point and digits, in milliseconds, rounded up. */
static bool
parse_seconds(struct str s, int64_t *ms)
{
	struct str whole = str_first(s, digits_at(s));
	struct str part = str_from(s, whole.n + 1);
	uint64_t v = DATE_RETRY_MAX_MS / 1000;
	int64_t place = 100, sum = 0;
	bool more = false;

	if (whole.n == 0)
		return false;
	if (s.n > whole.n &&
	    (s.p[whole.n] != '.' || part.n == 0 || digits_at(part) < part.n))
		return false;
	(void)str_u64(whole, v, &v); /* or more: then the most stays */
	for (size_t i = 0; i < part.n; i++, place /= 10) {
		sum += (part.p[i] - '0') * place;
		more |= place == 0 && part.p[i] != '0';
	}
	*ms = at_most((int64_t)v * 1000 + sum + more, DATE_RETRY_MAX_MS);
	return true;
}

bool
date_parse_retry_after(struct str s, int64_t now, int64_t *ms)
{
	int64_t when, most = DATE_RETRY_MAX_MS / 1000;

	s = str_trim(s);
	if (parse_seconds(s, ms))
		return true;
	if (!date_parse_http(s, &when))
		return false;
	if (when <= now)
		*ms = 0;
	else /* a clock that is far behind may not overflow */
		*ms =
		    now < when - most ? DATE_RETRY_MAX_MS : (when - now) * 1000;
	return true;
}
