/* SPDX-License-Identifier: MIT */
#include "relay/tally.h"

#include <string.h>

#include "base/crypt.h"

struct tally_row {
	struct tally_key key;
	uint64_t n;
	int64_t began;
};

void
tally_init(struct tally *t)
{
	buf_init(&t->rows, TALLY_ROWS * sizeof(struct tally_row));
}

void
tally_release(struct tally *t)
{
	buf_release(&t->rows);
}

struct tally_key
tally_address(enum tally_what what, const struct range_ip *ip)
{
	struct tally_key key = { .what = (unsigned char)what };

	memcpy(key.who, ip->b, range_ip_is_v4(ip) ? TALLY_KEY : TALLY_KEY / 2);
	return key;
}

struct tally_key
tally_name(enum tally_what what, struct str name)
{
	struct tally_key key = { .what = (unsigned char)what };
	unsigned char sum[CRYPT_SHA256_SIZE];

	crypt_sha256(name, sum);
	memcpy(key.who, sum, TALLY_KEY);
	return key;
}

/* The row of that key; else, if wanted, a new one or that of the oldest. */
static struct tally_row *
tally_row(struct tally *t, const struct tally_key *key, bool wanted)
{
	struct tally_row *row = (struct tally_row *)(void *)t->rows.p;
	size_t n = t->rows.n / sizeof(*row), oldest = 0;
	struct tally_row fresh = { .key = *key };

	for (size_t i = 0; i < n; i++) {
		if (memcmp(&row[i].key, key, sizeof(*key)) == 0)
			return &row[i];
		if (row[i].began < row[oldest].began)
			oldest = i;
	}
	if (!wanted)
		return NULL;
	if (n < TALLY_ROWS) {
		buf_add(&t->rows, &fresh, sizeof(fresh));
		row = (struct tally_row *)(void *)t->rows.p;
		return t->rows.n > n * sizeof(*row) ? &row[n] : NULL;
	}
	row[oldest] = fresh;
	return &row[oldest];
}

uint64_t
tally_count(struct tally *t, const struct tally_ask *ask, int64_t *left)
{
	struct tally_row *row = tally_row(t, &ask->key, ask->more > 0);

	*left = ask->window_ms;
	if (row == NULL)
		return 0;
	if (row->n == 0 || ask->now - row->began >= ask->window_ms) {
		row->n = 0;
		row->began = ask->now;
	}
	row->n += ask->more;
	*left = row->began + ask->window_ms - ask->now;
	return row->n;
}
