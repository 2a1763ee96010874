/* SPDX-License-Identifier: MIT */
#include "mail/notify.h"

static const struct {
	struct str word;
	unsigned when;
} notify_words[] = {
	{ STR_INIT("never"), NOTIFY_NEVER },
	{ STR_INIT("success"), NOTIFY_SUCCESS },
	{ STR_INIT("failure"), NOTIFY_FAILURE },
	{ STR_INIT("delay"), NOTIFY_DELAY },
};

enum { NOTIFY_WORDS = sizeof(notify_words) / sizeof(*notify_words) };

bool
notify_parse(struct str words, unsigned *when)
{
	unsigned got = 0;
	struct str one;
	size_t i;

	if (words.n == 0 || str_ends(words, STR(",")))
		return false;
	while (str_next(&words, ',', &one)) {
		for (i = 0; i < NOTIFY_WORDS &&
		     !str_ieq(str_trim(one), notify_words[i].word);)
			i++;
		if (i == NOTIFY_WORDS)
			return false;
		got |= notify_words[i].when;
	}
	if ((got & NOTIFY_NEVER) != 0 && got != NOTIFY_NEVER)
		return false;
	*when = got;
	return true;
}

void
notify_write(unsigned when, struct buf *out)
{
	const char *between = "";

	for (size_t i = 0; i < NOTIFY_WORDS; i++)
		if ((when & notify_words[i].when) != 0) {
			buf_addf(out, "%s%s", between, notify_words[i].word.p);
			between = ",";
		}
}

bool
notify_is_original(struct str s)
{
	size_t semicolon = str_chr(s, ';');

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return semicolon > 0 && semicolon < s.n && s.n <= NOTIFY_ORIGINAL_MOST;
}

bool
notify_wants(const struct notify *n, unsigned of)
{
	return (n->when == 0 && of == NOTIFY_FAILURE) || (n->when & of) != 0;
}
