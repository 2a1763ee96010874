/* SPDX-License-Identifier: MIT */
#include "base/format.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "t.h"

#define ROOM 64

__attribute__((format(printf, 3, 4))) static int
ours(char *to, size_t n, const char *fmt, ...)
{
	va_list ap;
	int got;

	va_start(ap, fmt);
	got = format_v(to, n, fmt, ap);
	va_end(ap);
	return got;
}

/* Expected is what the C library of the test says, at every size of room. */
#define SAME(...)                                                              \
	do {                                                                   \
		for (size_t room = 0; room <= ROOM; room++) {                  \
			char a[ROOM + 1], b[ROOM + 1];                         \
			int got, want;                                         \
			memset(a, '#', sizeof(a));                             \
			memset(b, '#', sizeof(b));                             \
			got = ours(a, room, __VA_ARGS__);                      \
			want = snprintf(b, room, __VA_ARGS__);                 \
			if (got == want && memcmp(a, b, room) == 0)            \
				continue;                                      \
			T_CHECK(false, "%s: room %zu: %d, not %d: \"%.*s\"",   \
			    #__VA_ARGS__, room, got, want, (int)room, a);      \
			break;                                                 \
		}                                                              \
	} while (0)

#pragma GCC diagnostic ignored "-Wformat-truncation"

static void
test_texts(void)
{
	SAME("plain");
	SAME("100%% of %s", "it");
	SAME("[%s] [%8s] [%-8s] [%.2s] [%8.2s] [%-8.2s]", "abc", "abc", "abc",
	    "abc", "abc", "abc");
	SAME("[%.*s] [%*s] [%-*s] [%*s]", 2, "abc", 5, "abc", 5, "abc", -5,
	    "abc");
	SAME("[%.*s]", -1, "abc");
	SAME("[%.0s] [%s]", "abc", "");
	SAME("[%c] [%3c] [%-3c]", 'x', 'y', 'z');
}

static void
test_numbers(void)
{
	static const int some[] = { 0, 1, -1, 7, -42, 99999, INT_MAX, INT_MIN };

	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		SAME("%d %i %u", some[i], some[i], (unsigned)some[i]);
		SAME("[%5d] [%-5d] [%05d]", some[i], some[i], some[i]);
		SAME("[%+d] [% d] [%+06d]", some[i], some[i], some[i]);
		SAME("[%.3d] [%8.3d] [%-8.3d]", some[i], some[i], some[i]);
		SAME("[%x] [%04x] [%08X]", (unsigned)some[i], (unsigned)some[i],
		    (unsigned)some[i]);
		SAME("[%0*d] [%*d]", 9, some[i], -9, some[i]);
	}
	SAME("[%.0d]", 0);
	SAME("%ld %lu", LONG_MIN, ULONG_MAX);
	SAME("%lld %llu", LLONG_MIN, ULLONG_MAX);
	SAME("%020llu %016llx %016llX", 5ULL, 0xabcULL, ULLONG_MAX);
	SAME("%zu %zX %zd %td", SIZE_MAX, SIZE_MAX, (ssize_t)-1, (ptrdiff_t)-2);
	SAME("%jd %ju", INTMAX_MIN, UINTMAX_MAX);
	SAME("%hd %hu %hhd %hhu", (short)-3, (unsigned short)65535,
	    (signed char)-4, (unsigned char)255);
}

static void
test_unknown(void)
{
	char to[ROOM];
	const char *unknown = "a %f";

	memset(to, '#', sizeof(to));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	T_CHECK(ours(to, sizeof(to), unknown, 1.0) == -1, "no floating point");
#pragma GCC diagnostic pop
	T_CHECK(strcmp(to, "a ") == 0, "what came before stands");
}

static const struct t_test tests[] = {
	{ "texts", test_texts },
	{ "numbers", test_numbers },
	{ "what it does not know", test_unknown },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
