/* SPDX-License-Identifier: MIT */
#include "store/quota.h"

#include <stdbool.h>
#include <string.h>

enum { DIGITS = 12 };

#define NUMBER_MAX 999999999999ULL

static int64_t
length(const struct quota *q)
{
	return q->window / QUOTA_PARTS;
}

/* Each number has its digits and a blank; the last one a line end. */
static bool
take_number(struct str *text, uint64_t *n)
{
	struct str digits = str_first(*text, DIGITS);
	bool ok = text->n > DIGITS && str_u64(digits, NUMBER_MAX, n);

	*text = str_from(*text, DIGITS + 1);
	return ok;
}

void
quota_read(struct quota *q, struct str text, int64_t window)
{
	struct quota got = { 0 };
	uint64_t first[2] = { 0 };
	bool ok = text.n == QUOTA_SIZE;

	for (size_t i = 0; i < 2; i++)
		ok = take_number(&text, &first[i]) && ok;
	for (size_t i = 0; i <= QUOTA_PARTS; i++)
		ok = take_number(&text, &got.taken[i]) && ok;
	*q = ok && first[0] == (uint64_t)window ? got : (struct quota){ 0 };
	q->window = window;
	q->part = ok ? (int64_t)first[1] : 0;
}

static char *
put_number(char *to, uint64_t n)
{
	for (size_t i = DIGITS; i > 0; i--, n /= 10)
		to[i - 1] = (char)('0' + n % 10);
	to[DIGITS] = ' ';
	return to + DIGITS + 1;
}

void
quota_write(const struct quota *q, char out[QUOTA_SIZE])
{
	char *to = put_number(out, (uint64_t)q->window);

	to = put_number(to, (uint64_t)q->part);
	for (size_t i = 0; i <= QUOTA_PARTS; i++)
		to = put_number(to, q->taken[i]);
	to[-1] = '\n';
}

/* Makes the part of `now` the newest one. */
static void
advance(struct quota *q, int64_t now)
{
	int64_t part = now / length(q);
	size_t by = QUOTA_PARTS + 1;

	if (part - q->part < QUOTA_PARTS + 1)
		by = part > q->part ? (size_t)(part - q->part) : 0;
	memmove(q->taken + by, q->taken,
	    (QUOTA_PARTS + 1 - by) * sizeof(*q->taken));
	memset(q->taken, 0, by * sizeof(*q->taken));
	q->part = part;
}

int64_t
quota_wait(struct quota *q, const struct quota_ask *ask, int64_t now)
{
	uint64_t sum = 0;
	size_t i = QUOTA_PARTS + 1;

	advance(q, now);
	for (size_t k = 0; k <= QUOTA_PARTS; k++)
		sum += q->taken[k];
	while (sum > ask->mine && sum + ask->n > ask->most)
		sum -= q->taken[--i];
	if (i > QUOTA_PARTS)
		return 0;
	/* when part i, counted from the newest, is as old as the window */
	return (q->part - (int64_t)i + QUOTA_PARTS + 1) * length(q) - now;
}

void
quota_add(struct quota *q, uint64_t n, int64_t now)
{
	advance(q, now);
	q->taken[0] += n;
	if (q->taken[0] > NUMBER_MAX)
		q->taken[0] = NUMBER_MAX;
}
