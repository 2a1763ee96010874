/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

enum {
	WORD_MAX = 40,    /* our longest option or key has about 30 letters */
	PREFIX_LEAST = 2, /* letters that say something */
	NONE = 1000
};

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, replacements and swaps of neighbours that make b
 * out of a (the restricted Damerau-Levenshtein distance). Three rows of the
 * table are alive at a time.
 */
static unsigned
distance(struct str a, struct str b)
{
	unsigned row[3][WORD_MAX + 1];
	unsigned *before = row[0], *last = row[1], *now = row[2], *spare;
	bool same;

	for (size_t j = 0; j <= b.n; j++)
		now[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		spare = before;
		before = last;
		last = now;
		now = spare;
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			same = a.p[i - 1] == b.p[j - 1];
			now[j] = least(least(last[j], now[j - 1]) + 1,
			    last[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return now[b.n];
}

/* 0 is the same word, NONE is nothing alike. */
static unsigned
unlikeness(struct str s, struct str word)
{
	unsigned most = (unsigned)(s.n / 3), d;

	if (s.n > WORD_MAX || word.n > WORD_MAX)
		return NONE;
	d = distance(s, word);
	if (d <= most)
		return d;
	if (s.n >= PREFIX_LEAST && str_starts(word, s))
		return most + 1;
	if (word.n > PREFIX_LEAST && str_starts(s, word))
		return most + 1;
	return NONE;
}

const char *
cli_nearest(struct str s, const char *const *word)
{
	const char *best = NULL;
	unsigned best_d = NONE, d;

	for (; *word != NULL; word++) {
		d = unlikeness(s, str_of(*word));
		if (d < best_d) {
			best_d = d;
			best = *word;
		}
	}
	return best;
}
