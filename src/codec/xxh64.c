/* SPDX-License-Identifier: MIT */
#include "codec/xxh64.h"

#include <endian.h>
#include <string.h>

static const uint64_t P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F,
		      P3 = 0x165667B19E3779F9, P4 = 0x85EBCA77C2B2AE63,
		      P5 = 0x27D4EB2F165667C5;

static uint64_t
xxh64_rotate(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static uint64_t
xxh64_load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint64_t
xxh64_load_half(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t
xxh64_round(uint64_t lane, uint64_t v)
{
	return xxh64_rotate(lane + v * P2, 31) * P1;
}

static void
xxh64_stripes(struct xxh64 *x, const char *p, size_t n)
{
	uint64_t a = x->lane[0], b = x->lane[1], c = x->lane[2], d = x->lane[3];

	for (; n > 0; n--, p += XXH64_STRIPE) {
		a = xxh64_round(a, xxh64_load(p));
		b = xxh64_round(b, xxh64_load(p + 8));
		c = xxh64_round(c, xxh64_load(p + 16));
		d = xxh64_round(d, xxh64_load(p + 24));
	}
	x->lane[0] = a;
	x->lane[1] = b;
	x->lane[2] = c;
	x->lane[3] = d;
}

void
xxh64_init(struct xxh64 *x)
{
	*x = (struct xxh64){ .lane = { P1 + P2, P2, 0, 0 - P1 } };
}

void
xxh64_add(struct xxh64 *x, struct str s)
{
	size_t held = (size_t)(x->size % XXH64_STRIPE), whole;
	struct str first = str_first(s, XXH64_STRIPE - held);

	x->size += s.n;
	if (held > 0) {
		if (first.n > 0)
			memcpy(x->rest + held, first.p, first.n);
		if (held + first.n < XXH64_STRIPE)
			return;
		xxh64_stripes(x, x->rest, 1);
		s = str_from(s, first.n);
	}
	whole = s.n / XXH64_STRIPE;
	xxh64_stripes(x, s.p, whole);
	s = str_from(s, whole * XXH64_STRIPE);
	if (s.n > 0)
		memcpy(x->rest, s.p, s.n);
}

static uint64_t
xxh64_rest(const struct xxh64 *x, uint64_t sum)
{
	size_t n = (size_t)(x->size % XXH64_STRIPE);
	const char *p = x->rest;

	for (; n >= 8; n -= 8, p += 8)
		sum =
		    xxh64_rotate(sum ^ xxh64_round(0, xxh64_load(p)), 27) * P1 +
		    P4;
	if (n >= 4) {
		sum = xxh64_rotate(sum ^ xxh64_load_half(p) * P1, 23) * P2 + P3;
		n -= 4;
		p += 4;
	}
	for (; n > 0; n--, p++)
		sum = xxh64_rotate(sum ^ (unsigned char)*p * P5, 11) * P1;
	return sum;
}

uint64_t
xxh64_sum(const struct xxh64 *x)
{
	const uint64_t *lane = x->lane;
	uint64_t sum = P5;

	if (x->size >= XXH64_STRIPE) {
		sum = xxh64_rotate(lane[0], 1) + xxh64_rotate(lane[1], 7) +
		    xxh64_rotate(lane[2], 12) + xxh64_rotate(lane[3], 18);
		for (unsigned i = 0; i < XXH64_LANES; i++)
			sum = (sum ^ xxh64_round(0, lane[i])) * P1 + P4;
	}
	sum = xxh64_rest(x, sum + x->size);
	sum = (sum ^ sum >> 33) * P2;
	sum = (sum ^ sum >> 29) * P3;
	return sum ^ sum >> 32;
}
