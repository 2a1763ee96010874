/* SPDX-License-Identifier: MIT */
#include "codec/page.h"

#include <string.h>

enum { HASH_BITS = 13 };

/* Before secrets in requests and answers; "eyJ" begins a JWT. */
static const char *const marks[] = { "client_secret=", "client_assertion=",
	"access_token\"", "access_token=", "authorization:", "eyJ" };

struct str
page_words(struct str body)
{
	size_t at = str_ifind(body, STR("<title"));
	struct str words = body;

	if (at < body.n) {
		words = str_from(body, at);
		words = str_from(words, str_chr(words, '>') + 1);
		words = str_first(words, str_chr(words, '<'));
	}
	return str_cut(str_trim(words), PAGE_WORDS_MAX);
}

bool
page_is_web(struct str body)
{
	return str_starts(str_trim(body), STR("<"));
}

bool
page_may_be_secret(struct str s)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (str_ifind(s, str_of(marks[i])) < s.n)
			return true;
	return false;
}

struct str
page_shown(struct str s)
{
	return page_may_be_secret(s) ?
	    STR("(not shown: it seems to hold a secret)") :
	    s;
}

/* Of PAGE_ECHO bytes; 2^64 by the golden ratio spreads them. */
static size_t
hash(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return (size_t)(bytes * 0x9e3779b97f4a7c15 >> (64 - HASH_BITS));
}

_Static_assert(sizeof(uint64_t) == PAGE_ECHO, "hash takes them at once");

void
page_mask(struct buf *text, struct str secret)
{
	bool seen[1 << HASH_BITS] = { 0 };
	struct str piece;
	size_t until = 0;

	for (size_t i = 0; i + PAGE_ECHO <= secret.n; i++)
		seen[hash(secret.p + i)] = true;
	for (size_t i = 0; i < text->n; i++) {
		piece = str_first(str_from(buf_view(text), i), PAGE_ECHO);
		if (piece.n == PAGE_ECHO && seen[hash(piece.p)] &&
		    str_find(secret, piece) < secret.n)
			until = i + PAGE_ECHO;
		if (i < until) /* no later piece begins here or before */
			text->p[i] = '*';
	}
}
