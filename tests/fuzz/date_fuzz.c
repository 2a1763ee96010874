/* SPDX-License-Identifier: MIT */
/*
 * date_fuzz: a time is split and joined, written and read without change;
 * what is read from any text is written as a text that means the same.
 */
#include <assert.h>
#include <string.h>

#include "codec/date.h"

static const int64_t FIRST = -62135596800, LAST = 253402300799;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_time(int64_t when)
{
	char http[DATE_HTTP_SIZE], iso[DATE_ISO_SIZE], mail[DATE_MAIL_SIZE];
	struct date d = date_split(when);
	int64_t back;

	when = when < FIRST ? FIRST : when > LAST ? LAST : when;
	assert(date_join(&d) == when);
	assert(d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12);
	assert(d.day >= 1 && d.day <= 31 && d.weekday >= 0 && d.weekday <= 6);
	date_http(when, http);
	date_iso(when, iso);
	date_mail(when, 0, mail);
	assert(strlen(http) + 1 == DATE_HTTP_SIZE);
	assert(strlen(iso) + 1 == DATE_ISO_SIZE);
	assert(strlen(mail) + 1 == DATE_MAIL_SIZE);
	assert(date_parse_http(str_of(http), &back) && back == when);
	assert(date_parse_iso(str_of(iso), &back) && back == when);
	assert(memcmp(http, mail, 26) == 0);
}

/* A local time and its zone say when it was. */
static void
check_zone(int64_t when, int zone)
{
	char mail[DATE_MAIL_SIZE], local[DATE_ISO_SIZE];
	char text[DATE_ISO_SIZE + 6];
	int64_t back;

	if (when < FIRST + 86400 || when > LAST - 86400)
		return;
	zone %= 24 * 60;
	date_mail(when, zone, mail);
	date_iso(when + zone * 60, local);
	memcpy(text, local, 19);
	memcpy(text + 19, mail + 26, 3);
	text[22] = ':';
	memcpy(text + 23, mail + 29, 3);
	assert(date_parse_iso(str_of(text), &back) && back == when);
}

static void
check_text(struct str in, int64_t now)
{
	int64_t when = now, ms = 7;

	if (date_parse_http(in, &when) || date_parse_iso(in, &when) ||
	    date_parse_us(in, &when)) {
		assert(when >= FIRST && when <= LAST);
		check_time(when);
	} else {
		assert(when == now);
	}
	if (date_parse_retry_after(in, now, &ms))
		assert(ms >= 0 && ms <= DATE_RETRY_MAX_MS);
	else
		assert(ms == 7);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	int64_t when = 0;
	int16_t zone = 0;

	memcpy(&when, data, n < sizeof(when) ? n : sizeof(when));
	if (n > sizeof(when) + sizeof(zone))
		memcpy(&zone, data + sizeof(when), sizeof(zone));
	check_time(when);
	check_time(when % (LAST + 1));
	check_zone(when % (LAST + 1), zone);
	check_text(in, when);
	return 0;
}
