/* SPDX-License-Identifier: MIT */
#include "codec/xxh64.h"

#include "t.h"

/* Published with other implementations: cespare/xxhash, OneOfOne/xxhash. */
static const struct {
	struct str in;
	uint64_t want;
} rows[] = {
	{ STR_INIT(""), 0xef46db3751d8e999 },
	{ STR_INIT("a"), 0xd24ec4f1a98c6e5b },
	{ STR_INIT("as"), 0x1c330fb2d66be179 },
	{ STR_INIT("asd"), 0x631c37ce72a97393 },
	{ STR_INIT("asdf"), 0x415872f599cea71e },
	{ STR_INIT("abc"), 0x44bc2cf5ad770999 },
	{ STR_INIT("Call me Ishmael. Some years ago--never mind how long "
		   "precisely-"),
	    0x02a2e85470d6fd96 },
	{ STR_INIT("Nobody inspects the spammish repetition"),
	    0xfbcea83c8a378bf1 },
};

enum { SANITY_SIZE = 222 };

/* The bytes of xxHash's own tests/sanity_test.c: a generator's high bytes. */
static struct str
sanity(char *room)
{
	uint64_t g = 2654435761U;

	for (size_t i = 0; i < SANITY_SIZE; i++) {
		room[i] = (char)(g >> 56);
		g *= 11400714785074694797U;
	}
	return (struct str){ room, SANITY_SIZE };
}

static const struct {
	size_t n;
	uint64_t want;
} sanities[] = {
	{ 0, 0xef46db3751d8e999 },
	{ 1, 0xe934a84adb052768 },
	{ 4, 0x9136a0dca57457ee },
	{ 14, 0x8282dcc4994e35c8 },
	{ 222, 0xb641ae8cb691c174 },
};

static void
check_cuts(struct str in, uint64_t want)
{
	struct xxh64 x;

	for (size_t i = 0; i <= in.n; i++) {
		xxh64_init(&x);
		xxh64_add(&x, str_first(in, i));
		(void)xxh64_sum(&x);
		xxh64_add(&x, str_from(in, i));
		T_CHECK(xxh64_sum(&x) == want, "%zu bytes, cut at %zu: %llx",
		    in.n, i, (unsigned long long)xxh64_sum(&x));
	}
	xxh64_init(&x);
	for (size_t i = 0; i < in.n; i++)
		xxh64_add(&x, (struct str){ in.p + i, 1 });
	T_CHECK(xxh64_sum(&x) == want, "%zu bytes, each by itself", in.n);
}

static void
test_rows(void)
{
	char room[SANITY_SIZE];
	struct str all = sanity(room);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_cuts(rows[i].in, rows[i].want);
	for (size_t i = 0; i < sizeof(sanities) / sizeof(*sanities); i++)
		check_cuts(str_first(all, sanities[i].n), sanities[i].want);
}

/* Each bit counts. */
static void
test_bits(void)
{
	char room[SANITY_SIZE];
	struct str s = sanity(room);
	struct xxh64 x;
	uint64_t was;

	xxh64_init(&x);
	xxh64_add(&x, s);
	was = xxh64_sum(&x);
	for (size_t i = 0; i < s.n * 8; i++) {
		room[i / 8] = (char)(room[i / 8] ^ 1 << i % 8);
		xxh64_init(&x);
		xxh64_add(&x, s);
		T_CHECK(xxh64_sum(&x) != was, "bit %zu", i);
		room[i / 8] = (char)(room[i / 8] ^ 1 << i % 8);
	}
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "bits", test_bits },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
